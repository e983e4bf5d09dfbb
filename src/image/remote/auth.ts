import { ChiaroError, isChiaroError, printable } from '../../core/errors.ts'
import type { HttpClient, HttpRequest } from '../../io/http.ts'
import { JsonValue } from '../document.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import type { Credentials } from './credentials.ts'

/** What an authorizer needs to know. */
export interface AuthOptions {
  readonly http: HttpClient
  /** The registry and repository in errors. */
  readonly where: string
  readonly repository: string
  /** Looks for credentials; called once, and only if the registry asks for some. */
  readonly credentials: (signal: AbortSignal) => Promise<Credentials | undefined>
  /** Whether tokens may be asked for without TLS, as the registry itself is spoken to without it. */
  readonly plainHttp: boolean
}

/** Tokens are renewed this long before they end, in milliseconds. */
const margin = 5_000
/** What a token lasts if its server does not say so (distribution specification, token authentication). */
const defaultLifetime = 60_000

/**
 * Gets this client into a registry: nothing at first, and once challenged a Basic or Bearer header (distribution
 * specification; token, OAuth2). Credentials go to the registry itself and to the token server that it names, over TLS.
 */
export class Authorizer {
  readonly #options: AuthOptions
  #header: string | undefined
  #expires = Number.POSITIVE_INFINITY
  #challenge: Challenge | undefined
  #pending: Promise<void> | undefined
  #known = false
  #credentials: Promise<Credentials | undefined> | undefined

  constructor(options: AuthOptions) {
    this.#options = options
  }

  /** Whether credentials were found and sent. */
  get known(): boolean {
    return this.#known
  }

  /** The Authorization header to send now, if one is known to be needed. Renews a token that ends soon. */
  async header(signal: AbortSignal): Promise<string | undefined> {
    if (this.#challenge !== undefined && Date.now() > this.#expires - margin) await this.#renew(signal)
    return this.#header
  }

  /**
   * Answers a 401 to a request that was sent with `sent`. Afterwards `header()` has something else to try; throws
   * `AUTH_FAILED` if there is nothing.
   */
  async challenged(sent: string | undefined, wwwAuthenticate: string | null, signal: AbortSignal): Promise<void> {
    // Another request has been faster.
    if (sent !== this.#header) return
    const challenges = parseChallenges(wwwAuthenticate ?? '')
    const usable = ['bearer', 'basic'].map((scheme) => challenges.find((challenge) => challenge.scheme === scheme))
    this.#challenge = usable.find((challenge) => challenge !== undefined)
    if (this.#challenge === undefined) throw this.#failed('it asks for credentials in a way that is not known')
    await this.#renew(signal)
    if (this.#header === sent) throw this.#failed('it refused the credentials')
  }

  /** One renewal at a time, whoever asks for it; one that was cancelled by somebody else is begun anew. */
  async #renew(signal: AbortSignal): Promise<void> {
    if (this.#pending !== undefined) {
      try {
        await this.#pending
        return
      } catch (error) {
        if (!isChiaroError(error, 'ABORTED') || signal.aborted) throw error
      }
    }
    this.#pending = this.#authorize(this.#challenge!, signal).finally(() => {
      this.#pending = undefined
    })
    await this.#pending
  }

  async #authorize({ scheme, parameters }: Challenge, signal: AbortSignal): Promise<void> {
    this.#credentials ??= this.#options.credentials(signal)
    const credentials = await this.#credentials
    this.#known = credentials !== undefined
    this.#expires = Number.POSITIVE_INFINITY
    if (credentials?.kind === 'bearer') {
      this.#header = `Bearer ${credentials.token}`
    } else if (scheme === 'bearer') {
      const token = await this.#fetchToken(parameters, credentials, signal)
      this.#header = `Bearer ${token.value}`
      this.#expires = Date.now() + token.lifetime
    } else if (credentials?.kind === 'password') {
      this.#header = basic(credentials)
    } else {
      throw this.#failed('it wants a user name and a password, and there are none for it')
    }
  }

  async #fetchToken(
    parameters: Challenge['parameters'],
    credentials: Exclude<Credentials, { kind: 'bearer' }> | undefined,
    signal: AbortSignal,
  ) {
    const realm = URL.parse(parameters.realm ?? '')
    if (realm === null || !/^https?:$/.test(realm.protocol))
      throw this.#failed('it names no token server that can be asked')
    if (realm.protocol === 'http:' && !this.#options.plainHttp) {
      throw this.#failed(`it wants a token from http://${realm.host}, which is not encrypted`)
    }
    const scope = parameters.scope || `repository:${this.#options.repository}:pull`
    const fields = { ...(parameters.service ? { service: parameters.service } : {}), scope }
    const { url, request } =
      credentials?.kind === 'identity'
        ? oauth(realm, fields, credentials.token)
        : tokenRequest(realm, fields, credentials)
    const response = await this.#options.http.request(url, { ...request, signal })
    if (response.status !== 200) {
      await response.discard()
      throw this.#tokenFailed(realm.host, response.status, credentials)
    }
    return readToken(await response.bytes(), response.url)
  }

  #tokenFailed(host: string, status: number, credentials: Credentials | undefined): ChiaroError {
    if (status !== 401 && status !== 403 && status !== 400) {
      return new ChiaroError('REGISTRY_FAILED', `its token server ${host} answered with status ${status}`, {
        where: this.#options.where,
      })
    }
    return credentials === undefined
      ? this.#failed(`its token server ${host} gives nothing to anonymous users`)
      : this.#failed(`its token server ${host} refused the credentials`)
  }

  #failed(message: string): ChiaroError {
    return new ChiaroError('AUTH_FAILED', message, {
      where: this.#options.where,
      advice: 'Check the name of the image, and log in with docker login, or give user name and password as options.',
    })
  }
}

interface TokenRequest {
  readonly url: string
  readonly request: Omit<HttpRequest, 'signal'>
}

function tokenRequest(
  realm: URL,
  fields: Readonly<Record<string, string>>,
  credentials: Credentials | undefined,
): TokenRequest {
  const url = new URL(realm)
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
  if (credentials?.kind !== 'password') return { url: url.href, request: {} }
  return { url: url.href, request: { headers: { authorization: basic(credentials) } } }
}

/** OAuth2 refresh (distribution specification, oauth2): for tokens that `docker login` keeps instead of a password. */
function oauth(realm: URL, fields: Readonly<Record<string, string>>, refreshToken: string): TokenRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'chiaro',
    ...fields,
    refresh_token: refreshToken,
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { url: realm.href, request: { method: 'POST', headers, body: form.toString() } }
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
}

function readToken(bytes: Buffer, where: string): { readonly value: string; readonly lifetime: number } {
  try {
    const answer = JsonValue.parse(bytes, where).object()
    const value = answer.get('token').optionalString() || answer.get('access_token').string()
    if (!/^[\x21-\x7e]+$/.test(value)) throw new ChiaroError('REGISTRY_FAILED', 'the token has impossible characters')
    const seconds = answer.get('expires_in')
    return { value, lifetime: seconds.present ? Math.min(seconds.size(), 86_400) * 1000 : defaultLifetime }
  } catch (error) {
    // The answer may hold a secret: no message quotes it.
    const reason = isChiaroError(error, 'REGISTRY_FAILED') ? printable(error.message) : 'it has no token'
    throw new ChiaroError('REGISTRY_FAILED', `the token server's answer cannot be used: ${reason}`, { where })
  }
}
