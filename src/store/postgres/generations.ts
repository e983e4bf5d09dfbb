import { type GenerationRange, type GenerationRow, rangeOf } from '../generation-range.ts'
import type { Connection } from './connection.ts'

/**
 * SQL for the generation of the feed in the row `feed` that was current at a time, a parameter that is null for now: null where
 * that is the current one, 0 where there was none. What was true in it: current rows with `from_gen` up to it, and history
 * rows from `from_gen` to before `to_gen`.
 */
export function generationAtSql(time: string): string {
  return `CASE WHEN ${time}::text IS NOT NULL THEN nullif((SELECT coalesce(max(number), 0) FROM generation
    WHERE generation.feed = feed.id AND imported_at <= ${time}::text COLLATE "C"), feed.generation) END`
}

/** The parameter for `generationAtSql`. */
export function timeOf(asOf: string | undefined): string | null {
  return asOf === undefined ? null : new Date(asOf).toISOString()
}

/** Checks what two generations are asked for. Throws `FEED_UNKNOWN` and `CONFIG_INVALID`. */
export async function generationRange(
  connection: Connection,
  name: string,
  from: number,
  to: number | undefined,
): Promise<GenerationRange> {
  const rows = await connection.rows<GenerationRow>(
    'SELECT feed, number FROM feed JOIN generation ON generation.feed = feed.id WHERE name = $1 ORDER BY number',
    [name],
  )
  return rangeOf(name, rows, from, to)
}
