import type { IncomingMessage } from 'node:http'
import { abortedError } from '../core/abort.ts'
import { ChiaroError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { networkError } from './network-error.ts'

/** The headers of an answer. */
export interface HttpHeaders {
  /** The value of a header, several of the same name joined by commas; `null` if there is none. Case does not matter. */
  get(name: string): string | null
}

/** An answer. Read its body by one of `body`, `bytes` and `text`, or `discard` it. */
export interface HttpResponse {
  readonly status: number
  readonly headers: HttpHeaders
  /** Where the answer came from, after redirects, as it may be shown. */
  readonly url: string
  /** The body in chunks. Throws `NETWORK_FAILED` when it breaks off or nothing comes for the idle timeout, `ABORTED`. */
  body(): AsyncGenerator<Buffer, void, void>
  /** The whole body, of at most `maxBytes` (default `limits.responseBytes`). Throws also `LIMIT_EXCEEDED`. */
  bytes(maxBytes?: number): Promise<Buffer>
  /** The same as text (UTF-8). */
  text(maxBytes?: number): Promise<string>
  /** Drops the body. */
  discard(): Promise<void>
}

interface Exchange {
  readonly url: string
  readonly idleTimeout: number
  /** The caller's. */
  readonly signal: AbortSignal
  /** Ends the exchange. */
  readonly controller: AbortController
  /** Called when the exchange has ended. */
  readonly finished: () => void
}

/** A body that is not wanted is read, so that its connection can be used again, if it is no longer than this. */
const drainedBytes = 16 * 1024

/** Wraps Node's message: idle timeout, bounds, errors in words. */
export function responseOf(message: IncomingMessage, exchange: Exchange): HttpResponse {
  const headers = headersOf(message)
  const body = () => readBody(message, exchange)
  const bytes = (maxBytes: number = limits.responseBytes) => collect(body(), headers, maxBytes, exchange.url)
  return {
    status: message.statusCode ?? 0,
    headers,
    url: exchange.url,
    body,
    bytes,
    text: async (maxBytes) => (await bytes(maxBytes)).toString('utf8'),
    discard: () => discard(message, exchange, body),
  }
}

function headersOf({ headers }: IncomingMessage): HttpHeaders {
  return {
    get(name) {
      const value = headers[name.toLowerCase()]
      return Array.isArray(value) ? value.join(', ') : (value ?? null)
    },
  }
}

async function* readBody(message: IncomingMessage, exchange: Exchange): AsyncGenerator<Buffer, void, void> {
  const { controller, idleTimeout, signal, finished } = exchange
  let waiting = true
  const timer = setTimeout(() => {
    // A slow reader is not a silent sender.
    if (waiting) controller.abort(new Error(`nothing came for ${idleTimeout / 1000} s`))
  }, idleTimeout)
  try {
    for await (const chunk of message) {
      waiting = false
      yield chunk as Buffer
      waiting = true
      timer.refresh()
    }
  } catch (error) {
    if (signal.aborted) throw abortedError(signal)
    throw networkError(controller.signal.aborted ? controller.signal.reason : error, exchange.url, 1)
  } finally {
    clearTimeout(timer)
    finished()
    message.destroy()
  }
}

async function collect(
  body: AsyncGenerator<Buffer>,
  headers: HttpHeaders,
  maxBytes: number,
  url: string,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes || Number(headers.get('content-length')) > maxBytes) {
      throw new ChiaroError('LIMIT_EXCEEDED', `the answer is larger than ${maxBytes} bytes`, { where: url })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

async function discard(message: IncomingMessage, exchange: Exchange, body: () => AsyncIterable<Buffer>): Promise<void> {
  const length = Number(message.headers['content-length'] ?? Number.POSITIVE_INFINITY)
  if (length <= drainedBytes) {
    try {
      for await (const _ of body());
      return
    } catch {
      // It is not wanted anyway.
    }
  }
  exchange.finished()
  message.destroy()
}
