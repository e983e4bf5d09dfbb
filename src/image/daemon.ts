import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { abortedError, throwIfAborted } from '../core/abort.ts'
import { ChiaroError, isChiaroError, messageOf, printable } from '../core/errors.ts'
import type { Image, ImageOptions, ImageSource } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import { createTempFile, type TempFile } from '../io/temp-file.ts'
import { checkArchiveSize, listArchive } from './archive.ts'
import { type DaemonEndpoint, type DaemonKind, daemonAdvice, findEndpoint } from './daemon-endpoint.ts'
import { openDockerArchive } from './docker-archive.ts'
import { JsonValue } from './document.ts'
import { normalizedTag } from './reference.ts'

/** Opens an image of the Docker daemon. */
export const openDocker: ImageSource['open'] = (reference, options, signal) =>
  openDaemonImage('docker', reference, options, process.env, signal)

/** Opens an image of Podman, through its socket. */
export const openPodman: ImageSource['open'] = (reference, options, signal) =>
  openDaemonImage('podman', reference, options, process.env, signal)

/**
 * Opens an image of a daemon through the Docker Engine API: the daemon exports it into a temporary file that has no name.
 * Throws `DAEMON_UNAVAILABLE`, `IMAGE_NOT_FOUND`, and what `docker-archive` throws.
 */
export async function openDaemonImage(
  kind: DaemonKind,
  reference: string,
  options: ImageOptions,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  timeout: number = limits.daemonTimeout,
): Promise<Image> {
  if (!/^\w[\w.:/@+-]{0,511}$/.test(reference) || /(?:^|\/)\.{0,2}(?:\/|$)/.test(reference)) {
    const advice = `Name an image as "${kind} images" does, or its id.`
    throw new ChiaroError('REFERENCE_INVALID', 'it is not the name or id of an image', {
      where: printable(reference),
      advice,
    })
  }
  const daemon = new Daemon(kind, findEndpoint(kind, environment), signal, timeout)
  daemon.checkOffline(options.offline)
  const tags = await daemon.tagsOf(reference)
  const temporary = await createTempFile()
  try {
    await daemon.save(reference, temporary)
    const where = `${kind}:${reference}`
    const archive = await listArchive(where, temporary.path, async () => temporary[Symbol.asyncDispose](), signal)
    const image = await openDockerArchive(archive, '', reference, options, signal)
    return { ...image, tags }
  } catch (error) {
    await temporary[Symbol.asyncDispose]()
    throw error
  }
}

/** The two calls of the Docker Engine API that are needed; Podman has the same. */
class Daemon {
  readonly #kind: DaemonKind
  readonly #endpoint: DaemonEndpoint
  readonly #signal: AbortSignal
  readonly #timeout: number

  constructor(kind: DaemonKind, endpoint: DaemonEndpoint, signal: AbortSignal, timeout: number) {
    this.#kind = kind
    this.#endpoint = endpoint
    this.#signal = signal
    this.#timeout = timeout
  }

  checkOffline(offline: boolean): void {
    if (!offline || !this.#endpoint.network) return
    const message = 'the daemon is reached over the network, and the network is not to be used'
    throw new ChiaroError('OFFLINE', message, { where: this.#endpoint.where })
  }

  async tagsOf(reference: string): Promise<readonly string[]> {
    const response = await this.#get(reference, 'json')
    const bytes = await this.#readWhole(response, limits.responseBytes)
    const tags = JsonValue.parse(bytes, `${this.#endpoint.where}, ${reference}`)
      .get('RepoTags')
      .list(limits.indexEntries)
    return tags.map((tag) => normalizedTag(tag.string()))
  }

  async save(reference: string, file: TempFile): Promise<void> {
    const response = await this.#get(reference, 'get')
    let size = 0
    await this.#guard(async () => {
      for await (const chunk of response) {
        size += (chunk as Buffer).length
        checkArchiveSize(size, size, reference)
        await file.append(chunk as Buffer)
      }
    }, 'the daemon broke off in the middle of the image')
  }

  async #get(reference: string, what: string): Promise<IncomingMessage> {
    throwIfAborted(this.#signal)
    const path = `/images/${reference.split('/').map(encodeURIComponent).join('/')}/${what}`
    const response = await this.#guard(() => this.#send(path), 'the daemon does not answer')
    if (response.statusCode === 200) return response
    const said = await this.#messageOf(response)
    if (response.statusCode !== 404) {
      throw this.#unavailable(`the daemon answered with status ${response.statusCode}${said}`, undefined)
    }
    throw new ChiaroError('IMAGE_NOT_FOUND', `the daemon does not have this image${said}`, {
      where: `${this.#kind}:${reference}`,
      advice: `Pull it first, or leave "${this.#kind}:" out to read it from its registry.`,
    })
  }

  #send(path: string): Promise<IncomingMessage> {
    const { secure, request } = this.#endpoint
    const send = secure ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      const sent = send(
        { ...request, path, headers: { host: 'localhost' }, signal: this.#signal, agent: false },
        resolve,
      )
      // Old versions of Docker put the whole archive together before they send the first byte.
      sent.setTimeout(this.#timeout, () => sent.destroy(new Error(`no answer within ${this.#timeout / 1000} s`)))
      sent.on('error', reject)
      sent.end()
    })
  }

  async #messageOf(response: IncomingMessage): Promise<string> {
    try {
      const bytes = await this.#readWhole(response, limits.responseBytes)
      const message = JsonValue.parse(bytes, '').get('message').optionalString()
      return message === undefined ? '' : `: ${printable(message).slice(0, 300)}`
    } catch {
      return ''
    }
  }

  async #readWhole(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
    return this.#guard(async () => {
      const chunks: Buffer[] = []
      let size = 0
      for await (const chunk of response) {
        size += (chunk as Buffer).length
        if (size > maxBytes)
          throw new ChiaroError('LIMIT_EXCEEDED', `the daemon's answer has more than ${maxBytes} bytes`)
        chunks.push(chunk as Buffer)
      }
      return Buffer.concat(chunks)
    }, 'the daemon broke off its answer')
  }

  /** Does `work`, and gives its errors words. */
  async #guard<T>(work: () => Promise<T>, failure: string): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isChiaroError(error)) throw error
      if (this.#signal.aborted) throw abortedError(this.#signal)
      throw this.#unavailable(`${failure}: ${messageOf(error)}`, error)
    }
  }

  #unavailable(message: string, cause: unknown): ChiaroError {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
    return new ChiaroError('DAEMON_UNAVAILABLE', message, {
      where: this.#endpoint.where,
      advice: daemonAdvice(this.#kind, code),
      cause,
    })
  }
}
