import { type Digest, isDigest, parseDigest } from '../../core/digest.ts'
import { ChiaroError, isChiaroError, printable } from '../../core/errors.ts'
import type { RegistryOptions } from '../../core/image.ts'
import { limits } from '../../core/limits.ts'
import type { HttpClient, HttpRequest } from '../../io/http.ts'
import type { HttpResponse } from '../../io/http-response.ts'
import { isCertificateError } from '../../io/network-error.ts'
import { isLoopback } from '../../io/transport.ts'
import { acceptedManifests, parseManifest } from '../manifest.ts'
import type { ImageName } from '../reference.ts'
import { digestOf, verify } from '../verify.ts'
import { Authorizer } from './auth.ts'
import type { Credentials } from './credentials.ts'
import { registryError } from './registry-error.ts'

/** What a registry client needs. */
export interface RegistryClientOptions {
  readonly http: HttpClient
  readonly name: ImageName
  readonly registry: RegistryOptions
  readonly credentials: (signal: AbortSignal) => Promise<Credentials | undefined>
}

/** A manifest as a registry gave it, verified. */
export interface FetchedManifest {
  readonly digest: Digest
  readonly bytes: Buffer
}

/** One repository of a registry, read through the distribution specification's HTTP API. */
export class RegistryClient {
  /** Registry and repository in errors: `docker.io/library/debian`. */
  readonly where: string
  readonly #options: RegistryClientOptions
  #base: Promise<string> | undefined
  #authorizer: Authorizer | undefined

  constructor(options: RegistryClientOptions) {
    this.#options = options
    this.where = `${options.name.domain}/${options.name.repository}`
  }

  /** The manifest or index of a tag or digest, of at most `limits.manifestBytes`. Throws `DIGEST_MISMATCH` too. */
  async manifest(reference: string, signal: AbortSignal): Promise<FetchedManifest> {
    const headers = { accept: acceptedManifests }
    const response = await this.get(`manifests/${reference}`, headers, signal)
    const bytes = await response.bytes(limits.manifestBytes)
    const where = `${this.where}, manifest ${reference}`
    // The digest of a signed manifest of schema 1 is not that of its bytes; parsing says what is wrong with it.
    if (response.headers.get('content-type')?.includes('distribution.manifest.v1+')) parseManifest(bytes, where)
    const announced = response.headers.get('docker-content-digest')
    if (announced !== null) verify(bytes, parseDigest(announced, `${where}, Docker-Content-Digest`), undefined, where)
    const wanted = isDigest(reference) ? reference : digestOf(bytes)
    verify(bytes, wanted, undefined, where)
    return { digest: wanted, bytes }
  }

  /**
   * Sends a GET below the repository, authorized if need be. Resolves to a response with one of `statuses`; throws
   * `AUTH_FAILED`, `IMAGE_NOT_FOUND`, `REGISTRY_FAILED` for others, and what the HTTP client throws.
   */
  async get(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    statuses: readonly number[] = [200],
  ): Promise<HttpResponse> {
    return this.send(path, { headers, signal }, statuses)
  }

  /** `get` with any method and body. `path` may also be a URL that the registry named (an upload's `Location`). */
  async send(path: string, request: HttpRequest, statuses: readonly number[]): Promise<HttpResponse> {
    const { signal, headers = {} } = request
    this.#base ??= this.#findBase(signal)
    const base = await this.#base
    this.#authorizer ??= this.#createAuthorizer(base)
    const repository = `${base}/v2/${this.#options.name.repository}/`
    const url = new URL(path, repository)
    for (let attempt = 1; ; attempt++) {
      // Where the registry sends an upload to another host, its address is what authorizes.
      const authorization = url.origin === new URL(base).origin ? await this.#authorizer.header(signal) : undefined
      const response = await this.#options.http.request(url.href, {
        ...request,
        headers: authorization === undefined ? headers : { ...headers, authorization },
      })
      if (statuses.includes(response.status)) return response
      if (response.status !== 401 || attempt === 2) {
        const writing = request.method === 'POST' || request.method === 'PUT'
        const asked = URL.canParse(path) ? 'blobs/uploads' : path
        throw await registryError(response, this.where, { path: asked, writing, known: this.#authorizer.known })
      }
      await response.discard()
      await this.#authorizer.challenged(authorization, response.headers.get('www-authenticate'), signal)
    }
  }

  #createAuthorizer(base: string): Authorizer {
    const { http, name, credentials } = this.#options
    const plainHttp = base.startsWith('http:')
    return new Authorizer({ http, where: this.where, repository: name.repository, credentials, plainHttp })
  }

  /** This machine's own registries mostly have no TLS: it is tried first, and plain HTTP if there is none. */
  async #findBase(signal: AbortSignal): Promise<string> {
    const { http, name, registry } = this.#options
    if (registry.plainHttp) return `http://${name.host}`
    const base = `https://${name.host}`
    const url = URL.parse(base)
    if (url === null) {
      throw new ChiaroError('REFERENCE_INVALID', `${JSON.stringify(printable(name.host))} is not a host name`, {
        where: this.where,
      })
    }
    if (!isLoopback(url.hostname)) return base
    try {
      await (await http.request(`${base}/v2/`, { signal, attempts: 1 })).discard()
      return base
    } catch (error) {
      if (!isChiaroError(error, 'NETWORK_FAILED') || isCertificateError(error.cause)) throw error
      return `http://${name.host}`
    }
  }
}
