import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { abortedError } from '../core/abort.ts'
import { ChiaroError, isChiaroError, messageOf } from '../core/errors.ts'
import type { RandomAccess, Spool, Validators } from '../core/feed.ts'
import { limits } from '../core/limits.ts'
import { decompress } from './decompress.ts'
import type { HttpClient } from './http.ts'
import type { HttpHeaders } from './http-response.ts'
import { type Mirror, openMirror, type Sources } from './mirror.ts'
import { openNamelessFile } from './nameless-file.ts'
import { createTurns } from './turns.ts'

/** How documents are fetched. */
export interface SpoolOptions {
  /** URL or directory that takes the place of every host: `MIRROR/host/path`. */
  readonly mirror: string | undefined
  /** Other places of documents, by the beginning of their addresses; see `openMirror`. */
  readonly sources?: Sources | undefined
  /** Never use the network. A directory is none. */
  readonly offline: boolean
  /** The client to fetch with, which others use as well; without it the spool has one of its own. */
  readonly http?: () => Promise<HttpClient>
  /** Told how far the transfer of one document is, in bytes. Called often. */
  readonly onBytes?: OnBytes
}

/** Receives how much of a document was transferred, and how much there is where the server says so. */
export type OnBytes = (done: number, total: number | undefined) => void

const readBytes = 256 * 1024
/** As much as is looked at to tell a page for people from data. */
const headBytes = 1024

/**
 * A spool that keeps what it fetches in temporary files without a name, so that nothing is left behind however the process
 * ends, and reads the files of a mirror directory where they are. Throws `CONFIG_INVALID` for a mirror that is none.
 */
export function createSpool(options: SpoolOptions): Spool {
  return new FileSpool(options)
}

/** The beginning of a page, behind what may stand before it: a byte order mark, an XML declaration, comments. */
const htmlPage =
  /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|title|body)\b/i

interface SpooledFile {
  readonly handle: FileHandle
  /** Where it came from, for messages. */
  readonly where: string
}

class FileSpool implements Spool {
  readonly #options: SpoolOptions
  readonly #mirror: Mirror
  readonly #files = new Map<string, SpooledFile>()
  #ownHttp: Promise<HttpClient> | undefined

  constructor(options: SpoolOptions) {
    this.#options = options
    this.#mirror = openMirror(options.mirror, options.sources)
  }

  async fetch(
    name: string,
    url: string,
    last: Validators | undefined,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Validators | 'unchanged'> {
    if (signal.aborted) throw abortedError(signal)
    const location = this.#mirror(url)
    if (location.kind === 'mirror-file') return this.#openFile(name, location.paths, last)
    if (location.kind === 'origin')
      return this.#download(name, location.url, { ...headers, ...conditions(last) }, signal)
    if (location.kind === 'replaced') return this.#download(name, location.url, conditions(last), signal)
    return this.#download(name, await this.#firstPresent(location.urls, signal), conditions(last), signal)
  }

  async *read(name: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const file = this.#file(name)
    const giveTurn = createTurns(signal)
    for await (const chunk of decompress(readFile(file, signal), file.where)) {
      yield chunk
      await giveTurn()
    }
  }

  async random(name: string): Promise<RandomAccess> {
    const { handle, where } = this.#file(name)
    const { size } = await attempt(where, () => handle.stat())
    return {
      where,
      size,
      read: async (position, length) => {
        const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - position)))
        const { bytesRead } = await attempt(where, () => handle.read(buffer, 0, buffer.length, position))
        return buffer.subarray(0, bytesRead)
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const http = this.#ownHttp
    this.#ownHttp = undefined
    const files = [...this.#files.values()]
    this.#files.clear()
    for (const { handle } of files) await handle.close()
    await (await http)?.[Symbol.asyncDispose]()
  }

  #file(name: string): SpooledFile {
    const file = this.#files.get(name)
    if (file !== undefined) return file
    throw new ChiaroError('INTERNAL', `nothing was fetched under the name ${JSON.stringify(name)}`)
  }

