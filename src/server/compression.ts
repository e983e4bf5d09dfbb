import { pipeline, Readable, type Transform } from 'node:stream'
import { promisify } from 'node:util'
import { createDeflate, createGzip, createZstdCompress, deflate, gzip, zstdCompress } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { negotiateCoding } from './negotiation.ts'

/** In the order in which they are taken where the client likes several alike. */
const codings: Readonly<Record<string, { whole: (bytes: Uint8Array) => Promise<Buffer>; stream: () => Transform }>> = {
  zstd: { whole: promisify(zstdCompress), stream: createZstdCompress },
  gzip: { whole: promisify(gzip), stream: createGzip },
  deflate: { whole: promisify(deflate), stream: createDeflate },
}

/** What this server can compress with, for the Accept-Encoding header of answers. */
const offered = Object.keys(codings)

/**
 * Compresses the answers of a scope as clients ask for it. `refuse` gives the body for a client that takes nothing that there
 * is, which is answered with 415.
 */
export function compressAnswers(app: FastifyInstance, refuse: () => string): void {
  app.addHook('onSend', async (request, reply, payload: unknown) => {
    if (payload === null || payload === undefined || payload === '' || reply.hasHeader('content-encoding'))
      return payload
    // What is sent bit by bit is not to wait in a compressor.
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return payload
    const coding = negotiateCoding(header(request.headers['accept-encoding']), offered)
    reply.header('vary', 'Accept-Encoding')
    if (coding === undefined) {
      for (const name of ['content-length', 'etag', 'link']) reply.removeHeader(name)
      reply.code(415).header('x-content-type-options', 'nosniff').type('application/json')
      return refuse()
    }
    const compressor = codings[coding]
    if (compressor === undefined) {
      reply.header('accept-encoding', offered.join(', '))
      return payload
    }
    reply.header('content-encoding', coding).removeHeader('content-length')
    if (payload instanceof Readable) return compressed(payload, compressor.stream())
    return compressor.whole(Buffer.from(payload as string | Uint8Array))
  })
}

/** What breaks is told to who reads; a reader that has gone is nothing to tell anybody. */
function compressed(payload: Readable, compressor: Transform): Readable {
  pipeline(payload, compressor, () => {})
  return compressor
}

function header(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value
}
