import { abortedError, throwIfAborted } from '../core/abort.ts'
import { type ErrorCode, isChiaroError, messageOf } from '../core/errors.ts'
import type { Feed, Spool } from '../core/feed.ts'
import type { Progress } from '../core/progress.ts'
import type { AdvisoryStore, FeedStatus, ImportResult } from '../core/store.ts'
import { fetchFeed } from './fetch.ts'
import { isCurrent, isFresh } from './fresh.ts'
import { importFeed } from './import.ts'

/** How to bring feeds up to date. */
export interface UpdateFeedsOptions {
  readonly store: AdvisoryStore
  /** Makes a spool, one for each feed that is fetched. */
  readonly spool: () => Spool
  /** Milliseconds for which data that was found current counts as current; without it the source is always asked. */
  readonly maxAge: number | undefined
  /** Fetch and import although nothing changed. */
  readonly force: boolean
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly now: Date
}

/** What became of one feed. */
export interface FeedOutcome {
  readonly feed: string
  readonly url: string
  /**
   * `imported`: read anew. `unchanged`: the source has nothing new. `fresh`: young enough, the source was not asked.
   * `failed`: what was loaded before is still there.
   */
  readonly outcome: 'imported' | 'unchanged' | 'fresh' | 'failed'
  /** What the import did, if there was one. */
  readonly result?: ImportResult
  /** Why it failed. */
  readonly error?: { readonly code: ErrorCode; readonly message: string }
}

/** Feeds that are fetched at the same time, each from another host at best. */
const parallelFetches = 4

/** What is wrong with more than one feed. */
const fatal: ReadonlySet<ErrorCode> = new Set(['ABORTED', 'CONFIG_INVALID', 'DATABASE_FAILED', 'DATABASE_NEWER'])

/**
 * Brings feeds up to date: several are fetched at a time, one is imported. A feed that fails is an outcome, noted in the store,
 * and the others go on. Data made by another version of its parser is imported anew, whatever its source says. The
 * outcomes are in the order of `feeds`. Throws `ABORTED`, `CONFIG_INVALID`, `DATABASE_FAILED` and `DATABASE_NEWER`.
 */
export async function updateFeeds(
  feeds: readonly Feed[],
  options: UpdateFeedsOptions,
): Promise<readonly FeedOutcome[]> {
  const statuses = await options.store.status(feeds.map(({ id }) => id))
  const known = new Map(statuses.map((status) => [status.feed, status]))
  // Not AbortSignal.any: the state of such a signal is asked for with every record, and is slow to tell.
  const stop = new AbortController()
  const abort = () => stop.abort(options.signal.reason)
  if (options.signal.aborted) abort()
  options.signal.addEventListener('abort', abort, { once: true })
  const updater = new Updater({ ...options, signal: stop.signal })
  const outcomes: FeedOutcome[] = []
  const waiting = feeds.entries()

  async function work(): Promise<void> {
    try {
      for (const [index, feed] of waiting) {
        throwIfAborted(stop.signal)
        outcomes[index] = await updater.update(feed, known.get(feed.id))
      }
    } catch (error) {
      stop.abort(error)
      throw error
    }
  }
  try {
    const workers = Array.from({ length: parallelFetches }, work)
    await Promise.allSettled(workers)
    await Promise.all(workers)
    return outcomes
  } finally {
    options.signal.removeEventListener('abort', abort)
  }
}

class Updater {
  readonly #options: UpdateFeedsOptions
  /** Ends when the last import asked for so far has. */
  #imports: Promise<unknown> = Promise.resolve()

  constructor(options: UpdateFeedsOptions) {
    this.#options = options
  }

  async update(feed: Feed, status: FeedStatus | undefined): Promise<FeedOutcome> {
    const { store, progress, signal } = this.#options
    const about = { feed: feed.id, url: feed.url }
    if (this.#isFresh(feed, status)) return { ...about, outcome: 'fresh' }
    try {
      return { ...about, ...(await this.#bring(feed, isCurrent(feed, status) ? status.fingerprint : undefined)) }
    } catch (error) {
      if (signal.aborted) throw abortedError(signal)
      if (isChiaroError(error) && fatal.has(error.code)) throw error
      const code = isChiaroError(error) ? error.code : 'INTERNAL'
      const failure = { code, message: messageWithPlace(error) }
      await store.failed(feed, failure)
      return { ...about, outcome: 'failed', error: failure }
    } finally {
      progress({ step: feed.id, label: feed.id, unit: 'records', done: 0, total: undefined, finished: true })
    }
  }

  async #bring(feed: Feed, last: string | undefined): Promise<Pick<FeedOutcome, 'outcome' | 'result'>> {
    const { store, progress, signal, force } = this.#options
    await using spool = this.#options.spool()
    const fetched = await fetchFeed(feed, spool, force ? undefined : last, { progress, signal })
    if (fetched === 'unchanged') {
      await store.checked(feed.id, last!)
      return { outcome: fetched }
    }
    const result = await this.#inTurn(() => importFeed(feed, spool, fetched, { store, progress, signal }))
    return { outcome: 'imported', result }
  }

  #isFresh(feed: Feed, status: FeedStatus | undefined): boolean {
    const { maxAge, force, now } = this.#options
    return !force && maxAge !== undefined && isFresh(feed, status, maxAge, now)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#imports.then(work)
    this.#imports = turn.catch(() => undefined)
    return turn
  }
}

function messageWithPlace(error: unknown): string {
  const message = messageOf(error)
  return isChiaroError(error) && error.where !== undefined ? `${message} (${error.where})` : message
}
