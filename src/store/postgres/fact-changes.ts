import type { FactChange } from '../../core/store.ts'
import { type ChangedFactRow, factChange } from '../fact-change.ts'
import type { Connection } from './connection.ts'
import { generationRange } from './generations.ts'

/** The facts that differ between two generations of a feed, by name. */
export async function* readFactChanges(
  connection: Connection,
  name: string,
  first: number,
  last: number | undefined,
): AsyncGenerator<FactChange> {
  const { feed, from, to } = await generationRange(connection, name, first, last)
  // The one that is asked for first may be the later one.
  const [early, late] = from <= to ? [from, to] : [to, from]
  for await (const rows of connection.batches<ChangedFactRow>('changed_facts', changedSql, [feed, early, late])) {
    for (const row of rows) yield factChange(row, from <= to)
  }
}

/** What ended between the generations, beside what began between them and lasted. */
const changedSql = `WITH old AS (
    SELECT name, value FROM fact_history WHERE feed = $1 AND from_gen <= $2 AND $2 < to_gen AND to_gen <= $3
  ), new AS (
    SELECT name, value FROM fact WHERE feed = $1 AND $2 < from_gen AND from_gen <= $3
    UNION ALL
    SELECT name, value FROM fact_history WHERE feed = $1 AND $2 < from_gen AND from_gen <= $3 AND $3 < to_gen
  )
  SELECT name, old.value AS old, new.value AS new FROM old FULL JOIN new USING (name)
  WHERE old.value IS DISTINCT FROM new.value ORDER BY name`
