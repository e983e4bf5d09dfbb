import { type GenerationRange, type GenerationRow, rangeOf } from '../generation-range.ts'
import type { Connection } from './connection.ts'

/**
 * The generation of a feed that was current at `asOf`: `undefined` where that is the current one, 0 where there was none. What
 * was true in it: current rows with `from_gen` up to it, and history rows from `from_gen` to before `to_gen`.
 */
export function generationAt(connection: Connection, feed: string, asOf: string | undefined): number | undefined {
  if (asOf === undefined) return undefined
  const row = connection
    .prepare(
      `SELECT generation AS current, (
         SELECT coalesce(max(number), 0) FROM generation WHERE generation.feed = feed.id AND imported_at <= ?
       ) AS number FROM feed WHERE name = ?`,
    )
    .get(new Date(asOf).toISOString(), feed) as { current: number; number: number } | undefined
  return row === undefined || row.number === row.current ? undefined : row.number
}

/** Checks what two generations are asked for. Throws `FEED_UNKNOWN` and `CONFIG_INVALID`. */
export function generationRange(
  connection: Connection,
  name: string,
  from: number,
  to: number | undefined,
): GenerationRange {
  const rows = connection
    .prepare(
      'SELECT feed, number FROM feed JOIN generation ON generation.feed = feed.id WHERE name = ? ORDER BY number',
    )
    .all(name) as unknown as GenerationRow[]
  return rangeOf(name, rows, from, to)
}
