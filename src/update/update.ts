import { abortedError, throwIfAborted } from '../core/abort.ts'
import { ChiaroError, type ErrorCode, isChiaroError, messageOf } from '../core/errors.ts'
import type { Feed } from '../core/feed.ts'
import type { FeedOutcome } from '../core/feed-outcome.ts'
import { limits } from '../core/limits.ts'
import type { Progress } from '../core/progress.ts'
import type { AdvisoryStore, FeedStatus, Store } from '../core/store.ts'
import type { Spools } from '../io/spools.ts'
import { fetchFeed, fetchProgress } from './fetch.ts'
import { isCurrent, isFresh } from './fresh.ts'
import { importFeed } from './import.ts'
import { FeedQueue, type QueuedFeed } from './queue.ts'

/** How to bring feeds up to date. */
export interface UpdateFeedsOptions {
  readonly store: AdvisoryStore
  /** Keeps other processes from updating a feed at the same time. */
  readonly lock: Store['lock']
  readonly spools: Spools
  /** Milliseconds for which data that was found current counts as current; without it the source is always asked. */
  readonly maxAge: number | undefined
  /** Fetch and import although nothing changed. */
  readonly force: boolean
  readonly signal: AbortSignal
  readonly progress: Progress
  /** Is told of each feed as soon as it is done. */
  readonly onOutcome?: ((outcome: FeedOutcome) => void) | undefined
  readonly now: Date
}

/** What is wrong with more than one feed. */
const fatal: ReadonlySet<ErrorCode> = new Set(['ABORTED', 'CONFIG_INVALID', 'DATABASE_FAILED', 'DATABASE_NEWER'])

/** The step of progress that counts the feeds. */
const allFeeds = 'feeds'

/**
 * Brings feeds up to date: `limits.feedsAtOnce` at a time, of which one is imported, and no host is asked for more than
 * `limits.feedFetchesPerHost`. A feed that fails is an outcome, noted in the store, and the others go on. Data made by another
 * version of its parser is imported anew, whatever its source says. The outcomes are in the order of `feeds`. Throws `ABORTED`,
 * `CONFIG_INVALID`, `DATABASE_FAILED` and `DATABASE_NEWER`.
 */
export async function updateFeeds(
  feeds: readonly Feed[],
  options: UpdateFeedsOptions,
): Promise<readonly FeedOutcome[]> {
  // Not AbortSignal.any: the state of such a signal is asked for with every record, and is slow to tell.
  const stop = new AbortController()
  const abort = () => stop.abort(options.signal.reason)
  if (options.signal.aborted) abort()
  options.signal.addEventListener('abort', abort, { once: true })
  const updater = new Updater({ ...options, signal: stop.signal })
  const queue = new FeedQueue(feeds, options.spools.hostOf)
  const outcomes: FeedOutcome[] = []
  const report = (finished: boolean) => {
    if (feeds.length < 2) return
    const done = outcomes.filter(Boolean).length
    options.progress({ step: allFeeds, label: 'feeds', unit: 'items', done, total: feeds.length, finished })
  }

  async function work(): Promise<void> {
    try {
      for (let next = await queue.next(stop.signal); next !== undefined; next = await queue.next(stop.signal)) {
        const outcome = await updater.update(next)
        outcomes[next.index] = outcome
        options.onOutcome?.(outcome)
        report(false)
      }
      throwIfAborted(stop.signal)
    } catch (error) {
      stop.abort(error)
      throw error
    }
  }
  try {
    report(false)
    const workers = Array.from({ length: limits.feedsAtOnce }, work)
    await Promise.allSettled(workers)
    await Promise.all(workers)
    return outcomes
  } finally {
    report(true)
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

  async update(queued: QueuedFeed): Promise<FeedOutcome> {
    const { store, lock, spools, progress, signal } = this.#options
    const { feed } = queued
    const about = { feed: feed.id, url: spools.placeOf(feed.url) }
    const before = await this.#status(feed)
    if (this.#isFresh(feed, before)) {
      queued.fetched()
      return { ...about, outcome: 'fresh' }
    }
    try {
      const brought = await lock(`feed:${feed.id}`, signal, () => this.#bring(queued, before))
      return { ...about, ...brought }
    } catch (error) {
      if (signal.aborted) throw abortedError(signal)
      if (isChiaroError(error) && fatal.has(error.code)) throw error
      const code = isChiaroError(error) ? error.code : 'INTERNAL'
      const failure = { code, message: messageWithPlace(error) }
      await store.failed({ id: feed.id, url: about.url }, failure)
      return { ...about, outcome: 'failed', error: failure }
    } finally {
      queued.fetched()
      progress({ step: feed.id, label: feed.id, unit: 'records', done: 0, total: undefined, finished: true })
    }
  }

  /** Fetches and imports a feed that no other process updates meanwhile. `before`: its status before the wait for that. */
  async #bring(
    { feed, fetched: ready }: QueuedFeed,
    before: FeedStatus | undefined,
  ): Promise<Pick<FeedOutcome, 'outcome' | 'result'>> {
    const { store, progress, signal, force, spools } = this.#options
    const status = await this.#status(feed)
    if (!force && isCurrent(feed, status) && status.checkedAt !== before?.checkedAt) return { outcome: 'fresh' }
    const last = isCurrent(feed, status) && !force ? status.fingerprint : undefined
    await using spool = spools.open(fetchProgress(feed, progress))
    const fetched = await fetchFeed(feed, spool, last, { progress, signal })
    ready()
    if (fetched === 'unchanged') {
      if (last === undefined) {
        throw new ChiaroError('FEED_FAILED', `${feed.id} is said to be unchanged, but was never loaded`, {
          where: feed.url,
        })
      }
      await store.checked(feed.id, last)
      return { outcome: fetched }
    }
    const place = spools.placeOf(feed.url)
    const result = await this.#inTurn(() => importFeed(feed, spool, fetched, { store, place, progress, signal }))
    return { outcome: 'imported', result }
  }

  async #status(feed: Feed): Promise<FeedStatus | undefined> {
    return (await this.#options.store.status([feed.id]))[0]
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
