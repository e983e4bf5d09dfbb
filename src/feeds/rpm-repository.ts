import { createHash } from 'node:crypto'
import { ChiaroError, isChiaroError, printable } from '../core/errors.ts'
import type { Fetched, Spool } from '../core/feed.ts'
import { limits } from '../core/limits.ts'
import { parseXml, type XmlHandler } from '../io/xml-stream.ts'
import { documentName } from './document.ts'

const metadataName = 'repomd.xml'
const listName = 'mirror.list'

/** What the metadata of a repository say of its `updateinfo`. */
interface UpdateinfoLocation {
  readonly href: string
  /** The name of the hash, as node:crypto has it, and its value in hexadecimal digits. */
  readonly checksum: { readonly type: string; readonly value: string }
  /** Seconds since 1970; NaN if it is not stated. */
  readonly timestamp: number
}

/**
 * `Feed.fetch` for the `updateinfo` of an rpm repository. `mirrorList` is the document that names the places where the
 * repository is, of which the first one that has it is taken; a mirror that has no such list has the repository in its folder.
 * The file is what `repodata/repomd.xml` says, with its checksum verified, which also is the fingerprint.
 */
export async function fetchUpdateinfo(
  spool: Spool,
  mirrorList: string,
  last: string | undefined,
  signal: AbortSignal,
): Promise<Fetched | 'unchanged'> {
  let failure: unknown
  for (const repository of await repositoriesOf(spool, mirrorList, signal)) {
    try {
      return await fetchFrom(spool, repository, last, signal)
    } catch (error) {
      if (signal.aborted) throw error
      failure ??= isChiaroError(error, 'CONFIG_INVALID') ? notAnAddress(error, mirrorList) : error
    }
  }
  throw failure
}

/** Addresses of files come from the list and from the metadata: that one cannot be is no fault of the mirror that was configured. */
function notAnAddress(cause: ChiaroError, where: string): ChiaroError {
  const message = `An address in the list of mirrors or in the metadata of the repository cannot be used: ${cause.message}`
  return new ChiaroError('FEED_FAILED', message, { where, cause })
}

/** Whether the repository whose metadata were fetched has an `updateinfo`. */
export async function hasUpdateinfo(spool: Spool, where: string, signal: AbortSignal): Promise<boolean> {
  return (await readMetadata(spool, where, signal)).updateinfo !== undefined
}

