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

/** Those of the feeds that are missing or older than `maxAge` milliseconds. */
export async function staleFeeds(
  feeds: readonly Feed[],
  store: AdvisoryStore,
  maxAge: number,
  now: Date,
): Promise<readonly Feed[]> {
  const statuses = new Map((await store.status(feeds.map(({ id }) => id))).map((status) => [status.feed, status]))
  return feeds.filter((feed) => !isFresh(feed, statuses.get(feed.id), maxAge, now))
}
