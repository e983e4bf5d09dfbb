import { throwIfAborted } from '../core/abort.ts'
import type { FeedRecord } from '../core/advisory.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Feed } from '../core/feed.ts'
import type { Progress } from '../core/progress.ts'
import type { AdvisoryStore, FeedStatus, Generation, ImportResult, ImportSource } from '../core/store.ts'
import type { DataFile, ExportedFeed, FeedExport } from './data-file.ts'

/** What is needed to carry data out of a store, and into one. */
export interface TransferOptions {
  readonly advisories: AdvisoryStore
  /** The feeds that are known, for what they say of themselves. */
  readonly feeds: readonly Feed[]
  readonly signal: AbortSignal
  readonly progress: Progress
}

/**
 * What there is to export of the loaded feeds among `ids`, or of all that are loaded. With `since`, a time (ISO 8601) or a
 * generation's number, only what changed after the state of then. Throws `FEED_UNKNOWN` for one that was never loaded,
 * and `CONFIG_INVALID` for a state that is not there (any more).
 */
export async function exportFeeds(
  ids: readonly string[] | undefined,
  since: string | number | undefined,
  options: TransferOptions,
): Promise<readonly FeedExport[]> {
  const { advisories } = options
  const loaded = (await advisories.status(ids)).filter(({ generation }) => generation > 0)
  if (loaded.length === 0) {
    const what = ids === undefined ? 'no feed is loaded' : `${ids.join(', ')}: nothing of it is loaded`
    throw new ChiaroError('FEED_UNKNOWN', what, {
      advice: 'Load it with "chiaro update"; "chiaro data" shows what is there.',
    })
  }
  return Promise.all(loaded.map((status) => exportOf(status, since, options)))
}

async function exportOf(
  status: FeedStatus,
  since: string | number | undefined,
  { advisories, feeds, signal, progress }: TransferOptions,
): Promise<FeedExport> {
  const { feed: id, url, version, fingerprint = '', dataTime, checkedAt } = status
  const { keepsHistory, mayBeEmpty } = feeds.find((feed) => feed.id === id) ?? {}
  // Of what keeps no history it is not known what was removed.
  const base =
    since === undefined || keepsHistory === false ? undefined : baseOf(id, since, await advisories.generations(id))
  const records = async function* (): AsyncGenerator<FeedRecord> {
    yield* watched(advisories.records(id, base?.number), `${id}: exporting`, id, signal, progress)
    for (const gap of await advisories.gaps(id)) yield gap
  }
  const exported: ExportedFeed = {
    id,
    url,
    version,
    ...(keepsHistory === undefined ? {} : { keepsHistory }),
    ...(mayBeEmpty === undefined ? {} : { mayBeEmpty }),
    fingerprint,
    ...(dataTime === null ? {} : { dataTime }),
    ...(checkedAt === null ? {} : { checkedAt }),
    ...(base === undefined ? {} : { since: { fingerprint: base.fingerprint, version: base.version } }),
  }
  return { feed: exported, records: records() }
}

/** The generation that was current at a time, or has a number; `undefined` for everything, where there was none yet. */
function baseOf(feed: string, since: string | number, generations: readonly Generation[]): Generation | undefined {
  if (typeof since === 'string')
    return generations.findLast(({ importedAt }) => Date.parse(importedAt) <= Date.parse(since))
  const found = generations.find(({ number }) => number === since)
  if (found !== undefined || since === 0) return found
  throw new ChiaroError('CONFIG_INVALID', `${feed} has no generation ${since}`, {
    where: feed,
    advice: `It has ${generations.map(({ number }) => number).join(', ')}.`,
  })
}

/** What became of a feed in a data file. `unchanged`: what is loaded is the same already. */
export interface TransferOutcome {
  readonly feed: string
  readonly url: string
  readonly outcome: 'imported' | 'unchanged'
  readonly result?: ImportResult
}

/**
 * Imports the feeds of a data file, those among `ids` if some are named: all of them, or none where anything is wrong with
 * the file. Throws `DATA_FILE_INVALID`, also for a difference to a state that is not the current one here, and `FEED_UNKNOWN`
 * where the file has none of those named.
 */
