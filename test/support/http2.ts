import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'

/** An answer in HTTP/2. */
export interface Http2Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A client of HTTP/2 on one connection, which is ended with it. */
export interface Http2Client extends Disposable {
  readonly session: ClientHttp2Session
  /** Sends a request; throws when its stream is reset or there is no answer. */
  ask(headers: OutgoingHttpHeaders, body?: Buffer | string): Promise<Http2Answer>
}

/** Connects to a URL's host: with HTTP/2 from the start, or as agreed in TLS. `ca` is whom to trust. */
export function http2Client(url: string, ca?: string): Http2Client {
  const session = connect(url, ca === undefined ? {} : { ca })
  session.on('error', () => {}) // each request is told
  return {
    session,
    ask(headers, body) {
      return new Promise((resolve, reject) => {
        const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined })
        const parts: Buffer[] = []
        let answer: (IncomingHttpHeaders & { readonly ':status'?: number | undefined }) | undefined
        let trailers: IncomingHttpHeaders = {}
        stream.on('response', (received) => {
          answer = received
        })
        stream.on('trailers', (received) => {
          trailers = received
        })
        stream.on('data', (part: Buffer) => void parts.push(part))
        stream.on('error', reject)
        stream.on('close', () => {
          if (answer === undefined) reject(new Error('there was no answer'))
          else resolve({ status: answer[':status'], headers: answer, trailers, body: Buffer.concat(parts) })
        })
        if (body !== undefined) stream.end(body)
      })
    },
    [Symbol.dispose]: () => session.destroy(),
  }
}
