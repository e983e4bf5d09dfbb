import type { Feed, Fetched, Spool } from '../core/feed.ts'
import type { Progress } from '../core/progress.ts'
import type { OnBytes } from '../io/spool.ts'

/** Tells the progress of fetching a feed: of its documents one after the other, as their number is not known. */
export function fetchProgress(feed: Feed, progress: Progress): OnBytes {
  return (done, total) =>
    progress({ step: feed.id, label: `${feed.id}: fetching`, unit: 'bytes', done, total, finished: false })
}

/** Brings the files of a feed into `spool`, if they changed since `last`. Throws what `Feed.fetch` throws. */
export async function fetchFeed(
  feed: Feed,
  spool: Spool,
  last: string | undefined,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Fetched | 'unchanged'> {
  fetchProgress(feed, progress)(0, undefined)
  return feed.fetch(spool, last, signal)
}
