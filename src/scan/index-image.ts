import { throwIfAborted } from '../core/abort.ts'
import type { Analyzer } from '../core/analyzer.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Image, Layer } from '../core/image.ts'
import type { LayerIndex } from '../core/layer-index.ts'
import { limits } from '../core/limits.ts'
import { PathSet } from '../core/path-set.ts'
import type { Progress } from '../core/progress.ts'
import type { IndexReport, ReportImage } from '../core/report.ts'
import { squash } from '../core/squash.ts'
import type { IndexStore } from '../core/store.ts'
import type { LayerJob } from './read-layers.ts'

/** How an image is to be indexed. */
export interface IndexOptions {
  readonly analyzers: readonly Analyzer[]
  /** Identifies the analyzers and their versions; what the store knows is good for exactly these. */
  readonly analyzersKey: string
  readonly store: IndexStore | undefined
  readonly progress: Progress
  readonly signal: AbortSignal
  /** The index report is relied on, and not only kept for speed: `IndexStore.putImage`. */
  readonly required?: boolean
  /** The module of the worker threads, which has the same analyzers. Default: `worker` of this package. */
  readonly worker?: URL
}

/** Beside `src`, or beside the bundle's `chunks`. */
const defaultWorker = import.meta.url.endsWith('.ts') ? '../worker.ts' : '../worker.js'

/**
 * Tells what is in an image. An image that the store knows is not opened, a layer that it knows is not read; what is new is
 * stored. Throws `LAYER_INVALID`, `DIGEST_MISMATCH`, `LIMIT_EXCEEDED`, `ABORTED`, and what reading the blobs throws.
 */
export async function indexImage(image: Image, options: IndexOptions): Promise<IndexReport> {
  const { analyzers, analyzersKey, store, signal } = options
  throwIfAborted(signal)
  const known = image.known ?? (image.digest && (await store?.image(image.digest, analyzersKey)))
  if (known) return { ...known, image: { ...known.image, reference: image.reference, tags: image.tags } }
  if (image.layers.length > limits.layers) {
    throw new ChiaroError('LIMIT_EXCEEDED', `the image has more than ${limits.layers} layers`, {
      where: image.reference,
    })
  }
  const layers = await layerIndexes(image, options)
  const report = squash(reportImage(image, layers), layers, [
    ...new Set(analyzers.flatMap((analyzer) => analyzer.anchors)),
  ])
  const complete = image.layers.every(({ blob }) => blob.kind !== 'absent')
  if (image.digest !== undefined && complete) await store?.putImage(report, analyzersKey, options.required)
  return report
}

/** What each layer says: as the store knows it, else as it is read. */
async function layerIndexes(image: Image, options: IndexOptions): Promise<readonly LayerIndex[]> {
  const found = new Map<string, LayerIndex>()
  const jobs: LayerJob[] = []
  const asked = new Set<string>()
  for (const [place, layer] of image.layers.entries()) {
    const identity = identityOf(layer, place)
    if (asked.has(identity)) continue
    asked.add(identity)
    const index = await knownIndex(layer, options)
    if (index === undefined) jobs.push(jobOf(image, place, options, (read) => found.set(identity, read)))
    else found.set(identity, index)
  }
  if (jobs.length > 0) {
    const { readLayers } = await import('./read-layers.ts')
    const { analyzers, signal, worker = new URL(defaultWorker, import.meta.url) } = options
    await readLayers(jobs, { analyzers, signal, worker })
  }
  return image.layers.map((layer, place) => found.get(identityOf(layer, place))!)
}

/** The same for layers that are the same. */
function identityOf({ digest, diffId, blob }: Layer, place: number): string {
  const unique = blob.kind === 'absent' || blob.kind === 'directory' || digest === undefined
  return unique ? `${place}` : `${digest} ${diffId ?? ''}`
}

async function knownIndex({ digest, diffId, blob }: Layer, options: IndexOptions): Promise<LayerIndex | undefined> {
  if (blob.kind === 'absent') {
    const nonDirectories = PathSet.of([])
    return { digest, diffId, files: [], whiteouts: [], opaques: [], nonDirectories, gaps: [blob.gap] }
  }
  if (digest === undefined) return undefined
  return options.store?.layer(digest, diffId, options.analyzersKey)
}

function jobOf(
  image: Image,
  place: number,
  { store, analyzersKey, progress }: IndexOptions,
  keep: (index: LayerIndex) => void,
): LayerJob {
  const { digest, diffId, blob } = image.layers[place]!
  if (blob.kind === 'absent') throw new TypeError('an absent layer cannot be read')
  const total = blob.kind === 'directory' ? undefined : blob.size
  const event = (done: number, finished: boolean) =>
    progress({
      step: `layer-${place}`,
      label: `layer ${place + 1} of ${image.layers.length}`,
      unit: 'bytes',
      done,
      total,
      finished,
    })
  return {
    layer: { digest, diffId, size: total, where: `${image.reference}, layer ${digest ?? diffId ?? place + 1}` },
    blob,
    onProgress: (bytes) => event(bytes, false),
    onIndex: async (index) => {
      keep(index)
      if (index.digest !== undefined) await store?.putLayer(index, analyzersKey)
      event(total ?? 0, true)
    },
  }
}

function reportImage(
  { reference, tags, digest, configDigest, platform, layers }: Image,
  indexes: readonly LayerIndex[],
): ReportImage {
  return {
    reference,
    tags,
    digest,
    configDigest,
    platform,
    layers: layers.map(({ createdBy, ...layer }, place) => ({
      digest: layer.digest ?? indexes[place]?.digest,
      diffId: layer.diffId ?? indexes[place]?.diffId,
      createdBy,
    })),
  }
}
