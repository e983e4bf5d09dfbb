import type { FeedRecord } from '../core/advisory.ts'
import type { Feed, Fetched, Spool } from '../core/feed.ts'
import type { ImportResult } from '../core/feed-outcome.ts'
import type { Progress } from '../core/progress.ts'
import type { AdvisoryStore } from '../core/store.ts'
import { createTurns } from '../io/turns.ts'

/** How many records pass between two reports of progress. */
const reportedRecords = 1000
/** How many records pass, at least, before others get their turn. */
const turnRecords = 100

/** Imports what was fetched from `place`. Throws what `Feed.parse` and `AdvisoryStore.import` throw; the data is then as it was. */
export async function importFeed(
  feed: Feed,
  spool: Spool,
  { fingerprint, dataTime, partial }: Fetched,
  options: {
    readonly store: AdvisoryStore
    readonly place: string
    readonly progress: Progress
    readonly signal: AbortSignal
  },
): Promise<ImportResult> {
  const report = (done: number) =>
    options.progress({
      step: feed.id,
      label: `${feed.id}: importing`,
      unit: 'records',
      done,
      total: undefined,
      finished: false,
    })
  report(0)
  const records = counted(await feed.parse(spool, options.signal), report, createTurns(options.signal))
  return options.store.import(
    {
      feed: { ...feed, url: options.place },
      fingerprint,
      dataTime,
      records,
      ...(partial === undefined ? {} : { partial }),
    },
    options.signal,
  )
}

/** The same records, counted, with turns for others. Not a generator: one more promise a record is a tenth of the time of an import. */
function counted(
  records: AsyncIterable<FeedRecord>,
  report: (done: number) => void,
  giveTurn: () => Promise<void>,
): AsyncIterable<FeedRecord> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = records[Symbol.asyncIterator]()
      let done = 0
      return {
        next: () => {
          if (++done % reportedRecords === 0) report(done)
          return done % turnRecords === 0 ? giveTurn().then(() => iterator.next()) : iterator.next()
        },
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}
