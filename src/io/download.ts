import { ChiaroError, isChiaroError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { HttpHeaders, HttpResponse } from './http-response.ts'
import { backoffOf, wait } from './retry.ts'

/** What to download, and how far. */
export interface DownloadOptions {
  /** Names in lower case. May hold conditions (`if-none-match`, `if-modified-since`): 304 then ends it without a chunk. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** Bytes at the start that are not wanted; default 0. */
  readonly from?: number
  /** The most bytes of the document. */
  readonly maxBytes?: number
  /** The URL names its content by digest, and the reader checks it: it can be resumed without a validator. */
  readonly immutable?: boolean
  /** The wait in milliseconds before the first attempt to resume. */
  readonly backoff?: number
  /** Called with the first answer, before the first chunk; again after `restart`. */
  readonly onResponse?: (response: { readonly status: number; readonly headers: HttpHeaders }) => void
  /**
   * Called when a document that broke off cannot be resumed, or became another one: all chunks so far are void, and it comes
   * again from its start. Without this, such a document is an error.
   */
  readonly restart?: () => Promise<void>
}

/** Sends one request for the document, with retries until headers are there. May throw for statuses that it knows. */
export type Send = (headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<HttpResponse>

/** Progress that makes up for a broken connection: the count of failures starts again. */
const progressBytes = 1024 * 1024

/** Reads a document to its end through as many connections as it takes; see `HttpClient.download`. */
export async function* download(
  send: Send,
  where: string,
  options: DownloadOptions,
): AsyncGenerator<Buffer, void, void> {
  let transfer = new Transfer(where, options)
  for (let failures = 0; ; ) {
    const start = transfer.offset
    const response = await send(transfer.requestHeaders(), options.signal)
    try {
      const skip = await transfer.accept(response)
      if (skip !== undefined) {
        yield* transfer.read(response, skip)
        return
      }
    } catch (error) {
      const { resumable } = transfer
      if (!isChiaroError(error, 'NETWORK_FAILED') || !(resumable || options.restart)) throw error
      failures = resumable && transfer.offset - start > progressBytes ? 1 : failures + 1
      if (failures >= limits.attempts) throw error
      await wait(backoffOf(failures, options.backoff), options.signal)
      if (!resumable) {
        await options.restart!()
        transfer = new Transfer(where, options)
      }
      continue
    }
    await response.discard()
    if (transfer.isUnchanged(response)) return
    throw transfer.refusal(response)
  }
}

const conditions: ReadonlySet<string> = new Set(['if-none-match', 'if-modified-since'])

/** How far one download has come, and what is known of the document. */
class Transfer {
  offset: number
  readonly #where: string
  readonly #options: DownloadOptions
  #started = false
  #changed = false
  #total: number | undefined
  #validator: string | undefined

  constructor(where: string, options: DownloadOptions) {
    this.#where = where
    this.#options = options
    this.offset = options.from ?? 0
  }

  /** Whether what was read can be continued: nothing yet, or a document that can be recognised, and is still the same. */
  get resumable(): boolean {
    if (this.#changed) return false
    return this.offset === 0 || this.#options.immutable === true || this.#validator !== undefined
  }

  requestHeaders(): Readonly<Record<string, string>> {
    if (this.offset === 0) return this.#options.headers ?? {}
    // An answer of 304 would be about an older document than the one that is being read.
    const headers = Object.entries(this.#options.headers ?? {}).filter(([name]) => !conditions.has(name))
    const condition = this.#validator === undefined ? {} : { 'if-range': this.#validator }
    return { ...Object.fromEntries(headers), range: `bytes=${this.offset}-`, ...condition }
  }

  /**
   * Takes an answer in: the number of bytes of its body to skip, `undefined` if it is not (a part of) the document.
   * Throws if it is of another document than the earlier ones.
   */
  async accept(response: HttpResponse): Promise<number | undefined> {
    try {
      return this.#accept(response)
    } catch (error) {
      await response.discard()
      throw error
    }
  }

  /** Whether an answer that is not the document says that it did not change, having been asked. */
  isUnchanged({ status }: HttpResponse): boolean {
    return status === 304 && !this.#started && this.#conditional
  }

  async *read(response: HttpResponse, skip: number): AsyncGenerator<Buffer, void, void> {
    let unwanted = skip
    for await (const chunk of response.body()) {
      const wanted = unwanted >= chunk.length ? undefined : chunk.subarray(unwanted)
      unwanted = Math.max(0, unwanted - chunk.length)
      if (wanted === undefined) continue
      this.offset += wanted.length
      this.#checkLimit(this.offset)
      yield wanted
    }
    if (this.#total !== undefined && this.offset < this.#total) {
      throw new ChiaroError('NETWORK_FAILED', `the transfer broke off after ${this.offset} of ${this.#total} bytes`, {
        where: this.#where,
      })
    }
  }

  refusal(response: HttpResponse): ChiaroError {
    if (response.status === 304) {
      return new ChiaroError('NETWORK_FAILED', 'the server says that nothing changed, and was not asked (status 304)', {
        where: this.#where,
        advice: 'Try again. Behind a proxy or mirror, look whether it keeps answers to conditional requests.',
      })
    }
    const after = response.headers.get('retry-after')
    const advice = after === null ? {} : { advice: `The server asks to try again after: ${after.slice(0, 40)}.` }
    return new ChiaroError('NETWORK_FAILED', `the server answered with status ${response.status}`, {
      where: this.#where,
      ...advice,
    })
  }

  get #conditional(): boolean {
    return Object.keys(this.#options.headers ?? {}).some((name) => conditions.has(name))
  }

  #accept(response: HttpResponse): number | undefined {
    const first = !this.#started
    const { status, headers } = response
    if (status === 416 && !first) throw this.#otherDocument('it got shorter')
    if (status !== 200 && !(status === 206 && this.offset > 0)) {
      if (this.isUnchanged(response)) this.#options.onResponse?.(response)
      return undefined
    }
    this.#started = true
    if (first) {
      this.#validator = validatorOf(headers)
      this.#options.onResponse?.(response)
    } else if (!this.#sameDocument(headers)) {
      throw this.#otherDocument('it is another one now')
    }
    this.#learnSize(status, headers)
    return status === 206 ? 0 : this.offset
  }

  #learnSize(status: number, headers: HttpHeaders): void {
    const total = status === 206 ? this.#totalOfPart(headers.get('content-range')) : sizeOf(headers)
    if (total === undefined) return
    this.#checkLimit(total)
    if (this.#total !== undefined && this.#total !== total)
      throw this.#otherDocument(`it has ${total} bytes and not ${this.#total}`)
    this.#total = total
  }

  #totalOfPart(range: string | null): number | undefined {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range ?? '') ?? []
    if (start === undefined || Number(start) !== this.offset)
      throw this.#otherDocument('the server sent another part than was asked for')
    return total === '*' ? undefined : Number(total)
  }

  #sameDocument(headers: HttpHeaders): boolean {
    if (this.#options.immutable) return true
    const validator = validatorOf(headers)
    // A partial answer to a true If-Range condition may leave Last-Modified out (RFC 9110, 15.3.7).
    return validator === this.#validator || (validator === undefined && headers.get('content-range') !== null)
  }

  #checkLimit(bytes: number): void {
    const { maxBytes } = this.#options
    if (maxBytes === undefined || bytes <= maxBytes) return
    throw new ChiaroError('LIMIT_EXCEEDED', `the document is larger than ${maxBytes} bytes`, { where: this.#where })
  }

  #otherDocument(how: string): ChiaroError {
    this.#changed = true
    return new ChiaroError('NETWORK_FAILED', `the document changed while it was read: ${how}`, {
      where: this.#where,
      advice: 'Try again.',
    })
  }
}

/** What `If-Range` takes: a strong entity tag, or else the date (RFC 9110, 13.1.5). */
function validatorOf(headers: HttpHeaders): string | undefined {
  const tag = headers.get('etag')
  if (tag !== null && !tag.startsWith('W/')) return tag
  return headers.get('last-modified') ?? undefined
}

function sizeOf(headers: HttpHeaders): number | undefined {
  const length = headers.get('content-length')
  return length === null ? undefined : Number(length)
}