export async function importFeeds(
  file: DataFile,
  ids: readonly string[] | undefined,
  where: string,
  options: TransferOptions,
): Promise<readonly TransferOutcome[]> {
  const { advisories, signal, progress } = options
  const wanted = file.feeds.filter(({ id }) => ids === undefined || ids.includes(id))
  if (wanted.length === 0 && ids !== undefined) throw feedsMissing(where, file.feeds)
  const statuses = new Map((await advisories.status(wanted.map(({ id }) => id))).map((status) => [status.feed, status]))
  const changed = wanted.filter((feed) => !isSame(feed, statuses.get(feed.id)))
  for (const feed of changed) checkBase(feed, statuses.get(feed.id), where)
  const sources = changed.map((feed): ImportSource => {
    const records = watched(file.records(feed), `${feed.id}: importing`, feed.id, signal, progress)
    return importSource(feed, feed === changed.at(-1) ? finishing(records, file) : records)
  })
  if (sources.length === 0) await file.finish()
  const results = await advisories.importAll(sources, signal)
  for (const feed of wanted) if (!changed.includes(feed)) await noteChecked(feed, statuses.get(feed.id), advisories)
  return wanted.map((feed): TransferOutcome => {
    const result = results[changed.indexOf(feed)]
    const about = { feed: feed.id, url: feed.url }
    return result === undefined ? { ...about, outcome: 'unchanged' } : { ...about, outcome: 'imported', result }
  })
}

/** The error for a source that has none of the feeds that are wanted. */
export function feedsMissing(where: string, feeds: readonly { readonly id: string }[]): ChiaroError {
  return new ChiaroError('FEED_UNKNOWN', 'it has none of the feeds that are asked for', {
    where,
    advice: `It has ${feeds.map(({ id }) => id).join(', ')}.`,
  })
}

/** Reads the file to its end before the import that it is for is complete, so that nothing of a damaged one stays. */
async function* finishing(records: AsyncIterable<FeedRecord>, file: DataFile): AsyncGenerator<FeedRecord> {
  yield* records
  await file.finish()
}

/** A feed of a data file as the store imports it. */
export function importSource(feed: ExportedFeed, records: AsyncIterable<FeedRecord>): ImportSource {
  const { id, url, version, keepsHistory, mayBeEmpty, fingerprint, dataTime, checkedAt, since } = feed
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
    ...(checkedAt === undefined ? {} : { checkedAt }),
    ...(since === undefined ? {} : { partial: true }),
    records,
  }
}

function isSame(feed: ExportedFeed, status: FeedStatus | undefined): boolean {
  return status !== undefined && status.generation > 0 && isAt(feed, status)
}

function isAt(state: { readonly fingerprint: string; readonly version: number }, status: FeedStatus): boolean {
  return status.fingerprint === state.fingerprint && status.version === state.version
}

function checkBase({ id, since }: ExportedFeed, status: FeedStatus | undefined, where: string): void {
  if (since === undefined || (status !== undefined && isAt(since, status))) return
  const state = status === undefined || status.generation === 0 ? 'is not loaded here' : 'is in another state here'
  throw new ChiaroError('DATA_FILE_INVALID', `it has only what changed in ${id} since a state, and ${id} ${state}`, {
    where,
    advice: 'Export it without --since, or since the state that is loaded here.',
  })
}

/** That the same was found to be current later than was known here. */
async function noteChecked(
  { id, fingerprint, checkedAt }: ExportedFeed,
  status: FeedStatus | undefined,
  advisories: AdvisoryStore,
): Promise<void> {
  if (checkedAt === undefined || (status?.checkedAt ?? '') >= checkedAt) return
  await advisories.checked(id, fingerprint, checkedAt)
}

/** How many records pass between two reports of progress. */
const reportedRecords = 1000

async function* watched(
  records: AsyncIterable<FeedRecord>,
  label: string,
  step: string,
  signal: AbortSignal,
  progress: Progress,
): AsyncGenerator<FeedRecord> {
  let done = 0
  for await (const record of records) {
    if (done % reportedRecords === 0) {
      throwIfAborted(signal)
      progress({ step, label, unit: 'records', done, total: undefined, finished: false })
    }
    done++
    yield record
  }
  progress({ step, label, unit: 'records', done, total: undefined, finished: true })
}
