import { abortedError, throwIfAborted } from '../core/abort.ts'
import { ChiaroError, isChiaroError, printable } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { version } from '../version.ts'
import { type DownloadOptions, download } from './download.ts'
import { type HttpResponse, responseOf } from './http-response.ts'
import { isFinal, networkError } from './network-error.ts'
import { backoffOf, retryAfter, wait } from './retry.ts'
import { openTransport, type RequestBody, type Transport, type TransportOptions } from './transport.ts'

/** How a client behaves. Times are milliseconds; their defaults are in `limits`. */
export interface HttpOptions extends TransportOptions {
  /** Every request throws `OFFLINE`, before any socket is opened. */
  readonly offline: boolean
  /** Follow redirects from https to http. */
  readonly plainHttp?: boolean
  /** Silence in a body after which the connection is given up. */
  readonly idleTimeout?: number
  /** The longest wait for the headers of an answer. */
  readonly requestTimeout?: number
  /** The wait before the second attempt; it doubles with each one. */
  readonly backoff?: number
}

/** One request. */
export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT'
  /** Names in lower case. Authorization and cookies go to the origin of the URL only. */
  readonly headers?: Readonly<Record<string, string>>
  /** Headers that go to the origin of the URL only, like credentials. */
  readonly originHeaders?: Readonly<Record<string, string>>
  readonly body?: RequestBody
  readonly signal: AbortSignal
  /** How often to try; default `limits.attempts`. */
  readonly attempts?: number
  /** `false`: a redirect is the answer. */
  readonly follow?: false
}

/** The one HTTP client of Chiaro, for registries and feeds. */
export interface HttpClient extends AsyncDisposable {
  /**
   * Sends a request and resolves to the answer, of whatever status. 408, 429, 5xx and broken connections are tried again,
   * with exponential back-off or after the time that `Retry-After` names, if it is not longer than `limits.retryWait`.
   * Up to `limits.redirects` redirects are followed, never from https to http unless `plainHttp` is set.
   * Throws `NETWORK_FAILED`, `OFFLINE`, `ABORTED`, and `CONFIG_INVALID` for what is no http(s) URL.
   */
  request(url: string, request: HttpRequest): Promise<HttpResponse>
  /**
   * The body of a document in chunks; a broken transfer is resumed where it broke off, or begun again where it cannot be and
   * `restart` is given. Throws what `request` throws, `NETWORK_FAILED` also for any status but 200, 206 and (if asked for by
   * a condition) 304, and for a document that changed or got shorter in between; `LIMIT_EXCEEDED` beyond `maxBytes`.
   */
  download(url: string, options: DownloadOptions): AsyncIterable<Buffer>
}

const retried: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * A client. Proxies are taken from the environment. Dispose it to drop its connections. Throws `CONFIG_INVALID` for a CA
 * file or proxy that cannot be used.
 */
export function createHttpClient(options: HttpOptions): HttpClient {
  const transport = openTransport(options)
  const client: HttpClient = {
    request: (url, request) => requestWithRetries(transport, options, url, request),
    download: (url, downloadOptions) =>
      download((headers, signal) => client.request(url, { headers, signal }), showUrl(url), {
        ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
        ...downloadOptions,
      }),
    [Symbol.asyncDispose]: async () => transport.close(),
  }
  return client
}

/** A URL as it may be shown: without user name, password and query, which may hold signatures. */
export function showUrl(url: string | URL): string {
  const parsed = typeof url === 'string' ? URL.parse(url) : url
  return parsed === null ? printable(String(url)).slice(0, 200) : `${parsed.protocol}//${parsed.host}${parsed.pathname}`
}

async function requestWithRetries(
  transport: Transport,
  options: HttpOptions,
  address: string,
  request: HttpRequest,
): Promise<HttpResponse> {
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ChiaroError('CONFIG_INVALID', 'it is not an http or https URL', { where: showUrl(address) })
  }
  if (options.offline) {
    throw new ChiaroError('OFFLINE', 'it would have to be fetched, and the network is not to be used', {
      where: showUrl(url),
      advice: 'Run it once without --offline, or use a local copy.',
    })
  }
  const attempts = request.attempts ?? limits.attempts
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(request.signal)
    const backoff = backoffOf(attempt, options.backoff)
    try {
      const response = await followRedirects(transport, options, url, request)
      const pause = retryPause(response, backoff)
      if (attempt >= attempts || pause === undefined) return response
      await response.discard()
      await wait(pause, request.signal)
    } catch (error) {
      if (isChiaroError(error)) throw error
      if (request.signal.aborted) throw abortedError(request.signal)
      if (attempt >= attempts || isFinal(error)) throw networkError(error, showUrl(url), attempt)
      await wait(backoff, request.signal)
    }
  }
}

