import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SampleFile } from './feed-samples.ts'

/** How a mirror serves its files. */
export interface ServerBehaviour {
  /** What lets a file be recognised and resumed. */
  readonly validator: 'etag' | 'date' | 'none'
  /** How the end of a file can be told: by its length, by chunks, or by nothing but the end of the connection. */
  readonly end: 'length' | 'chunks' | 'connection'
  /** Whether it knows ranges. */
  readonly ranges: boolean
  /** The connection of the n-th answer with a file is dropped after so many bytes of it; of 0, before the answer. */
  readonly cuts: readonly number[]
  /** Headers of every answer. */
  readonly headers?: Readonly<Record<string, string>>
  /** Answers in place of the mirror, if it returns true. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** A mirror on 127.0.0.1, for as long as it is not disposed of. */
export interface FeedServer extends AsyncDisposable {
  readonly url: string
  /** The requests for files so far: those with GET. */
  readonly requests: readonly IncomingMessage[]
}

const steady: ServerBehaviour = { validator: 'etag', end: 'length', ranges: true, cuts: [] }

/** Serves these files, each at `/host/path`. */
export async function serveFeeds(
  files: readonly SampleFile[],
  behaviour: Partial<ServerBehaviour> = {},
): Promise<FeedServer> {
  const full = { ...steady, ...behaviour }
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1))
    const file = files.find((candidate) => candidate.path === path)
    if (file === undefined) response.writeHead(404).end()
    else if (request.method === 'HEAD') response.end()
    else {
      const number = requests.push(request) - 1
      if (full.intercept?.(request, response) !== true) answer(file.content, full, full.cuts[number], request, response)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answer(
  content: Buffer,
  { validator, end, ranges, headers }: ServerBehaviour,
  cut: number | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (cut === 0) {
    request.socket.destroy()
    return
  }
  const validators = {
    etag: { etag: '"1"' },
    date: { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
    none: {},
  }[validator]
  const start = ranges ? Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0
  const body = content.subarray(start)
  response.useChunkedEncodingByDefault = end === 'chunks'
  response.writeHead(start === 0 ? 200 : 206, {
    ...validators,
    ...(end === 'length' ? { 'content-length': body.length } : {}),
    ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    ...headers,
  })
  if (cut === undefined || cut >= body.length) response.end(body)
  // What was written is to arrive before the connection is dropped: properly if only its end tells the end, else at once.
  else
    response.write(body.subarray(0, cut), () =>
      setTimeout(() => request.socket[end === 'connection' ? 'end' : 'destroy'](), 2),
    )
}
