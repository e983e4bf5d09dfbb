import { ChiaroError } from '../core/errors.ts'
import { createHttpClient, type HttpClient, showUrl } from '../io/http.ts'
import { signedAuthorization } from './token.ts'

/** Somewhere that JSON is posted to. */
export interface PostTarget {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly key: Uint8Array | undefined
  /** The statuses with which it says that it has taken it. */
  readonly success: readonly number[]
  /** Milliseconds until the answer; without it, those of `limits`. */
  readonly timeout?: number
}

/** Posts to one target, once each time: who calls tries again. */
export interface Poster extends AsyncDisposable {
  /** Throws `DELIVERY_FAILED` for another answer than the target's for success, also for a redirect, `NETWORK_FAILED` and `ABORTED`. */
  post(value: object, signal: AbortSignal): Promise<void>
}

/** Throws `CONFIG_INVALID` for what is no http(s) URL; `where` names it. */
export function createPoster(target: PostTarget, where: string): Poster {
  const { url, headers, key, success, timeout } = target
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new ChiaroError('CONFIG_INVALID', 'it is not an http or https URL', { where })
  }
  let client: HttpClient | undefined
  return {
    async post(value, signal) {
      client ??= createHttpClient({ offline: false, ...(timeout === undefined ? {} : { requestTimeout: timeout }) })
      const authorization = key === undefined ? {} : { authorization: signedAuthorization(key, Date.now() / 1000) }
      const response = await client.request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        originHeaders: { ...headers, ...authorization },
        body: JSON.stringify(value),
        attempts: 1,
        follow: false,
        signal,
      })
      await response.discard()
      if (success.includes(response.status)) return
      throw new ChiaroError('DELIVERY_FAILED', `the webhook answered ${response.status}`, { where: showUrl(url) })
    },
    [Symbol.asyncDispose]: async () => client?.[Symbol.asyncDispose](),
  }
}
