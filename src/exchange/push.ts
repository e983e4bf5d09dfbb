import { createHash } from 'node:crypto'
import type { Digest } from '../core/digest.ts'
import { ChiaroError, isChiaroError } from '../core/errors.ts'
import type { RegistryClient } from '../image/remote/client.ts'
import { openRepository } from '../image/remote/repository.ts'
import { uploadBlob, uploadManifest } from '../image/remote/upload.ts'
import { openNamelessFile } from '../io/nameless-file.ts'
import {
  type ArtifactOptions,
  annotations,
  artifactType,
  type Descriptor,
  feedLayers,
  feedMediaType,
  manifestMediaType,
  readManifest,
  sameState,
  stateOf,
} from './artifact.ts'
import { compressed } from './compressed.ts'
import { writeDataFile } from './data-file.ts'
import type { FeedExport } from './data-set.ts'

const emptyMediaType = 'application/vnd.oci.empty.v1+json'
const empty = Buffer.from('{}')

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
  const { client, tag, name } = repository
  if (name.digest !== undefined) {
    throw new ChiaroError('REFERENCE_INVALID', 'a digest cannot be pushed to', {
      where: reference,
      advice: 'Name a tag: REGISTRY/NAME:TAG.',
    })
  }
  const there = await readManifest(client, tag, options.signal).catch((error: unknown) => {
    if (isChiaroError(error, 'IMAGE_NOT_FOUND')) return undefined
    throw error
  })
  const layers = there === undefined ? new Map<string, Descriptor>() : feedLayers(there, `${client.where}:${tag}`)
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
    if (known !== undefined && sameState(stateOf(known), item.feed)) {
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
  for await (const chunk of compressed(writeDataFile([{ ...item, feed }]), 'zstd')) {
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
