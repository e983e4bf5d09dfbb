import { isDigest } from '../core/digest.ts'
import { ChiaroError, printable } from '../core/errors.ts'
import type { ImageOptions } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import type { RegistryClient } from '../image/remote/client.ts'
import { checkManifest, type DataManifest } from './artifact-schema.ts'
import type { FeedState } from './data-set.ts'
import type { TransferOptions } from './import.ts'

/**
 * Vulnerability data as an OCI artifact (image-spec 1.1, manifest.md, "Guidelines for Artifact Usage"): a manifest with a blob
 * a feed, each a data file of that one feed (data-file.ts). The blob's annotations say which feed it is and in which state.
 */
export const artifactType = 'application/vnd.chiaro.data.v1'
export const feedMediaType = 'application/vnd.chiaro.feed.v1+zstd'
export const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json'

/** The annotations of a feed's layer. */
export const annotations = {
  feed: 'io.chiaro.feed',
  fingerprint: 'io.chiaro.fingerprint',
  version: 'io.chiaro.version',
  checkedAt: 'io.chiaro.checked-at',
} as const

/** The layer of a feed. */
export type Descriptor = DataManifest['layers'][number]

/** How a registry is reached. */
export interface ArtifactOptions extends TransferOptions {
  readonly image: Pick<ImageOptions, 'offline' | 'registry'>
}

/** The state that a feed's layer is of. */
export function stateOf({ annotations: labels }: Descriptor): FeedState {
  return { fingerprint: labels[annotations.fingerprint] ?? '', version: Number(labels[annotations.version]) }
}

/** Whether two states of a feed are the same. */
export function sameState(left: FeedState, right: FeedState): boolean {
  return left.fingerprint === right.fingerprint && left.version === right.version
}

/** The layers of a manifest by feed. Throws `DATA_FILE_INVALID` for layers that are no feeds, or not two different ones. */
export function feedLayers({ layers }: DataManifest, where: string): Map<string, Descriptor> {
  const byFeed = new Map<string, Descriptor>()
  for (const layer of layers) {
    const { digest, size, annotations: labels } = layer
    const id = labels[annotations.feed]
    const usable = isDigest(digest) && digest.startsWith('sha256:') && size <= limits.dataFileBytes
    if (!usable || id === undefined || byFeed.has(id) || !isTime(labels[annotations.checkedAt])) {
      throw new ChiaroError(
        'DATA_FILE_INVALID',
        `it has a blob that is no feed: ${printable(id ?? digest).slice(0, 100)}`,
        {
          where,
          advice: 'Push it again under another tag.',
        },
      )
    }
    byFeed.set(id, layer)
  }
  return byFeed
}

function isTime(text: string | undefined): boolean {
  return text === undefined || /^\d{4}-\d\d-\d\dT[\d:.]{8,16}Z$/.test(text)
}

/** The manifest of an artifact. Throws `DATA_FILE_INVALID` for that of something else, and what a registry can throw. */
export async function readManifest(client: RegistryClient, tag: string, signal: AbortSignal): Promise<DataManifest> {
  const { bytes } = await client.manifest(tag, signal)
  const checked = checkManifest(parse(bytes))
  if ('value' in checked && checked.value.artifactType === artifactType) return checked.value
  throw new ChiaroError('DATA_FILE_INVALID', 'it is not an artifact of vulnerability data', {
    where: `${client.where}:${tag}`,
    advice: 'Name one that "chiaro data push" made.',
  })
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
