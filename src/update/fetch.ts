import type { Feed, Fetched, Spool } from '../core/feed.ts'
import type { Progress } from '../core/progress.ts'

/** Brings the files of a feed into `spool`, if they changed since `last`. Throws what `Feed.fetch` throws. */
export async function fetchFeed(
  feed: Feed,
  spool: Spool,
  last: string | undefined,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Fetched | 'unchanged'> {
  progress({
    step: feed.id,
    label: `${feed.id}: fetching`,
    unit: 'bytes',
    done: 0,
    total: undefined,
    finished: false,
  })
  return feed.fetch(spool, last, signal)
}
