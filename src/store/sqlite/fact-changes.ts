import type { FactChange } from '../../core/store.ts'
import { type ChangedFactRow, factChange } from '../fact-change.ts'
import type { Connection } from './connection.ts'
import { generationRange } from './generations.ts'

/** The facts that differ between two generations of a feed, by name. */
export function* readFactChanges(
  connection: Connection,
  name: string,
  first: number,
  last: number | undefined,
): Generator<FactChange> {
  const { feed, from, to } = generationRange(connection, name, first, last)
  // The one that is asked for first may be the later one.
  const [early, late] = from <= to ? [from, to] : [to, from]
  const rows = connection.prepare(changedSql).iterate({ feed, early, late }) as unknown as Iterable<ChangedFactRow>
  for (const row of rows) yield factChange(row, from <= to)
}

/** What ended between the generations, beside what began between them and lasted. */
const changedSql = `WITH old AS MATERIALIZED (
    SELECT name, value FROM fact_history WHERE feed = :feed AND from_gen <= :early AND :early < to_gen AND to_gen <= :late
  ), new AS MATERIALIZED (
    SELECT name, value FROM fact WHERE feed = :feed AND :early < from_gen AND from_gen <= :late
    UNION ALL
    SELECT name, value FROM fact_history WHERE feed = :feed AND :early < from_gen AND from_gen <= :late AND :late < to_gen
  )
  SELECT name, old.value AS old, new.value AS new FROM old FULL JOIN new USING (name)
  WHERE old.value IS NOT new.value ORDER BY name`
