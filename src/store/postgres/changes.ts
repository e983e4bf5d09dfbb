import type { Statement } from '../../core/advisory.ts'
import type { StatementChange } from '../../core/store.ts'
import type { Connection } from './connection.ts'
import { generationRange } from './generations.ts'
import { StatementReader, type StatementRow } from './statement-reader.ts'

/** The statements that differ between two generations of a feed, by scope, name and vulnerability. */
export async function* readChanges(
  connection: Connection,
  name: string,
  first: number,
  last: number | undefined,
): AsyncGenerator<StatementChange> {
  const { feed, from, to } = await generationRange(connection, name, first, last)
  const reader = new StatementReader(connection)
  // The one that is asked for first may be the later one.
  const [early, late] = from <= to ? [from, to] : [to, from]
  for await (const rows of connection.batches<ChangedRow>('changed', changedSql, [feed, early, late])) {
    const ends = rows.map((row) => (from <= to ? endsOf(row) : endsOf(row).toReversed()))
    await reader.prepare(ends.flat())
    for (const [index, { scope, name, vulnerability }] of rows.entries()) {
      const key = { scope, name }
      const [before, after] = ends[index]!.map((end): Statement | undefined => end && reader.statement(key, end))
      const change = before === undefined ? 'added' : after === undefined ? 'closed' : 'changed'
      yield { change, key, vulnerability, before, after }
    }
  }
}

interface ChangedRow {
  readonly scope: string
  readonly name: string
  readonly vulnerability: string
  readonly oldClaim: number | null
  readonly oldFixedIn: string | null
  readonly oldRanges: string | null
  readonly oldAdvisory: string | null
  readonly claim: number | null
  readonly fixedIn: string | null
  readonly ranges: string | null
  readonly advisory: string | null
}

/** The statement before and the one after. */
function endsOf(row: ChangedRow): (StatementRow | undefined)[] {
  const { oldClaim, oldFixedIn, oldRanges, oldAdvisory, claim, fixedIn, ranges, advisory } = row
  return [
    oldClaim === null ? undefined : { claim: oldClaim, fixedIn: oldFixedIn, ranges: oldRanges, advisory: oldAdvisory },
    claim === null ? undefined : { claim, fixedIn, ranges, advisory },
  ]
}

const columns = 'package, vulnerability, claim, fixed_in, ranges, advisory'

/** What ended between the generations, beside what began between them and lasted. */
const changedSql = `WITH own AS MATERIALIZED (
    SELECT package.id, scope.name AS scope, package.name FROM scope JOIN package ON package.scope = scope.id WHERE feed = $1
  ), old AS (
    SELECT ${columns} FROM own JOIN statement_history ON package = own.id
    WHERE from_gen <= $2 AND $2 < to_gen AND to_gen <= $3
  ), new AS (
    SELECT ${columns} FROM own JOIN statement ON package = own.id WHERE $2 < from_gen AND from_gen <= $3
    UNION ALL
    SELECT ${columns} FROM own JOIN statement_history ON package = own.id
    WHERE $2 < from_gen AND from_gen <= $3 AND $3 < to_gen
  )
  SELECT own.scope, own.name, named.name AS vulnerability,
    old.claim AS "oldClaim", old.fixed_in AS "oldFixedIn", old.ranges AS "oldRanges", old.advisory AS "oldAdvisory",
    new.claim, new.fixed_in AS "fixedIn", new.ranges, new.advisory
  FROM old FULL JOIN new USING (package, vulnerability)
    JOIN own ON own.id = package JOIN vulnerability AS named ON named.id = vulnerability
  WHERE (old.claim, old.fixed_in, old.ranges, old.advisory) IS DISTINCT FROM (new.claim, new.fixed_in, new.ranges, new.advisory)
  ORDER BY own.scope, own.name, named.name`
