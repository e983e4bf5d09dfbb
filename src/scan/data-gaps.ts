import type { Coverage } from '../core/ecosystem.ts'
import type { Gap } from '../core/gap.ts'
import { ownFeedId } from '../core/own-feed.ts'
import type { AdvisoryStore, FeedStatus } from '../core/store.ts'

/** How old data may be, or as of when it is asked for. */
interface DataTime {
  readonly maxDataAge: number
  readonly asOf: string | undefined
  readonly now: Date
}

/** What the data that an image needs cannot tell: missing, stale or damaged feeds, a release that no statement is about. */
export async function dataGaps(
  coverage: Coverage,
  statuses: readonly FeedStatus[],
  options: DataTime & { readonly advisories: AdvisoryStore; readonly enrich: boolean },
): Promise<readonly Gap[]> {
  const known = new Map(statuses.map((status) => [status.feed, status]))
  const gaps: Gap[] = coverage.feeds.flatMap((feed) => feedGaps(feed.id, known.get(feed.id), options))
  const loaded = coverage.feeds.some((feed) => (known.get(feed.id)?.generation ?? 0) > 0)
  if (loaded) {
    const sizes = await options.advisories.scopeSizes(coverage.scopes, options.asOf)
    for (const scope of coverage.scopes) {
      // What people have added themselves is not what a vendor says of a release.
      const own = known.get(ownFeedId(scope))?.records ?? 0
      if ((sizes.get(scope) ?? 0) > own) continue
      const detail = 'The data does not say anything about this release, so nothing could be found in it.'
      gaps.push({ code: 'release-without-data', where: scope, detail })
    }
  }
  // Where nothing was found for lack of data, no name is missing.
  return loaded && options.enrich ? [...gaps, ...advisoryGaps(coverage, known, options)] : gaps
}

/** One gap for all the data that only names advisories. */
function advisoryGaps(
  { advisories = [] }: Coverage,
  known: ReadonlyMap<string, FeedStatus>,
  time: DataTime,
): readonly Gap[] {
  const missing = advisories.flatMap((feed) => feedGaps(feed.id, known.get(feed.id), time))
  if (missing.length === 0) return []
  const where = [...new Set(missing.map((gap) => gap.where))].join(', ')
  return [
    {
      code: 'enrichment-missing',
      where,
      detail: `Fixes may lack the names of their advisories. ${missing[0]!.detail}`,
    },
  ]
}

function feedGaps(feed: string, status: FeedStatus | undefined, time: DataTime): readonly Gap[] {
  const reason = status?.lastError === undefined ? '' : ` The last attempt failed: ${status.lastError.message}`
  if (status === undefined || status.generation === 0) {
    const never = `This feed was never loaded.${reason}`
    const then = `There was no data of this feed at ${time.asOf}, or it is not kept any more.`
    return [{ code: 'data-missing', where: feed, detail: time.asOf === undefined ? never : then }]
  }
  const gaps: Gap[] = []
  if (isStale(status, time)) {
    gaps.push({ code: 'data-stale', where: feed, detail: `Last found to be current at ${status.checkedAt}.${reason}` })
  }
  if (status.gaps > 0) {
    const records = status.gaps === 1 ? '1 record' : `${status.gaps} records`
    gaps.push({
      code: 'data-record-unreadable',
      where: feed,
      detail: `${records} could not be read and were left out.`,
    })
  }
  return gaps
}

/** Of a clock that was wrong, a time ahead is no better than one that is long ago. */
function isStale({ checkedAt }: FeedStatus, { maxDataAge, asOf, now }: DataTime): boolean {
  if (asOf !== undefined) return false
  return checkedAt === null || Math.abs(now.getTime() - Date.parse(checkedAt)) > maxDataAge
}
