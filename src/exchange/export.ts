import type { FeedRecord } from '../core/advisory.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Gap } from '../core/gap.ts'
import { findGeneration } from '../core/generation.ts'
import type { AdvisoryStore, FeedStatus } from '../core/store.ts'
import { badRecord } from '../feeds/gaps.ts'
import type { ExportedFeed, FeedExport } from './data-set.ts'
import { chooseFeeds } from './feed-names.ts'
import type { TransferOptions } from './import.ts'
import { watched } from './watched.ts'

/**
 * What there is to export of the loaded feeds that `names` mean, or of all that are loaded. With `since`, a time (ISO 8601)
 * or a generation's number, only what changed after the state of then. Throws `FEED_UNKNOWN` for one that was never loaded,
 * and `CONFIG_INVALID` for a state that is not there (any more).
 */
export async function exportFeeds(
  names: readonly string[],
  since: string | number | undefined,
  options: TransferOptions,
): Promise<readonly FeedExport[]> {
  const loaded = (await options.advisories.status()).filter(({ generation }) => generation > 0)
  const advice = 'Load it with "chiaro update"; "chiaro data" shows what is there.'
  if (loaded.length === 0) throw new ChiaroError('FEED_UNKNOWN', 'no feed is loaded', { advice })
  const ids = loaded.map(({ feed }) => feed)
  const chosen = new Set(chooseFeeds(names, ids, { advice }))
  return Promise.all(loaded.filter(({ feed }) => chosen.has(feed)).map((status) => exportOf(status, since, options)))
}

async function exportOf(
  status: FeedStatus,
  since: string | number | undefined,
  options: TransferOptions,
): Promise<FeedExport> {
  const { feed: id, url, version, generation, dataTime, checkedAt } = status
  const { keepsHistory, mayBeEmpty } = options.feeds.find((feed) => feed.id === id) ?? {}
  const generations = await options.advisories.generations(id)
  // Of what keeps no history it is not known what was removed.
  const base = since === undefined || keepsHistory === false ? undefined : findGeneration(id, since, generations)
  const feed: ExportedFeed = {
    id,
    url,
    version,
    ...(keepsHistory === undefined ? {} : { keepsHistory }),
    ...(mayBeEmpty === undefined ? {} : { mayBeEmpty }),
    // That of the feed itself changes with every fetch, though all that it brought was known.
    fingerprint: generations.find(({ number }) => number === generation)?.fingerprint ?? status.fingerprint ?? '',
    ...(dataTime === null ? {} : { dataTime }),
    ...(checkedAt === null ? {} : { checkedAt }),
    ...(base === undefined ? {} : { since: { fingerprint: base.fingerprint, version: base.version } }),
  }
  const records = recordsOf(status, base?.number, options)
  return { feed, records: watched(records, { label: `${id}: exporting`, step: id }, options) }
}

async function* recordsOf(
  status: FeedStatus,
  since: number | undefined,
  { advisories }: TransferOptions,
): AsyncGenerator<FeedRecord> {
  const gaps = await gapsOf(status, advisories)
  let begun = false
  for await (const record of advisories.records(status.feed, since)) {
    if (!begun) await checkUnchanged(status, advisories)
    begun = true
    yield record
  }
  if (!begun) await checkUnchanged(status, advisories)
  yield* gaps
}

/** The gaps of a feed. Those that are only counted stay so many. */
async function gapsOf({ feed, gaps }: FeedStatus, advisories: AdvisoryStore): Promise<readonly Gap[]> {
  const kept = await advisories.gaps(feed)
  const rest = badRecord(feed, 'what it was is not known any more')
  return [...kept, ...Array.from({ length: Math.max(0, gaps - kept.length) }, () => rest)]
}

/** What was read since `status` is of one generation if that is still the current one. */
async function checkUnchanged({ feed, generation }: FeedStatus, advisories: AdvisoryStore): Promise<void> {
  const [now] = await advisories.status([feed])
  if (now?.generation === generation) return
  throw new ChiaroError('FEED_FAILED', `${feed} was brought up to date while it was exported`, {
    where: feed,
    advice: 'Export it again.',
  })
}
