import { cveId } from '../core/cve.ts'
import type { Enricher } from '../core/enricher.ts'
import type { Feed } from '../core/feed.ts'
import type { Gap } from '../core/gap.ts'
import { limits } from '../core/limits.ts'
import type { AdvisoryStore, FeedStatus } from '../core/store.ts'

/** Names that are listed; of others it is said how many there are. */
const namesShown = 3

/** What of an enricher's data findings are enriched with. */
export interface EnricherData {
  /** The feeds that are needed. */
  readonly feeds: readonly Feed[]
  /** What is loaded of them, and of the enricher's others. */
  readonly statuses: readonly FeedStatus[]
  /** The vulnerabilities that are asked for. */
  readonly ids: readonly string[]
}

/** The gap of an enricher, if any of its data is missing, out of date or unreadable as far as it matters here: one for all of it. */
export async function enrichmentGap(
  enricher: Enricher,
  { feeds, statuses, ids }: EnricherData,
  options: { readonly advisories: AdvisoryStore; readonly maxDataAge: number; readonly now: Date },
): Promise<readonly Gap[]> {
  const needed = feeds.map(({ id }) => statuses.find(({ feed }) => feed === id) ?? id)
  const missing = needed.filter((status) => typeof status === 'string' || status.generation === 0)
  const loaded = needed.filter((status) => typeof status !== 'string' && status.generation > 0) as FeedStatus[]
  const stale = loaded.filter(
    ({ checkedAt }) => checkedAt === null || options.now.getTime() - Date.parse(checkedAt) > options.maxDataAge,
  )
  const unread = await unreadIds(statuses, new Set(ids), options.advisories)
  const parts = [
    ...(missing.length === 0 ? [] : [`never loaded: ${named(missing)}`]),
    ...(stale.length === 0 ? [] : [`out of date: ${named(stale)}`]),
    ...(unread.length === 0 ? [] : [`could not be read: ${named(unread)}`]),
  ]
  if (parts.length === 0) return []
  const error = [...missing, ...stale].map((status) => (typeof status === 'string' ? undefined : status.lastError))
  const reason = error.find((each) => each !== undefined)
  const failure = reason === undefined ? '' : ` The last attempt failed: ${reason.message}`
  const detail = `Findings may lack ${enricher.gives}; ${parts.join('; ')}.${failure}`
  return [{ code: 'enrichment-missing', where: enricher.id, detail }]
}

/** What could not be read, and is or may be about these vulnerabilities. */
async function unreadIds(
  statuses: readonly FeedStatus[],
  ids: ReadonlySet<string>,
  advisories: AdvisoryStore,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const { feed, gaps } of statuses) {
    if (gaps === 0) continue
    const kept = await advisories.gaps(feed)
    const about = kept.filter(({ where }) => ids.has(where) || !cveId.test(where))
    found.push(...about.map(({ where }) => `${where} of ${feed}`))
    if (gaps > limits.feedGapsKept) found.push(`others of ${feed}`)
  }
  return found
}

function named(feeds: readonly (string | FeedStatus)[]): string {
  const names = feeds.slice(0, namesShown).map((status) => (typeof status === 'string' ? status : status.feed))
  const more = feeds.length - names.length
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`
}
