import type { AdvisoryKey, Candidate, Statement, Vulnerability } from '../../core/advisory.ts'
import { type Claim, decodeClaim, decodeVulnerability } from './codec.ts'
import type { Connection } from './connection.ts'
import { RowDamaged } from './failure.ts'

/** A statement that was found, before its vulnerability is. */
interface Found {
  readonly statement: Statement
  readonly vulnerability: number
  readonly feed: string
}

/**
 * The current statements for the keys, of all feeds, with their vulnerabilities. Those that `wanted` refuses are left out
 * before their vulnerabilities are read, which is most of the work.
 */
export function findCandidates(
  connection: Connection,
  keys: readonly AdvisoryKey[],
  wanted: ((statement: Statement) => boolean) | undefined,
): readonly Candidate[] {
  const found = findStatements(connection, keys, wanted)
  const vulnerabilities = readVulnerabilities(connection, new Set(found.map(({ vulnerability }) => vulnerability)))
  return found.map(({ statement, vulnerability: id, feed }) => {
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
  keys: readonly AdvisoryKey[],
  wanted: ((statement: Statement) => boolean) | undefined,
): readonly Found[] {
  const found: Found[] = []
  const claims = new Map<number, Claim>()
  const find = connection.prepareArrays(
    `SELECT claim, fixed_in, advisory, vulnerability FROM package JOIN statement ON statement.package = package.id
     WHERE package.scope = ? AND package.name = ?`,
  )
  for (const [scope, names] of byScope(keys)) {
    for (const { id, feed } of findScopes(connection, scope)) {
      for (const [name, key] of names) {
        const rows = find.all(id, name) as unknown as StatementRow[]
        const statements = new Map<string, Statement | undefined>()
        for (const row of rows) {
          const [claim, fixedIn, advisory, vulnerability] = row
          const same = `${claim} ${fixedIn?.length} ${advisory?.length} ${fixedIn}${advisory}`
          let statement = statements.get(same)
          if (statement === undefined && !statements.has(same)) {
            statement = toStatement(key, row, claimOf(connection, claims, claim))
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

type StatementRow = [claim: number, fixedIn: string | null, advisory: string | null, vulnerability: number]

function byScope(keys: readonly AdvisoryKey[]): ReadonlyMap<string, ReadonlyMap<string, AdvisoryKey>> {
  const scopes = new Map<string, Map<string, AdvisoryKey>>()
  for (const { scope, name } of keys) {
    let names = scopes.get(scope)
    if (names === undefined) {
      names = new Map()
      scopes.set(scope, names)
    }
    if (!names.has(name)) names.set(name, { scope, name })
  }
  return scopes
}

function findScopes(connection: Connection, scope: string): readonly { id: number; feed: string }[] {
  return connection
    .prepare('SELECT scope.id, feed.name AS feed FROM scope JOIN feed ON feed.id = scope.feed WHERE scope.name = ?')
    .all(scope) as { id: number; feed: string }[]
}

/** Property by property: there are thousands, and spreading takes longer than reading them. */
function toStatement(key: AdvisoryKey, [, fixedIn, advisory]: StatementRow, { fix, rating, note }: Claim): Statement {
  const statement: { -readonly [name in keyof Statement]: Statement[name] } = { key, fix }
  if (fixedIn !== null) statement.fixedIn = fixedIn
  if (rating !== undefined) statement.rating = rating
  if (note !== undefined) statement.note = note
  if (advisory !== null) statement.advisory = advisory
  return statement
}

function claimOf(connection: Connection, claims: Map<number, Claim>, id: number): Claim {
  const known = claims.get(id)
  if (known !== undefined) return known
  const row = connection.prepare('SELECT body FROM claim WHERE id = ?').get(id) as { body: string } | undefined
  if (row === undefined) throw new RowDamaged('a claim is missing')
  const claim = decodeClaim(row.body)
  claims.set(id, claim)
  return claim
}

function readVulnerabilities(connection: Connection, ids: ReadonlySet<number>): ReadonlyMap<number, Vulnerability> {
  const rows = connection
    .prepareArrays(
      `SELECT vulnerability.id, name, aliases, ratings, links, description
       FROM json_each(?) AS wanted CROSS JOIN vulnerability ON vulnerability.id = wanted.value`,
    )
    .all(JSON.stringify([...ids])) as unknown as VulnerabilityRow[]
  return new Map(
    rows.map(([id, name, aliases, ratings, links, description]) => {
      return [id, decodeVulnerability(name, { aliases, ratings, links, description })]
    }),
  )
}

type VulnerabilityRow = [
  id: number,
  name: string,
  aliases: string | null,
  ratings: string | null,
  links: string | null,
  description: string,
]