async function repositoriesOf(spool: Spool, mirrorList: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    await spool.fetch(listName, mirrorList, undefined, signal)
  } catch (error) {
    if (!isChiaroError(error, 'FEED_FAILED')) throw error
    const folder = new URL('.', mirrorList).href
    if (await isRepository(spool, folder, signal)) return [folder]
    throw error
  }
  const parts: Buffer[] = []
  let size = 0
  for await (const chunk of spool.read(listName, signal)) {
    size += chunk.length
    if (size > limits.mirrorListBytes) {
      const message = `The list of mirrors has more than ${limits.mirrorListBytes} bytes`
      throw new ChiaroError('LIMIT_EXCEEDED', message, { where: mirrorList })
    }
    parts.push(Buffer.from(chunk))
  }
  const lines = Buffer.concat(parts).toString('utf8').split(/\s+/)
  const repositories = lines.flatMap((line) => (/^https?:\/\//i.test(line) && URL.parse(line)?.href) || [])
  if (repositories.length === 0) {
    throw new ChiaroError('FEED_FAILED', 'There is no address in this list of mirrors', { where: mirrorList })
  }
  return repositories.slice(0, limits.mirrors).map((url) => `${url.replace(/\/+$/, '')}/`)
}

async function isRepository(spool: Spool, folder: string, signal: AbortSignal): Promise<boolean> {
  try {
    await spool.fetch(metadataName, metadataOf(folder), undefined, signal)
    return true
  } catch (error) {
    if (isChiaroError(error, 'FEED_FAILED')) return false
    throw error
  }
}

/** The address of a repository's metadata. */
function metadataOf(repository: string): string {
  return new URL('repodata/repomd.xml', repository).href
}

async function fetchFrom(
  spool: Spool,
  repository: string,
  last: string | undefined,
  signal: AbortSignal,
): Promise<Fetched | 'unchanged'> {
  const where = metadataOf(repository)
  await spool.fetch(metadataName, where, undefined, signal)
  const { updateinfo, revision } = await readMetadata(spool, where, signal)
  if (updateinfo === undefined) {
    const fingerprint = `revision:${revision}`
    return fingerprint === last ? 'unchanged' : { fingerprint }
  }
  const { checksum, timestamp } = updateinfo
  const fingerprint = `${checksum.type}:${checksum.value}`
  if (fingerprint === last) return 'unchanged'
  const url = URL.parse(updateinfo.href, repository)
  if (url?.href.startsWith(new URL(repository).href) !== true) {
    const message = `The metadata of the repository name a file outside of it: ${printable(updateinfo.href).slice(0, 200)}`
    throw new ChiaroError('FEED_FAILED', message, { where })
  }
  await spool.fetch(documentName, url.href, undefined, signal)
  await verify(spool, checksum, url.href)
  return { fingerprint, ...(timestamp > 0 ? { dataTime: new Date(timestamp * 1000).toISOString() } : {}) }
}

async function verify(spool: Spool, { type, value }: UpdateinfoLocation['checksum'], where: string): Promise<void> {
  const file = await spool.random(documentName)
  const hash = createHash(type)
  for (let at = 0; at < file.size; at += hashedBytes) hash.update(await file.read(at, hashedBytes))
  const found = hash.digest('hex')
  if (found === value) return
  throw new ChiaroError('FEED_FAILED', `The file has the ${type} checksum ${found}, and not ${value} as is stated`, {
    where,
    advice: 'Try again later: the repository may just be changing. Behind a mirror, check its copy.',
  })
}

const hashedBytes = 1024 * 1024

/** The checksums that are trusted; `sha` is what old tools call SHA-1, which nothing uses any more. */
const hashes: ReadonlySet<string> = new Set(['sha256', 'sha384', 'sha512'])

interface Metadata {
  readonly revision: string
  readonly updateinfo: UpdateinfoLocation | undefined
}

async function readMetadata(spool: Spool, where: string, signal: AbortSignal): Promise<Metadata> {
  const reader = new MetadataReader()
  await parseXml(spool.read(metadataName, signal), where, reader)
  const { found, revision } = reader
  if (found === undefined) return { revision, updateinfo: undefined }
  const { href, type, value, timestamp } = found
  if (href === '' || !hashes.has(type) || !/^[\da-f]+$/.test(value)) {
    const message =
      'The metadata of the repository state no address or no checksum (sha256 or better) of its updateinfo'
    throw new ChiaroError('FEED_FAILED', message, { where })
  }
  return { revision, updateinfo: { href, checksum: { type, value }, timestamp: Number(timestamp || Number.NaN) } }
}

/** Reads `repomd.xml`: `<repomd><revision/><data type="updateinfo"><checksum type/><location href/><timestamp/></data>…</repomd>`. */
class MetadataReader implements XmlHandler {
  revision = ''
  found: { href: string; type: string; value: string; timestamp: string } | undefined
  #depth = 0
  #inside = false
  #text = ''

  onOpen(name: string, attributes: Readonly<Record<string, string>>): void {
    this.#depth++
    this.#text = ''
    if (this.#depth === 1 && name !== 'repomd') {
      throw new ChiaroError('FEED_FAILED', `These are not the metadata of a repository: the root is ${name}`)
    }
    if (this.#depth === 2) {
      this.#inside = name === 'data' && attributes.type === 'updateinfo'
      if (this.#inside) this.found = { href: '', type: '', value: '', timestamp: '' }
    } else if (this.#inside && name === 'location') {
      this.found!.href = attributes.href ?? ''
    } else if (this.#inside && name === 'checksum') {
      this.found!.type = attributes.type ?? ''
    }
  }

  onText(text: string): void {
    this.#text += text
  }

  onClose(name: string): void {
    if (this.#depth-- === 2 && name === 'revision') this.revision = this.#text.trim()
    if (this.#inside && name === 'checksum') this.found!.value = this.#text.trim().toLowerCase()
    if (this.#inside && name === 'timestamp') this.found!.timestamp = this.#text.trim()
  }
}
