import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { throwIfAborted } from '../core/abort.ts'
import { type Digest, isDigest } from '../core/digest.ts'
import { ChiaroError, printable } from '../core/errors.ts'
import type { Image, ImageOptions, ImageSource, Layer, LayerBlob } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import { detectCompression, detectionBytes } from '../io/inflate.ts'
import { readRange } from '../io/read-range.ts'
import type { Archive, Member } from './archive.ts'
import { invalidDocument, JsonValue } from './document.ts'
import { listNames, severalImages } from './layout-index.ts'
import { locate } from './location.ts'
import { type ImageConfig, isForeignType, parseConfig } from './manifest.ts'
import { openedArchive } from './oci-archive.ts'
import { choosePlatform, defaultPlatform } from './platform.ts'
import { normalizedTag } from './reference.ts'
import { foreignLayer, noSuchPlatform } from './resolve.ts'
import { digestOf, verify } from './verify.ts'

/** Opens what `docker save` writes, in place. */
export const openDockerArchiveFile: ImageSource['open'] = async (reference, options, signal) => {
  const location = locate(reference)
  return openedArchive(location, signal, (archive) =>
    openDockerArchive(archive, location.selector, reference, options, signal),
  )
}

/** One entry of `manifest.json`. */
interface Entry {
  readonly configPath: string
  readonly tags: readonly string[]
  readonly layerPaths: readonly string[]
  /** diffIDs of layers that are not in the archive since they may not be distributed. */
  readonly foreign: ReadonlySet<string>
}

interface Candidate extends ImageConfig {
  readonly entry: Entry
  readonly configDigest: Digest
}

/**
 * Opens an image of an archive that has a `manifest.json` (Docker image-spec v1.2). `selector` is a repository tag, a bare
 * tag, or empty where the archive has one image. The image closes the archive. There is no manifest as in a registry: the
 * image goes by the digest of its configuration.
 */
export async function openDockerArchive(
  archive: Archive,
  selector: string,
  reference: string,
  options: ImageOptions,
  signal: AbortSignal,
): Promise<Image> {
  const entries = select(await readEntries(archive), selector, archive.where)
  const candidates: Candidate[] = []
  for (const entry of entries) candidates.push(await readCandidate(archive, entry))
  const { entry, configDigest, platform, diffIds, createdBy } = choose(candidates, options, archive.where)
  if (diffIds.length !== entry.layerPaths.length) {
    const where = `${archive.where}, ${printable(entry.configPath)}`
    throw invalidDocument(where, `it has ${diffIds.length} diff_ids for ${entry.layerPaths.length} layers`)
  }
  const layers: Layer[] = []
  for (const [index, diffId] of diffIds.entries()) {
    const layer = await readLayer(archive, entry, entry.layerPaths[index]!, diffId, signal)
    layers.push({ ...layer, diffId, createdBy: createdBy[index] ?? '' })
  }
  return {
    reference,
    tags: entry.tags.map(normalizedTag),
    digest: configDigest,
    configDigest,
    platform,
    layers,
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  }
}

async function readEntries(archive: Archive): Promise<readonly Entry[]> {
  const bytes = await archive.read('manifest.json')
  if (bytes === undefined) {
    const old = archive.find('repositories') !== undefined
    const message = old ? 'it was made by a Docker older than 1.10' : 'it has no manifest.json, as docker save writes'
    const advice = old
      ? 'Load it with a current Docker and save it again.'
      : 'It may be an oci-archive, or no image at all.'
    throw new ChiaroError('ARCHIVE_INVALID', message, { where: archive.where, advice })
  }
  const where = `${archive.where}, manifest.json`
  const list = JsonValue.parse(bytes, where).list(limits.indexEntries)
  if (list.length === 0) throw invalidDocument(where, 'it names no image')
  return list.map(readEntry)
}

function readEntry(value: JsonValue): Entry {
  const strings = (name: string) =>
    value
      .get(name)
      .list(limits.layers)
      .map((each) => each.string())
  return {
    configPath: value.object().get('Config').string(),
    tags: strings('RepoTags'),
    layerPaths: strings('Layers'),
    foreign: new Set(
      value
        .get('LayerSources')
        .entries(limits.layers)
        .filter(([, source]) => isForeignType(source.get('mediaType').optionalString() ?? ''))
        .map(([diffId]) => diffId),
    ),
  }
}

