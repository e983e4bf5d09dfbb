import { createHash } from 'node:crypto'
import { type Digest, isDigest } from '../core/digest.ts'
import { ChiaroError, isChiaroError } from '../core/errors.ts'
import type { ImageOptions } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import type { FeedStatus } from '../core/store.ts'
import { remoteLayer } from '../image/remote/blob.ts'
import type { RegistryClient } from '../image/remote/client.ts'
import { openRepository } from '../image/remote/repository.ts'
import { uploadBlob, uploadManifest } from '../image/remote/upload.ts'
import { openNamelessFile } from '../io/nameless-file.ts'
import { checkManifest, type DataManifest } from './artifact-schema.ts'
import { type FeedExport, openDataFile, writeDataFile } from './data-file.ts'
import { feedsMissing, importFeeds, type TransferOptions, type TransferOutcome } from './transfer.ts'

/**
 * Vulnerability data as an OCI artifact (image-spec 1.1, manifest.md, "Guidelines for Artifact Usage"): a manifest with a blob
 * a feed, each a data file of that one feed (data-file.ts). The blob's annotations say which feed it is and in which state.
 */
export const artifactType = 'application/vnd.chiaro.data.v1'
export const feedMediaType = 'application/vnd.chiaro.feed.v1+zstd'
const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json'
const emptyMediaType = 'application/vnd.oci.empty.v1+json'
const empty = Buffer.from('{}')

const annotations = {
  feed: 'io.chiaro.feed',
  fingerprint: 'io.chiaro.fingerprint',
  version: 'io.chiaro.version',
  checkedAt: 'io.chiaro.checked-at',
} as const

type Descriptor = DataManifest['layers'][number]

/** How a registry is reached. */
export interface ArtifactOptions extends TransferOptions {
  readonly image: Pick<ImageOptions, 'offline' | 'registry'>
}

/** What became of a feed that was pushed. `unchanged`: the repository has the same already. */
export interface PushOutcome {
  readonly feed: string
  readonly outcome: 'pushed' | 'unchanged'
  readonly digest: Digest
  /** Compressed bytes. */
  readonly size: number
}

/**
 * Makes `reference` an artifact with these feeds, beside those that it has already. What is there in the same state is not
 * sent again. Throws what a registry can throw.
 */
export async function pushData(
  reference: string,
  feeds: readonly FeedExport[],
  options: ArtifactOptions,
): Promise<readonly PushOutcome[]> {
  await using repository = openRepository(reference, options.image)
  const { client, tag } = repository
  const there = await readManifest(client, tag, options.signal).catch((error: unknown) => {
    if (isChiaroError(error, 'IMAGE_NOT_FOUND')) return undefined
    throw error
  })
  const layers = new Map((there?.layers ?? []).map((layer) => [layer.annotations[annotations.feed], layer]))
  const outcomes: PushOutcome[] = []
  for (const item of feeds) {
    const { id, fingerprint, version, checkedAt } = item.feed
    const known = layers.get(id)
    const labels = {
      [annotations.feed]: id,
      [annotations.fingerprint]: fingerprint,
      [annotations.version]: String(version),
      ...(checkedAt === undefined ? {} : { [annotations.checkedAt]: checkedAt }),
    }
    if (known !== undefined && isSame(known, item.feed)) {
      layers.set(id, { ...known, annotations: labels })
      outcomes.push({ feed: id, outcome: 'unchanged', digest: known.digest as Digest, size: known.size })
      continue
    }
    const { digest, size } = await uploadFeed(client, item, options.signal)
    layers.set(id, { mediaType: feedMediaType, digest, size, annotations: labels })
    outcomes.push({ feed: id, outcome: 'pushed', digest, size })
  }
  await writeManifest(client, tag, [...layers.values()], options.signal)
  return outcomes
}

function isSame(
  { annotations: labels }: Descriptor,
  state: { fingerprint: string | undefined; version: number },
): boolean {
  return labels[annotations.fingerprint] === state.fingerprint && labels[annotations.version] === String(state.version)
}

/** Writes the feed into a temporary file first: its digest stands in front of its bytes. */
async function uploadFeed(
  client: RegistryClient,
  item: FeedExport,
  signal: AbortSignal,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  await using file = await openNamelessFile()
  const hash = createHash('sha256')
  let size = 0
  // When it was checked stands in the manifest: the same data is the same blob.
  const { checkedAt: _, ...feed } = item.feed
  for await (const chunk of writeDataFile([{ ...item, feed }])) {
    hash.update(chunk)
    size += chunk.length
    await file.writeFile(chunk)
  }
  const digest: Digest = `sha256:${hash.digest('hex')}`
  const open = () => file.createReadStream({ start: 0, autoClose: false })
  await uploadBlob(client, { digest, body: { size, open } }, signal)
  return { digest, size }
}

