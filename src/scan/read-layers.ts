import { availableParallelism } from 'node:os'
import { abortedError, throwIfAborted } from '../core/abort.ts'
import type { Analyzer } from '../core/analyzer.ts'
import type { LayerBlob } from '../core/image.ts'
import type { LayerIndex } from '../core/layer-index.ts'
import { createTurns } from '../io/turns.ts'
import { fileChunks, type LayerIdentity, LayerReader } from './analyze-layer.ts'
import type { LayerTask } from './layer-messages.ts'
import { LayerThread, type OpenStream } from './layer-thread.ts'

/** A layer that has to be read. */
export interface LayerJob {
  readonly layer: LayerIdentity
  readonly blob: Exclude<LayerBlob, { kind: 'absent' }>
  /** Told the bytes of the blob that have been read. */
  onProgress(bytes: number): void
  /** Told what the layer says, as soon as it is known. */
  onIndex(index: LayerIndex): Promise<void>
}

/** How layers are to be read. */
export interface ReadOptions {
  readonly analyzers: readonly Analyzer[]
  /** The module that calls `serveLayers` with the same analyzers. */
  readonly worker: URL
  readonly signal: AbortSignal
}

/** Files with no more bytes than this together are read right here: a thread would take longer to start. */
const inlineBytes = 1024 * 1024

/**
 * Reads layers, several at a time. Throws what the first layer that fails throws, `ABORTED` as soon as the signal is; all
 * threads have ended then.
 */
export async function readLayers(jobs: readonly LayerJob[], options: ReadOptions): Promise<void> {
  throwIfAborted(options.signal)
  const bytes = jobs.reduce((sum, { blob }) => sum + (blob.kind === 'file' ? blob.size : Number.POSITIVE_INFINITY), 0)
  if (bytes > inlineBytes) return readInThreads(jobs, options)
  for (const job of jobs) await job.onIndex(await readInline(job, options))
}

async function readInThreads(jobs: readonly LayerJob[], { worker, signal }: ReadOptions): Promise<void> {
  // The largest first: a large one at the end would leave the other threads idle.
  const queue = [...jobs].sort((left, right) => sizeOf(right) - sizeOf(left))
  await using threads = new AsyncDisposableStack()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(abortedError(signal))
  signal.addEventListener('abort', abort, { once: true })
  threads.defer(() => signal.removeEventListener('abort', abort))
  const count = Math.min(availableParallelism(), queue.length)
  const work = Array.from({ length: count }, async () => {
    const thread = threads.use(new LayerThread(worker))
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const { task, open } = taskOf(job, signal)
      await job.onIndex(await thread.read(task, open, job.onProgress))
    }
  })
  await Promise.race([Promise.all(work), aborted.promise])
}

/** Bytes of the blob; one that does not say may be large. */
function sizeOf({ layer }: LayerJob): number {
  return layer.size ?? Number.MAX_SAFE_INTEGER
}

function taskOf({ layer, blob }: LayerJob, signal: AbortSignal): { task: LayerTask; open: OpenStream | undefined } {
  if (blob.kind === 'directory') return { task: { kind: 'directory', path: blob.path }, open: undefined }
  if (blob.kind === 'file') {
    const { path, offset, size } = blob
    return { task: { kind: 'file', layer, path, offset, size }, open: undefined }
  }
  return { task: { kind: 'stream', layer }, open: (stopped) => blob.open(AbortSignal.any([signal, stopped])) }
}

/** Small steps of reading between which others get their turn: a small blob can inflate to something large. */
const inlineChunk = 16 * 1024

async function readInline({ layer, blob }: LayerJob, { analyzers, signal }: ReadOptions): Promise<LayerIndex> {
  if (blob.kind !== 'file') throw new TypeError('only files are read inline')
  const { path, offset, size } = blob
  const giveTurn = createTurns(signal)
  const first = await pass(new Set())
  return first.linkSources.size === 0 ? first.index : (await pass(first.linkSources)).index

  async function pass(linkSources: ReadonlySet<string>) {
    const reader = new LayerReader(layer, analyzers, linkSources)
    for (const chunk of fileChunks(path, offset, size, layer.digest, inlineChunk)) {
      reader.push(chunk)
      await giveTurn()
    }
    return reader.finish()
  }
}
