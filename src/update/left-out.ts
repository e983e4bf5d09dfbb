import type { Gap } from '../core/gap.ts'
import type { AdvisoryStore } from '../core/store.ts'

/** The records of a feed that could not be read. */
export interface LeftOut {
  readonly feed: string
  /** How many there are. */
  readonly records: number
  /** The first 1,000 of them; `where` is the id of the record, or its place in the document. */
  readonly gaps: readonly Gap[]
}

/** The records that could not be read of the feeds that `choose` takes of those that are loaded; feeds without any are not in it. */
export async function leftOutOf(
  choose: (loaded: readonly string[]) => readonly string[],
  advisories: AdvisoryStore,
): Promise<readonly LeftOut[]> {
  const statuses = (await advisories.status()).filter(({ generation }) => generation > 0)
  const chosen = new Set(choose(statuses.map(({ feed }) => feed)))
  const damaged = statuses.filter(({ feed, gaps }) => gaps > 0 && chosen.has(feed))
  return Promise.all(
    damaged.map(async ({ feed, gaps: records }) => ({ feed, records, gaps: await advisories.gaps(feed) })),
  )
}