/** How long to wait before trying again, or `undefined` where trying again is of no use. */
function retryPause(response: HttpResponse, backoff: number): number | undefined {
  if (!retried.has(response.status)) return undefined
  // A date is one by the server's clock.
  const date = Date.parse(response.headers.get('date') ?? '')
  const after = retryAfter(response.headers.get('retry-after'), Number.isNaN(date) ? Date.now() : date)
  if (after === undefined) return backoff
  return after > limits.retryWait ? undefined : Math.max(after, backoff)
}

async function followRedirects(
  transport: Transport,
  options: HttpOptions,
  start: URL,
  request: HttpRequest,
): Promise<HttpResponse> {
  let url = start
  let method: string = request.method ?? 'GET'
  let body: RequestBody | undefined = request.body
  let headers = initialHeaders(start, request)
  for (let followed = 0; ; followed++) {
    const response = await exchange(transport, options, withoutUser(url), {
      method,
      headers,
      body,
      signal: request.signal,
    })
    const location = response.headers.get('location')
    if (request.follow === false || !redirects.has(response.status) || location === null) return response
    await response.discard()
    if (followed === limits.redirects) {
      throw new ChiaroError('NETWORK_FAILED', `it redirects more than ${limits.redirects} times`, {
        where: showUrl(start),
      })
    }
    const next = nextUrl(url, location, start, options)
    if (next.origin !== url.origin) headers = withoutCredentials(headers, Object.keys(request.originHeaders ?? {}))
    if (response.status === 303 || (response.status < 303 && method === 'POST')) {
      method = method === 'HEAD' ? 'HEAD' : 'GET'
      body = undefined
      headers = without(headers, 'content-type')
    }
    url = next
  }
}

function nextUrl(from: URL, location: string, start: URL, options: HttpOptions): URL {
  const next = URL.parse(location, from)
  if (next === null || !/^https?:$/.test(next.protocol)) {
    throw new ChiaroError('NETWORK_FAILED', 'it redirects to something that is not an http or https URL', {
      where: showUrl(start),
    })
  }
  if (from.protocol === 'https:' && next.protocol === 'http:' && !options.plainHttp) {
    throw new ChiaroError('NETWORK_FAILED', `it redirects from https to ${showUrl(next)}, which is not encrypted`, {
      where: showUrl(start),
      advice: 'Allow plain HTTP only if the network in between is trusted.',
    })
  }
  return next
}

function initialHeaders(url: URL, request: HttpRequest): Readonly<Record<string, string>> {
  const user = url.username === '' ? undefined : `${decoded(url.username)}:${decoded(url.password)}`
  return {
    'user-agent': `chiaro/${version}`,
    // What is hashed, counted and resumed are the bytes of the document itself.
    'accept-encoding': 'identity',
    ...(user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
    ...request.headers,
    ...request.originHeaders,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What is in front of the host is sent as a header, and to its origin only. */
function withoutUser(url: URL): URL {
  if (url.username === '' && url.password === '') return url
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  return plain
}

function withoutCredentials(
  headers: Readonly<Record<string, string>>,
  others: readonly string[],
): Readonly<Record<string, string>> {
  return without(headers, 'authorization', 'cookie', 'proxy-authorization', 'apikey', ...others)
}

function without(
  headers: Readonly<Record<string, string>>,
  ...names: readonly string[]
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase())))
}

async function exchange(
  transport: Transport,
  options: HttpOptions,
  url: URL,
  request: {
    method: string
    headers: Readonly<Record<string, string>>
    body: RequestBody | undefined
    signal: AbortSignal
  },
): Promise<HttpResponse> {
  const controller = new AbortController()
  const abort = () => controller.abort(request.signal.reason)
  request.signal.addEventListener('abort', abort, { once: true })
  const milliseconds = options.requestTimeout ?? limits.requestTimeout
  const body = watchedBody(request.body, () => timer.refresh())
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds)
  const finished = () => request.signal.removeEventListener('abort', abort)
  try {
    const response = await transport.send(url, { ...request, body, signal: controller.signal })
    return responseOf(response, {
      url: showUrl(url),
      idleTimeout: options.idleTimeout ?? limits.idleTimeout,
      signal: request.signal,
      controller,
      finished,
    })
  } catch (error) {
    finished()
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    clearTimeout(timer)
  }
}

/** The same body; `onProgress` is called for every part of it that is taken, as the wait for an answer begins behind it. */
function watchedBody(body: RequestBody | undefined, onProgress: () => void): RequestBody | undefined {
  if (body === undefined || typeof body === 'string') return body
  const { size, open } = body
  return {
    size,
    async *open() {
      for await (const chunk of open()) {
        onProgress()
        yield chunk
      }
    },
  }
}
