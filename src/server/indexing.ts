import { analyzersKey, type Engine, type LayerList, type PullOptions } from '../compose.ts'
import type { Digest } from '../core/digest.ts'
import { ChiaroError } from '../core/errors.ts'
import type { IndexReport } from '../core/report.ts'
import { createSlots, type Slots } from './slots.ts'

/** Indexing what clients submit, for all APIs together. */
export interface Indexing extends Slots {
  /**
   * Indexes and puts into the fleet, whether or not the client waits for it. A known image is looked up, and no more. Who submits
   * the same meanwhile waits for the same, and tries with layers of his own where those of the other cannot be had. Throws
   * what `Engine.indexLayers` throws, and `LIMIT_EXCEEDED` when it takes too long.
   */
  index(list: LayerList): Promise<IndexReport>
  /** Indexes an image that the server pulls itself, and puts it into the fleet under its name. Throws what `Engine.pull` throws, and `LIMIT_EXCEEDED` when it takes too long. */
  pull(reference: string, options: PullOptions): Promise<IndexReport>
}

/** How clients' images are indexed. */
export interface IndexingOptions {
  readonly engine: Engine
  /** How many submissions may be worked on at a time; below zero, any number. */
  readonly places: number
  /** Milliseconds that one may take. */
  readonly time: number
  /** Ends all work. */
  readonly signal: AbortSignal
}

export function createIndexing({ engine, places, time, signal }: IndexingOptions): Indexing {
  const running = new Map<Digest, { readonly list: string; readonly report: Promise<IndexReport> }>()

  async function known({ digest, reference }: LayerList): Promise<IndexReport | undefined> {
    const report = await engine.store.index.image(digest, analyzersKey)
    return report && { ...report, image: { ...report.image, reference, tags: [] } }
  }

  async function work(list: LayerList): Promise<IndexReport> {
    try {
      return await inTime(list.reference, signal, async (stop) => {
        const index = () => engine.indexLayers(list, { signal: stop, progress: () => {} })
        const report = (await known(list)) ?? (await engine.store.lock(`index ${list.digest}`, stop, index))
        await engine.fleet.add(report, [], stop)
        return report
      })
    } finally {
      running.delete(list.digest)
    }
  }

  async function inTime<T>(where: string, given: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    const end = () => stop.abort(given.reason)
    if (given.aborted) end()
    given.addEventListener('abort', end, { once: true })
    const late = new ChiaroError('LIMIT_EXCEEDED', `indexing takes longer than ${time / 1000} s`, { where })
    const timer = setTimeout(() => stop.abort(late), time)
    try {
      return await run(stop.signal)
    } finally {
      clearTimeout(timer)
      given.removeEventListener('abort', end)
    }
  }

  return {
    ...createSlots(places),
    async index(list) {
      const own = JSON.stringify(list)
      for (;;) {
        const other = running.get(list.digest)
        if (other === undefined) break
        try {
          return await other.report
        } catch (error) {
          if (other.list === own) throw error
        }
      }
      const report = work(list)
      running.set(list.digest, { list: own, report })
      return report
    },
    pull: (reference, options) =>
      inTime(reference, options.signal, async (stop) => {
        const report = await engine.pull(reference, { ...options, signal: stop })
        await engine.fleet.add(report, report.image.tags, stop)
        return report
      }),
  }
}