  async #openFile(
    name: string,
    paths: readonly string[],
    last: Validators | undefined,
  ): Promise<Validators | 'unchanged'> {
    const found = await firstFile(paths)
    if (found === undefined) {
      throw new ChiaroError('FEED_FAILED', 'The mirror does not have this file', {
        where: paths[0]!,
        advice: 'Copy it there (it may be compressed: .gz, .bz2, .zst), or do without the mirror.',
      })
    }
    const { path, stats } = found
    checkSize(Number(stats.size), path)
    const validators = {
      etag: `"${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`,
      lastModified: stats.mtime.toUTCString(),
    }
    if (last?.etag === validators.etag) return 'unchanged'
    const handle = await attempt(path, () => open(path, 'r'))
    await this.#keep(name, { handle, where: path })
    return validators
  }

  async #download(
    name: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Validators | 'unchanged'> {
    const client = await this.#client()
    let handle = await attempt(tmpdir(), openNamelessFile)
    let answer: { status: number; headers: HttpHeaders } | undefined
    let done = 0
    try {
      const chunks = client.download(url, {
        headers,
        signal,
        maxBytes: limits.feedBytes,
        onResponse: (response) => {
          answer = response
        },
        restart: async () => {
          await handle.close()
          handle = await attempt(tmpdir(), openNamelessFile)
          done = 0
        },
      })
      for await (const chunk of chunks) {
        await attempt(url, () => handle.writeFile(chunk))
        done += chunk.length
        this.#options.onBytes?.(done, sizeOf(answer?.headers))
      }
    } catch (error) {
      await handle.close()
      throw error
    }
    if (answer?.status === 304) {
      await handle.close()
      return 'unchanged'
    }
    await this.#keep(name, { handle, where: url })
    return validatorsOf(answer?.headers)
  }

  /** Keeps a file for reading, if it can be data at all. */
  async #keep(name: string, file: SpooledFile): Promise<void> {
    const earlier = this.#files.get(name)
    this.#files.set(name, file)
    await earlier?.handle.close()
    const head = Buffer.alloc(headBytes)
    const { bytesRead } = await attempt(file.where, () => file.handle.read(head, 0, headBytes, 0))
    if (bytesRead === 0) {
      throw new ChiaroError('FEED_FAILED', 'The document is empty', { where: file.where })
    }
    if (htmlPage.test(head.toString('latin1', 0, bytesRead))) {
      throw new ChiaroError('FEED_FAILED', 'The answer is an HTML page where data was expected', {
        where: file.where,
        advice: 'Look at the address in a browser: it may be the page of a proxy or of a login.',
      })
    }
  }

  /** The first address that exists. A server that does not say is asked for the first one. */
  async #firstPresent(urls: readonly string[], signal: AbortSignal): Promise<string> {
    const client = await this.#client()
    for (const url of urls) {
      const response = await client.request(url, { method: 'HEAD', signal })
      await response.discard()
      if (response.status !== 404 && response.status !== 410) return url
    }
    throw new ChiaroError('FEED_FAILED', 'The mirror does not have this document', {
      where: urls[0]!,
      advice: 'Copy it there (it may be compressed: .gz, .bz2, .zst), or do without the mirror.',
    })
  }

  async #client(): Promise<HttpClient> {
    const { http, offline } = this.#options
    if (http !== undefined) return http()
    this.#ownHttp ??= import('./http.ts').then(({ createHttpClient }) => createHttpClient({ offline }))
    return this.#ownHttp
  }
}

async function* readFile({ handle, where }: SpooledFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(readBytes)
  for (let position = 0; ; ) {
    if (signal.aborted) throw abortedError(signal)
    const { bytesRead } = await attempt(where, () => handle.read(buffer, 0, readBytes, position))
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function firstFile(paths: readonly string[]): Promise<{ path: string; stats: BigIntStats } | undefined> {
  for (const path of paths) {
    const stats = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw fileFailure(path, error)
    })
    if (stats?.isFile()) return { path, stats }
  }
  return undefined
}

async function attempt<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isChiaroError(error) ? error : fileFailure(where, error)
  }
}

function fileFailure(where: string, cause: unknown): ChiaroError {
  return new ChiaroError('FILE_FAILED', `It cannot be kept or read: ${messageOf(cause)}`, { where, cause })
}

function checkSize(bytes: number, where: string): void {
  if (bytes <= limits.feedBytes) return
  throw new ChiaroError('LIMIT_EXCEEDED', `The document is larger than ${limits.feedBytes} bytes`, { where })
}

function conditions(last: Validators | undefined): Record<string, string> {
  return {
    ...(last?.etag === undefined ? {} : { 'if-none-match': last.etag }),
    ...(last?.lastModified === undefined ? {} : { 'if-modified-since': last.lastModified }),
  }
}

function sizeOf(headers: HttpHeaders | undefined): number | undefined {
  const length = headers?.get('content-length')
  return length == null ? undefined : Number(length)
}

function validatorsOf(headers: HttpHeaders | undefined): Validators {
  const etag = headers?.get('etag') ?? undefined
  const lastModified = headers?.get('last-modified') ?? undefined
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) }
}