async function writeManifest(
  client: RegistryClient,
  tag: string,
  layers: readonly Descriptor[],
  signal: AbortSignal,
): Promise<void> {
  const digest: Digest = `sha256:${createHash('sha256').update(empty).digest('hex')}`
  const open = async function* () {
    yield empty
  }
  await uploadBlob(client, { digest, body: { size: empty.length, open } }, signal)
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestMediaType,
    artifactType,
    config: { mediaType: emptyMediaType, digest, size: empty.length },
    layers: [...layers].sort((left, right) =>
      left.annotations[annotations.feed]! < right.annotations[annotations.feed]! ? -1 : 1,
    ),
  }
  await uploadManifest(client, tag, { mediaType: manifestMediaType, text: JSON.stringify(manifest) }, signal)
}

/**
 * Imports feeds of the artifact at `reference`: those among `ids`, or all. Only blobs of feeds in another state than here are
 * fetched, each imported when it is there. Throws what a registry can throw, and `DATA_FILE_INVALID`.
 */
export async function pullData(
  reference: string,
  ids: readonly string[] | undefined,
  options: ArtifactOptions,
): Promise<readonly TransferOutcome[]> {
  await using repository = openRepository(reference, options.image)
  const { client, tag } = repository
  const { layers } = await readManifest(client, tag, options.signal)
  const known = new Map(layers.map((layer) => [layer.annotations[annotations.feed]!, layer]))
  const wanted = [...known.keys()].filter((id) => ids === undefined || ids.includes(id))
  if (wanted.length === 0)
    throw feedsMissing(
      client.where,
      [...known.keys()].map((id) => ({ id })),
    )
  const statuses = new Map((await options.advisories.status(wanted)).map((status) => [status.feed, status]))
  const outcomes: TransferOutcome[] = []
  for (const id of wanted) outcomes.push(await pullFeed(client, id, known.get(id)!, statuses.get(id), options))
  return outcomes
}

async function pullFeed(
  client: RegistryClient,
  id: string,
  descriptor: Descriptor,
  status: FeedStatus | undefined,
  options: ArtifactOptions,
): Promise<TransferOutcome> {
  const checkedAt = descriptor.annotations[annotations.checkedAt]
  if (
    status !== undefined &&
    status.generation > 0 &&
    isSame(descriptor, status as { fingerprint: string; version: number })
  ) {
    if (checkedAt !== undefined && (status.checkedAt ?? '') < checkedAt) {
      await options.advisories.checked(id, status.fingerprint!, checkedAt)
    }
    return { feed: id, url: status.url, outcome: 'unchanged' }
  }
  await using file = await openNamelessFile()
  await download(client, descriptor, file, options.signal)
  const where = `${client.where}, ${id}`
  const data = await openDataFile(file.createReadStream({ start: 0, autoClose: false }), where)
  if (data.feeds.length !== 1 || data.feeds[0]!.id !== id) {
    throw new ChiaroError('DATA_FILE_INVALID', `its blob for ${id} holds something else`, { where })
  }
  const [outcome] = await importFeeds(data, [id], where, options)
  if (checkedAt !== undefined) await options.advisories.checked(id, data.feeds[0]!.fingerprint, checkedAt)
  return outcome!
}

/** Fetches a blob whole, so that nothing is imported of one that does not hash to its digest. */
async function download(
  client: RegistryClient,
  { digest, size }: Descriptor,
  file: { writeFile(chunk: Uint8Array): Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256')
  const blob = remoteLayer(client, { digest: digest as Digest, size })
  if (blob.kind !== 'stream') throw new ChiaroError('INTERNAL', 'a remote blob is a stream')
  for await (const chunk of blob.open(signal)) {
    hash.update(chunk)
    await file.writeFile(chunk)
  }
  if (`sha256:${hash.digest('hex')}` === digest) return
  throw new ChiaroError('DIGEST_MISMATCH', 'the data does not hash to its digest', {
    where: `${client.where}, ${digest}`,
  })
}

async function readManifest(client: RegistryClient, tag: string, signal: AbortSignal): Promise<DataManifest> {
  const { bytes } = await client.manifest(tag, signal)
  const where = `${client.where}:${tag}`
  const checked = checkManifest(parse(bytes))
  if ('problem' in checked || checked.value.artifactType !== artifactType) {
    throw new ChiaroError('DATA_FILE_INVALID', 'it is not an artifact of vulnerability data', {
      where,
      advice: 'Name one that "chiaro data push" made.',
    })
  }
  for (const { digest, size } of checked.value.layers) {
    if (isDigest(digest) && digest.startsWith('sha256:') && size <= limits.dataFileBytes) continue
    throw new ChiaroError('DATA_FILE_INVALID', 'it has a blob with an impossible digest or size', { where })
  }
  return checked.value
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
