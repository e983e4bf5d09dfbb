import { throwIfAborted } from '../core/abort.ts'
import type { FeedRecord } from '../core/advisory.ts'
import type { Progress } from '../core/progress.ts'
import { createTurns } from '../io/turns.ts'

/** How many records pass between two reports of progress, and between two looks at whether others wait for their turn. */
const reportedRecords = 1000
const recordsOfTurn = 100

/** The same records, until the signal, with progress. */
export async function* watched(
  records: AsyncIterable<FeedRecord>,
  { label, step }: { readonly label: string; readonly step: string },
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: Progress },
): AsyncGenerator<FeedRecord> {
  const giveTurn = createTurns(signal)
  let done = 0
  for await (const record of records) {
    if (done % reportedRecords === 0) {
      throwIfAborted(signal)
      progress({ step, label, unit: 'records', done, total: undefined, finished: false })
    }
    if (done % recordsOfTurn === 0) await giveTurn()
    done++
    yield record
  }
  progress({ step, label, unit: 'records', done, total: undefined, finished: true })
}
