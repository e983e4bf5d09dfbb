import type { AdvisoryKey, NarrowedKey } from '../../core/advisory.ts'
import { factScope } from '../../core/fleet.ts'
import { limits } from '../../core/limits.ts'
import type { Connection } from './connection.ts'
import { generationRange } from './generations.ts'
import { decodeText } from './text.ts'

/** The keys of which something else may be said since a generation. */
export async function* readChangedKeys(
  connection: Connection,
  name: string,
  first: number,
  last: number,
): AsyncGenerator<readonly NarrowedKey[]> {
  const { feed, from, to } = await generationRange(connection, name, first, last)
  const range = [feed, Math.min(from, to), Math.max(from, to)]
  const statements = connection.batches<ChangedRow>('changed_keys', changedSql, [...range, limits.changesOfKey])
  for await (const rows of statements) yield rows.map(keyOf)
  for await (const rows of connection.batches<{ readonly name: string }>('changed_facts', changedFactsSql, range)) {
    yield rows.map((row) => ({ scope: factScope(name), name: row.name }))
  }
}

/** A key with the ids of vulnerabilities, unless they are too many. */
type ChangedRow = AdvisoryKey & { readonly vulnerabilities: readonly string[] | null }

function keyOf({ scope, name, vulnerabilities }: ChangedRow): NarrowedKey {
  return { scope, name, ...(vulnerabilities === null ? {} : { vulnerabilities: vulnerabilities.map(decodeText) }) }
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
    SELECT package, vulnerability FROM own JOIN statement ON package = own.id WHERE ${within('from_gen')}
    UNION
    SELECT package, vulnerability FROM described JOIN statement ON vulnerability = described.id
    UNION
    SELECT package, vulnerability FROM own JOIN statement_history ON package = own.id
    WHERE ${within('from_gen')} OR ${within('to_gen')}
  ), keyed AS (
    SELECT package, CASE WHEN count(*) <= $4 THEN array_agg(vulnerability.name) END AS vulnerabilities
    FROM changed JOIN vulnerability ON vulnerability.id = changed.vulnerability GROUP BY package
  )
  SELECT scope, name, vulnerabilities FROM keyed JOIN own ON own.id = package`

const changedFactsSql = `SELECT name FROM fact WHERE feed = $1 AND ${within('from_gen')}
  UNION
  SELECT name FROM fact_history WHERE feed = $1 AND (${within('from_gen')} OR ${within('to_gen')})`

function within(column: string): string {
  return `${column} > $2 AND ${column} <= $3`
}
