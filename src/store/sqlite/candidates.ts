import type { Candidate, NarrowedKey, Statement } from '../../core/advisory.ts'
import { type DistinctKey, distinctKeys } from '../../core/advisory-keys.ts'
import type { CandidateOptions } from '../../core/store.ts'
import { RowDamaged } from '../row-damaged.ts'
import type { Connection } from './connection.ts'
import { generationAt } from './generations.ts'
import { StatementReader, statementColumns } from './statement-reader.ts'
import { readVulnerabilities } from './vulnerabilities.ts'

/** A statement that was found, before its vulnerability is. */
interface Found {
  readonly statement: Statement
  readonly vulnerability: number
  readonly feed: ScopeRow
}

/** A scope of a feed, and the generation that is asked for; `undefined` for the current one. */
interface ScopeRow {
  readonly id: number
  readonly feed: string
  readonly generation: number | undefined
}

/**
 * The statements for the keys, of all feeds, with their vulnerabilities. Those that `wanted` refuses are left out before
 * their vulnerabilities are read, which is most of the work.
 */
export function findCandidates(
  connection: Connection,
  keys: readonly NarrowedKey[],
  options: CandidateOptions,
): readonly Candidate[] {
  const found = findStatements(connection, keys, options)
  const wanted = new Map(found.map(({ vulnerability, feed }) => [vulnerability, feed.generation]))
  const vulnerabilities = readVulnerabilities(connection, wanted)
  return found.map(({ statement, vulnerability: id, feed: { feed } }) => {
    const vulnerability = vulnerabilities.get(id)
    if (vulnerability === undefined) throw new RowDamaged('a vulnerability is missing')
    return { statement, vulnerability, feed }
  })
}

/**
 * One look-up a key: on real data as quick as one query for all of them. Most rows of a key say the same (a kernel has
 * thousands, of a few hundred fixed versions), and share one statement.
 */
function findStatements(
  connection: Connection,
  keys: readonly NarrowedKey[],
  { wanted, asOf }: CandidateOptions,
): readonly Found[] {
  const found: Found[] = []
  const reader = new StatementReader(connection)
  for (const [scope, own] of Map.groupBy(distinctKeys(keys).values(), ({ key }) => key.scope)) {
    for (const feed of findScopes(connection, scope, asOf)) {
      for (const asked of own) {
        const { key } = asked
        const rows = findRows(connection, feed, asked)
        const statements = new Map<string, Statement | undefined>()
        for (const row of rows) {
          const [claim, fixedIn, ranges, advisory, vulnerability] = row
          const same = `${claim} ${fixedIn?.length} ${ranges?.length} ${advisory?.length} ${fixedIn}${ranges}${advisory}`
          let statement = statements.get(same)
          if (statement === undefined && !statements.has(same)) {
            statement = reader.statement(key, row)
            if (wanted?.(statement) === false) statement = undefined
            statements.set(same, statement)
          }
          if (statement !== undefined) found.push({ statement, vulnerability, feed })
        }
      }
    }
  }
  return found
}

type FoundRow = [
  claim: number,
  fixedIn: string | null,
  ranges: string | null,
  advisory: string | null,
  vulnerability: number,
]

function findRows(
  connection: Connection,
  { id, generation }: ScopeRow,
  { key: { name }, vulnerabilities }: DistinctKey,
): readonly FoundRow[] {
  if (generation !== undefined) {
    return connection
      .prepareArrays(pastSql)
      .all(id, name, generation, id, name, generation, generation) as unknown as FoundRow[]
  }
  if (vulnerabilities === undefined) {
    return connection.prepareArrays(currentSql).all(id, name) as unknown as FoundRow[]
  }
  const ids = JSON.stringify([...vulnerabilities])
  return connection.prepareArrays(narrowedSql).all(id, name, ids) as unknown as FoundRow[]
}

const currentSql = `SELECT ${statementColumns}, vulnerability FROM package JOIN statement ON statement.package = package.id
  WHERE package.scope = ? AND package.name = ?`
/** By the vulnerabilities: a kernel has thousands, of which a few are wanted. */
const narrowedSql = `SELECT ${statementColumns}, own.id FROM package JOIN scope ON scope.id = package.scope
    CROSS JOIN json_each(?3) AS wanted CROSS JOIN vulnerability AS own ON own.feed = scope.feed AND own.name = wanted.value
    CROSS JOIN statement ON statement.package = package.id AND statement.vulnerability = own.id
  WHERE package.scope = ?1 AND package.name = ?2`
const pastSql = `${currentSql} AND from_gen <= ?
  UNION ALL SELECT ${statementColumns}, vulnerability FROM package JOIN statement_history AS past ON past.package = package.id
  WHERE package.scope = ? AND package.name = ? AND from_gen <= ? AND ? < to_gen`

function findScopes(connection: Connection, scope: string, asOf: string | undefined): readonly ScopeRow[] {
  const rows = connection
    .prepare('SELECT scope.id, feed.name AS feed FROM scope JOIN feed ON feed.id = scope.feed WHERE scope.name = ?')
    .all(scope) as { id: number; feed: string }[]
  return rows.map(({ id, feed }) => ({ id, feed, generation: generationAt(connection, feed, asOf) }))
}
