import type { Feed } from '../core/feed.ts'
import type { AdvisoryStore, FeedStatus } from '../core/store.ts'

/** Whether a feed's data can be used further: made by this version of its parser. */
export function isCurrent(feed: Feed, status: FeedStatus | undefined): status is FeedStatus {
  return status !== undefined && status.generation > 0 && status.version === feed.version
}

/** Whether a feed was found current at most `maxAge` milliseconds ago; of a clock that was wrong, no more than that ahead. */
export function isFresh(feed: Feed, status: FeedStatus | undefined, maxAge: number, now: Date): boolean {
  if (!isCurrent(feed, status) || status.checkedAt === null) return false
  return Math.abs(now.getTime() - Date.parse(status.checkedAt)) <= maxAge
}

/** Which feeds are asked for, in milliseconds. */
export interface Staleness {
  /** Data that was found current no longer ago is good. */
  readonly maxAge: number
  /** A source that failed no longer ago is left alone. */
  readonly retryAfter: number
}

/** Those of the feeds that are missing or too old, and did not fail just now, by a clock that may have been set back since. */
export async function staleFeeds(
  feeds: readonly Feed[],
  store: AdvisoryStore,
  { maxAge, retryAfter }: Staleness,
  now: Date,
): Promise<readonly Feed[]> {
  const statuses = new Map((await store.status(feeds.map(({ id }) => id))).map((status) => [status.feed, status]))
  return feeds.filter((feed) => {
    const status = statuses.get(feed.id)
    if (isFresh(feed, status, maxAge, now)) return false
    const failedAt = status?.lastError?.at
    return failedAt === undefined || Math.abs(now.getTime() - Date.parse(failedAt)) >= retryAfter
  })
}
