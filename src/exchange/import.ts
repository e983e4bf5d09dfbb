import type { FeedRecord } from '../core/advisory.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Feed } from '../core/feed.ts'
import type { ImportResult } from '../core/feed-outcome.ts'
import type { Gap } from '../core/gap.ts'
import type { Progress } from '../core/progress.ts'
import type { AdvisoryStore, FeedStatus, ImportSource } from '../core/store.ts'
import type { VersionScheme } from '../core/versions.ts'
import type { DataSet, ExportedFeed, FeedState } from './data-set.ts'
import { chooseFeeds } from './feed-names.ts'
import { watched } from './watched.ts'

/** What is needed to carry data out of a store, and into one. */
export interface TransferOptions {
  readonly advisories: AdvisoryStore
  /** The feeds that are known, for what they say of themselves. */
  readonly feeds: readonly Feed[]
  /** How the versions in a scope are ordered, where that is known. */
  readonly versions: (scope: string) => VersionScheme | undefined
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** What became of a feed. `unchanged`: what is loaded is the same already. */
export interface TransferOutcome {
  readonly feed: string
  readonly url: string
  readonly outcome: 'imported' | 'unchanged'
  readonly result?: ImportResult
}

/** What became of what was read. */
export interface Transfer {
  readonly feeds: readonly TransferOutcome[]
  /** What has no place here. */
  readonly leftOut: readonly Gap[]
}

/**
 * Imports the feeds that `names` mean, or all: every one of them, or none where anything is wrong. Throws
 * `DATA_FILE_INVALID`, also for a difference to a state that is not the current one here, and `FEED_UNKNOWN` for a name that
 * means none of the feeds.
 */
export async function importFeeds(
  data: DataSet,
  names: readonly string[],
  where: string,
  options: TransferOptions,
): Promise<Transfer> {
  const { advisories, signal } = options
  const ids = data.feeds.map(({ id }) => id)
  const chosen = new Set(chooseFeeds(names, ids, { where, advice: `It has ${ids.join(', ')}.` }))
  const wanted = data.feeds.filter(({ id }) => chosen.has(id))
  const known = await statesOf([...chosen], advisories)
  const changed = wanted.filter((feed) => !isAt(feed, known.get(feed.id)))
  const sources = changed.map((feed): ImportSource => {
    const base = baseOf(feed, known.get(feed.id), where)
    const records = watched(data.records(feed), { label: `${feed.id}: importing`, step: feed.id }, options)
    const source = importSource(feed, base, feed === changed.at(-1) ? finishing(records, data) : records)
    return data.judged ? { ...source, judged: true } : source
  })
  if (sources.length === 0) await data.finish()
  const results = sources.length === 0 ? [] : await advisories.importAll(sources, signal)
  for (const feed of wanted) if (!changed.includes(feed)) await noteChecked(feed, known.get(feed.id)!, advisories)
  const feeds = wanted.map((feed): TransferOutcome => {
    const result = results[changed.indexOf(feed)]
    const about = { feed: feed.id, url: feed.url }
    return result === undefined ? { ...about, outcome: 'unchanged' } : { ...about, outcome: 'imported', result }
  })
  return { feeds, leftOut: data.leftOut }
}

/** What is loaded of a feed, and by what it is known: a fetch that brought nothing new gives it another name. */
export interface LoadedFeed {
  readonly status: FeedStatus
  readonly states: readonly FeedState[]
}

/** What is loaded of the feeds of these ids. */
export async function statesOf(
  ids: readonly string[],
  advisories: AdvisoryStore,
): Promise<ReadonlyMap<string, LoadedFeed>> {
  const loaded = (await advisories.status(ids)).filter(({ generation }) => generation > 0)
  const entries = loaded.map(async (status) => {
    const generations = await advisories.generations(status.feed)
    const own = generations.filter(({ number }) => number === status.generation)
    const { fingerprint = '', version } = status
    const states = [{ fingerprint, version }, ...own, ...own.map((state) => ({ ...state, version }))]
    return [status.feed, { status, states }] as const
  })
  return new Map(await Promise.all(entries))
}

/** Whether what is loaded of a feed is this state of it. */
export function isAt(state: FeedState, loaded: LoadedFeed | undefined): boolean {
  return (
    loaded?.states.some(({ fingerprint, version }) => fingerprint === state.fingerprint && version === state.version) ??
    false
  )
}

/** Reads everything to its end before the import that it is for is complete, so that nothing of what is damaged stays. */
async function* finishing(records: AsyncIterable<FeedRecord>, data: DataSet): AsyncGenerator<FeedRecord> {
  yield* records
  await data.finish()
}

function importSource(feed: ExportedFeed, base: number | undefined, records: AsyncIterable<FeedRecord>): ImportSource {
  const { id, url, version, keepsHistory, mayBeEmpty, fingerprint, dataTime } = feed
  return {
    feed: {
      id,
      url,
      version,
      ...(keepsHistory === undefined ? {} : { keepsHistory }),
      ...(mayBeEmpty === undefined ? {} : { mayBeEmpty }),
    },
    fingerprint,
    dataTime,
    checkedAt: checkedAtOf(feed),
    ...(base === undefined ? {} : { partial: true, base }),
    records,
  }
}

/** When nobody says that it was checked, it is as old as it says itself. No clock goes ahead of ours. */
function checkedAtOf({ checkedAt, dataTime }: ExportedFeed): string {
  const time = Date.parse(checkedAt ?? dataTime ?? '')
  return new Date(Number.isNaN(time) ? 0 : Math.min(time, Date.now())).toISOString()
}

/** The generation that the records of a feed are the difference to, if they are one. */
function baseOf({ id, since }: ExportedFeed, loaded: LoadedFeed | undefined, where: string): number | undefined {
  if (since === undefined) return undefined
  if (loaded !== undefined && isAt(since, loaded)) return loaded.status.generation
  const state = loaded === undefined ? 'is not loaded here' : 'is in another state here'
  throw new ChiaroError('DATA_FILE_INVALID', `it has only what changed in ${id} since a state, and ${id} ${state}`, {
    where,
    advice: 'Export it without --since, or since the state that is loaded here.',
  })
}

/** That the same was found to be current later than was known here. */
async function noteChecked(feed: ExportedFeed, { status }: LoadedFeed, advisories: AdvisoryStore): Promise<void> {
  const checkedAt = checkedAtOf(feed)
  if ((status.checkedAt ?? '') >= checkedAt) return
  await advisories.checked(feed.id, status.fingerprint ?? feed.fingerprint, checkedAt)
}
