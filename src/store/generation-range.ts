import { ChiaroError } from '../core/errors.ts'

/** A feed by its row, and two of its generations. */
export interface GenerationRange {
  readonly feed: number
  readonly from: number
  readonly to: number
}

/** A generation of the feed that is asked for, with the number of the feed's row. */
export interface GenerationRow {
  readonly feed: number
  readonly number: number
}

/**
 * Checks what two generations of a feed are asked for; `rows` are those that it has, the oldest first. Throws `FEED_UNKNOWN` where
 * there are none, and `CONFIG_INVALID`.
 */
export function rangeOf(
  name: string,
  rows: readonly GenerationRow[],
  from: number,
  to: number | undefined,
): GenerationRange {
  const [oldest, newest] = [rows[0], rows.at(-1)]
  if (oldest === undefined || newest === undefined) {
    throw new ChiaroError('FEED_UNKNOWN', `${name} was never loaded`, {
      where: name,
      advice: '"chiaro data" shows what is loaded.',
    })
  }
  for (const wanted of [from, to ?? newest.number]) {
    if (wanted === 0 || rows.some(({ number }) => number === wanted)) continue
    throw new ChiaroError('CONFIG_INVALID', `${name} has no generation ${wanted}`, {
      where: name,
      advice: `It has ${oldest.number} to ${newest.number}; others were removed, as "chiaro data gc" does, or never were.`,
    })
  }
  return { feed: newest.feed, from, to: to ?? newest.number }
}

/** What cannot be removed. */
export function notRemovable(feed: string, number: number, reason: string): ChiaroError {
  return new ChiaroError('CONFIG_INVALID', `generation ${number} of ${feed} stays: ${reason}`, {
    where: feed,
    advice: 'Import other data first.',
  })
}