/** The entries for one image; several only if they are the same image for several platforms. */
function select(entries: readonly Entry[], selector: string, where: string): readonly Entry[] {
  const names = [...new Set(entries.map((entry) => [...entry.tags].sort().join(' or ')))]
  if (selector === '') {
    if (names.length > 1 || (names[0] === '' && entries.length > 1)) throw severalImages(where, names)
    return entries
  }
  const wanted = normalizedTag(selector)
  const full = entries.filter((entry) => entry.tags.some((tag) => normalizedTag(tag) === wanted))
  if (full.length > 0) return full
  const bare = entries.filter((entry) => entry.tags.some((tag) => tag.endsWith(`:${selector}`)))
  if (bare.length === 1) return bare
  throw new ChiaroError('IMAGE_NOT_FOUND', `there is no image ${printable(selector)} in it`, {
    where,
    advice: `There are: ${listNames(names)}.`,
  })
}

async function readCandidate(archive: Archive, entry: Entry): Promise<Candidate> {
  const where = `${archive.where}, ${printable(entry.configPath).slice(0, 200)}`
  const bytes = await archive.read(entry.configPath)
  if (bytes === undefined) {
    throw new ChiaroError('ARCHIVE_INVALID', 'the configuration is missing', {
      where,
      advice: 'The archive is not complete.',
    })
  }
  const named = digestInName(entry.configPath)
  if (named !== undefined) verify(bytes, named, undefined, where)
  return { entry, configDigest: named ?? digestOf(bytes), ...parseConfig(bytes, where) }
}

/** `HEX.json`, `blobs/sha256/HEX` and `sha256:HEX` name their content by digest. */
function digestInName(path: string): Digest | undefined {
  const hex = /(?:^|\/)(?:sha256:)?([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1]
  return hex === undefined ? undefined : `sha256:${hex}`
}

function choose(candidates: readonly Candidate[], { platform }: ImageOptions, where: string): Candidate {
  if (candidates.length === 1 && platform === undefined) return candidates[0]!
  const wanted = platform ?? defaultPlatform()
  const chosen = choosePlatform(candidates, wanted)
  if (chosen !== undefined) return chosen
  throw noSuchPlatform(
    where,
    wanted,
    candidates.map((candidate) => candidate.platform),
  )
}

async function readLayer(
  archive: Archive,
  entry: Entry,
  path: string,
  diffId: Digest,
  signal: AbortSignal,
): Promise<{ digest: Digest; mediaType: string; blob: LayerBlob }> {
  const plain = 'application/vnd.docker.image.rootfs.diff.tar'
  const member = archive.find(path)
  if (member === undefined) {
    if (entry.foreign.has(diffId)) return { digest: diffId, mediaType: plain, blob: foreignLayer(diffId) }
    const where = `${archive.where}, ${printable(path).slice(0, 200)}`
    throw new ChiaroError('ARCHIVE_INVALID', 'the layer is missing', { where, advice: 'The archive is not complete.' })
  }
  const blob: LayerBlob = { kind: 'file', ...member }
  const compression = compressionOf(member, archive.where)
  if (compression === 'none') return { digest: diffId, mediaType: plain, blob }
  const named = /(?:^|\/)blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(path)
  const digest = `${named?.[1]}:${named?.[2]}`
  return {
    digest: isDigest(digest) ? digest : await hash(member, signal),
    mediaType: `${plain}.${compression}`,
    blob,
  }
}

function compressionOf(member: Member, where: string) {
  const size = Math.min(detectionBytes, member.size)
  return detectCompression(readRange(member.path, member.offset, size, where, detectionBytes))
}

/** The digest of a compressed layer whose name does not say it (Bazel, Jib, Kaniko). */
async function hash({ path, offset, size }: Member, signal: AbortSignal): Promise<Digest> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(path, {
    start: offset,
    end: offset + size - 1,
    highWaterMark: 1024 * 1024,
  })) {
    throwIfAborted(signal)
    digest.update(chunk)
  }
  return `sha256:${digest.digest('hex')}`
}
