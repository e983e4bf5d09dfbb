import type { NarrowedKey } from '../../core/advisory.ts'
import { factScope } from '../../core/fleet.ts'
import { limits } from '../../core/limits.ts'
import type { Connection } from './connection.ts'
import { generationRange } from './generations.ts'

/** Keys of one batch. */
const keysAtOnce = 1000

/** The keys of which something else may be said since a generation. */
export function* readChangedKeys(
  connection: Connection,
  name: string,
  first: number,
  last: number,
): Generator<readonly NarrowedKey[]> {
  const { feed, from, to } = generationRange(connection, name, first, last)
  const range = [feed, Math.min(from, to), Math.max(from, to)] as const
  let batch: NarrowedKey[] = []
  for (const key of changedKeys(connection, range, factScope(name))) {
    batch.push(key)
    if (batch.length < keysAtOnce) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function* changedKeys(
  connection: Connection,
  range: readonly [feed: number, from: number, to: number],
  scopeOfFacts: string,
): Generator<NarrowedKey> {
  const statements = connection.prepareArrays(changedSql).iterate(...range, limits.changesOfKey) as unknown as Iterable<
    [scope: string, name: string, vulnerabilities: string | null]
  >
  for (const [scope, name, ids] of statements) {
    yield { scope, name, ...(ids === null ? {} : { vulnerabilities: JSON.parse(ids) as readonly string[] }) }
  }
  const facts = connection.prepareArrays(changedFactsSql).iterate(...range) as unknown as Iterable<[string]>
  for (const [name] of facts) yield { scope: scopeOfFacts, name }
}

/** Statements that began or ended, and those, current or past, of vulnerabilities that did. */
const changedSql = `WITH described AS MATERIALIZED (
    SELECT id FROM vulnerability WHERE feed = ?1 AND (from_gen > ?2 AND from_gen <= ?3 OR to_gen > ?2 AND to_gen <= ?3)
    UNION SELECT vulnerability FROM vulnerability_history JOIN vulnerability AS own ON own.id = vulnerability
    WHERE feed = ?1 AND vulnerability_history.to_gen > ?2 AND vulnerability_history.to_gen <= ?3
  )
  SELECT scope.name, package.name, (
    SELECT CASE WHEN count(*) <= ?4 THEN json_group_array(known.name) END FROM (
      SELECT vulnerability FROM statement WHERE package = package.id
        AND (from_gen > ?2 AND from_gen <= ?3 OR vulnerability IN described)
      UNION SELECT vulnerability FROM statement_history WHERE package = package.id
        AND (from_gen > ?2 AND from_gen <= ?3 OR to_gen > ?2 AND to_gen <= ?3)
    ) AS changed JOIN vulnerability AS known ON known.id = changed.vulnerability
  ) AS vulnerabilities
  FROM scope JOIN package ON package.scope = scope.id WHERE feed = ?1 AND vulnerabilities IS NOT '[]'`

const changedFactsSql = `SELECT name FROM fact WHERE feed = ?1 AND from_gen > ?2 AND from_gen <= ?3
  UNION SELECT name FROM fact_history WHERE feed = ?1 AND (from_gen > ?2 AND from_gen <= ?3 OR to_gen > ?2 AND to_gen <= ?3)`
