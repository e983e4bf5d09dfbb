import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import {
  Code,
  type ConnectError,
  createConnectRouter,
  createContextKey,
  createContextValues,
} from '@connectrpc/connect'
import type { Compression, UniversalHandler } from '@connectrpc/connect/protocol'
import {
  contentTypeProto,
  contentTypeRegExp,
  headerAcceptEncoding,
  headerGrpcMessage,
  setTrailerStatus,
} from '@connectrpc/connect/protocol-grpc'
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import { goneSignal, timeoutOf } from './caller.ts'
import { codeOfStatus, failure } from './errors.ts'
import type { Call, Procedure } from './procedures.ts'

const logKey = createContextKey<FastifyBaseLogger | undefined>(undefined)

/** Messages that are compressed. */
const gzipMessages: Compression = {
  name: 'gzip',
  compress: async (bytes) => new Uint8Array(await promisify(gzip)(bytes)),
  async decompress(bytes, readMaxBytes) {
    if (bytes.length === 0) return new Uint8Array()
    try {
      return new Uint8Array(await promisify(gunzip)(bytes, { maxOutputLength: readMaxBytes }))
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      throw tooLarge
        ? failure(Code.ResourceExhausted, `a message is larger than ${readMaxBytes} bytes when decompressed`)
        : failure(Code.InvalidArgument, 'a message cannot be decompressed')
    }
  },
}

/**
 * The methods in gRPC (grpc/grpc, PROTOCOL-HTTP2): each is a route of its own. Whatever is answered to a call, by these routes
 * or by what stands before all routes, is told in trailers, as clients of gRPC expect it.
 */
export function addGrpc(scope: FastifyInstance, procedures: readonly Procedure[], call: Call): void {
  const router = createConnectRouter({
    grpcWeb: false,
    connect: false,
    acceptCompression: [gzipMessages],
    readMaxBytes: limits.grpcMessageBytes,
  })
  for (const procedure of procedures) {
    router.rpc(procedure.method, (request, { signal, values }) =>
      call(procedure, request, { signal, log: values.get(logKey)! }),
    )
  }
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) request.log.error({ err: error }, 'the request failed')
    if (!isCall(request)) return reply.code(status).send()
    return sendFailure(reply, failure(codeOfStatus(status), status < 500 ? messageOf(error) : 'the server failed'))
  })
  scope.addHook('onSend', async (request, reply, payload) => {
    const { statusCode } = reply
    if (statusCode === 200 || !isCall(request)) return payload
    tell(reply, failure(codeOfStatus(statusCode), `HTTP status ${statusCode}`))
    return ''
  })
  for (const handler of router.handlers) {
    const untimed = procedures.find(({ method }) => method === handler.method)?.untimed
    const config = untimed === undefined ? {} : { limits: { untimed } }
    scope.all(handler.requestPath, { config }, (request, reply) => answer(handler, request, reply))
  }
  scope.all('/coreos.clair.*', async (request, reply) => {
    if (!isCall(request)) return reply.callNotFound()
    return sendFailure(reply, failure(Code.Unimplemented, `unknown method ${request.url.slice(0, 200)}`))
  })
}

async function answer(handler: UniversalHandler, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  // gRPC says how it ended in trailers, which many servers and proxies of HTTP/1.1 drop.
  if (request.raw.httpVersionMajor < 2) return reply.code(505).send()
  const { status, header, trailer, body } = await handler({
    httpVersion: request.raw.httpVersion,
    method: request.method,
    url: `http://localhost${handler.requestPath}`,
    header: protocolHeaders(request),
    body: bodyOf(request),
    signal: goneSignal(reply),
    contextValues: createContextValues().set(logKey, request.log),
  })
  reply.code(status).headers({ ...Object.fromEntries(header ?? []), [headerAcceptEncoding]: gzipMessages.name })
  if (trailer !== undefined) addTrailers(reply, trailer)
  return reply.send(Buffer.concat(await Array.fromAsync(body ?? [])))
}

/** The headers of a call that the protocol has something to do with. */
function protocolHeaders({ headers }: FastifyRequest): Headers {
  const used = {
    'content-type': headers['content-type'],
    'grpc-accept-encoding': headers['grpc-accept-encoding'],
    'grpc-encoding': headers['grpc-encoding'],
    'grpc-timeout': timeoutOf(headers),
  }
  const sound = Object.entries(used).filter(([, value]) => typeof value === 'string' && /^[\x20-\x7e]*$/.test(value))
  return new Headers(sound as [string, string][])
}

async function* bodyOf({ body }: FastifyRequest): AsyncGenerator<Uint8Array> {
  if (Buffer.isBuffer(body)) yield body
}

function isCall({ method, headers, raw }: FastifyRequest): boolean {
  return method === 'POST' && raw.httpVersionMajor >= 2 && contentTypeRegExp.test(headers['content-type'] ?? '')
}

function sendFailure(reply: FastifyReply, error: ConnectError): FastifyReply {
  tell(reply, error)
  return reply.send('')
}

/** Puts how a call failed into the trailers of its answer. */
function tell(reply: FastifyReply, error: ConnectError): void {
  const trailers = new Headers()
  setTrailerStatus(trailers, error)
  reply.code(200).header('content-type', contentTypeProto)
  addTrailers(reply, trailers)
}

/** Messages have only those characters escaped that have to be: some clients do not read others. */
function addTrailers(reply: FastifyReply, trailers: Headers): void {
  const message = trailers.get(headerGrpcMessage)
  if (message !== null) {
    const text = decodeURIComponent(message)
    trailers.set(headerGrpcMessage, text.replace(/[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent))
  }
  reply.raw.addTrailers(Object.fromEntries(trailers))
}
