import type { AdvisoryKey } from '../../core/advisory.ts'
import { factScope } from '../../core/fleet.ts'
import type { Connection } from './connection.ts'
import { generationRange } from './generations.ts'

/** The keys of which something else may be said since a generation. */
export async function* readChangedKeys(
  connection: Connection,
  name: string,
  first: number,
  last: number,
): AsyncGenerator<readonly AdvisoryKey[]> {
  const { feed, from, to } = await generationRange(connection, name, first, last)
  const range = [feed, Math.min(from, to), Math.max(from, to)]
  yield* connection.batches<AdvisoryKey>('changed_keys', changedSql, range)
  for await (const rows of connection.batches<{ readonly name: string }>('changed_facts', changedFactsSql, range)) {
    yield rows.map((row) => ({ scope: factScope(name), name: row.name }))
  }
}

/** Statements that began or ended, and those of vulnerabilities that did. */
const changedSql = `WITH own AS MATERIALIZED (
    SELECT package.id, scope.name AS scope, package.name FROM scope JOIN package ON package.scope = scope.id WHERE feed = $1
  ), described AS (
    SELECT id FROM vulnerability WHERE feed = $1 AND (${within('from_gen')} OR ${within('to_gen')})
    UNION
    SELECT vulnerability FROM vulnerability_history AS past JOIN vulnerability AS known ON known.id = vulnerability
    WHERE feed = $1 AND ${within('past.to_gen')}
  ), changed AS (
    SELECT package FROM own JOIN statement ON package = own.id WHERE ${within('from_gen')}
    UNION
    SELECT package FROM described JOIN statement ON vulnerability = described.id
    UNION
    SELECT package FROM own JOIN statement_history ON package = own.id WHERE ${within('from_gen')} OR ${within('to_gen')}
  )
  SELECT scope, name FROM changed JOIN own ON own.id = package`

const changedFactsSql = `SELECT name FROM fact WHERE feed = $1 AND ${within('from_gen')}
  UNION
  SELECT name FROM fact_history WHERE feed = $1 AND (${within('from_gen')} OR ${within('to_gen')})`

function within(column: string): string {
  return `${column} > $2 AND ${column} <= $3`
}
