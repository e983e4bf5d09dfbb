import type { AdvisoryKey, Candidate, Statement } from '../../core/advisory.ts'
import type { CandidateOptions } from '../../core/store.ts'
import { RowDamaged } from '../row-damaged.ts'
import type { Connection } from './connection.ts'
import { generationAtSql, timeOf } from './generations.ts'
import { sameName } from './schema.ts'
import { StatementReader, type StatementRow } from './statement-reader.ts'
import { readVulnerabilities } from './vulnerabilities.ts'

/** A statement that was found, before the vulnerabilities of which it is said are. */
interface Found {
  readonly statement: Statement
  readonly feed: string
  readonly generation: number | null
  readonly vulnerabilities: readonly number[]
}

/**
 * The statements for the keys, of all feeds, with their vulnerabilities. Those that `wanted` refuses are left out before
 * their vulnerabilities are read, which is most of the work.
 */
export async function findCandidates(
  connection: Connection,
  keys: readonly AdvisoryKey[],
  options: CandidateOptions,
): Promise<readonly Candidate[]> {
  const found = await findStatements(connection, keys, options)
  const wanted = new Map(
    found.flatMap(({ vulnerabilities, generation }) => vulnerabilities.map((id) => [id, generation] as const)),
  )
  const known = await readVulnerabilities(connection, wanted)
  return found.flatMap(({ statement, feed, vulnerabilities }) =>
    vulnerabilities.map((id) => {
      const vulnerability = known.get(id)
      if (vulnerability === undefined) throw new RowDamaged('a vulnerability is missing')
      return { statement, vulnerability, feed }
    }),
  )
}

/** Alike statements of one key come as one row: a kernel has thousands, of a few hundred fixed versions. */
type FoundRow = readonly [
  key: number,
  feed: string,
  generation: number | null,
  claim: number,
  fixedIn: string | null,
  ranges: string | null,
  advisory: string | null,
  vulnerabilities: string,
]

async function findStatements(
  connection: Connection,
  asked: readonly AdvisoryKey[],
  { wanted, asOf }: CandidateOptions,
): Promise<readonly Found[]> {
  const keys = [...new Map(asked.map(({ scope, name }) => [JSON.stringify([scope, name]), { scope, name }])).values()]
  if (keys.length === 0) return []
  const names = [keys.map(({ scope }) => scope), keys.map(({ name }) => name)]
  const rows =
    asOf === undefined
      ? await connection.arrays<FoundRow>(currentSql, names)
      : await connection.arrays<FoundRow>(pastSql, [...names, timeOf(asOf)])
  const columns = rows.map(([, , , claim, fixedIn, ranges, advisory]): StatementRow => {
    return { claim, fixedIn, ranges, advisory }
  })
  const reader = new StatementReader(connection)
  await reader.prepare(columns)
  const found: Found[] = []
  for (const [index, [key, feed, generation, , , , , vulnerabilities]] of rows.entries()) {
    const statement = reader.statement(keys[key - 1]!, columns[index]!)
    if (wanted?.(statement) === false) continue
    found.push({ statement, feed, generation, vulnerabilities: vulnerabilities.split(',').map(Number) })
  }
  return found
}

const keysSql = `unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (scope, name, place)
  JOIN scope ON ${sameName('scope.name', 'wanted.scope')}`
const packageSql = `package.scope = scope.id AND ${sameName('package.name', 'wanted.name')}`
const what = 'claim, fixed_in, ranges, advisory'
const grouped = `${what}, string_agg(vulnerability::text, ',')`

const currentSql = `SELECT place::integer, feed.name, NULL::integer, ${grouped}
  FROM ${keysSql} JOIN feed ON feed.id = scope.feed JOIN package ON ${packageSql}
    JOIN statement ON statement.package = package.id
  GROUP BY place, feed.id, ${what}`

const pastSql = `WITH asked AS MATERIALIZED (
    SELECT place, scope.id AS scope, wanted.name, feed.name AS feed, ${generationAtSql('$3')} AS generation
    FROM ${keysSql} JOIN feed ON feed.id = scope.feed
  )
  SELECT place::integer, feed, generation, ${grouped} FROM (
    SELECT asked.*, package.id AS package
    FROM asked JOIN package ON package.scope = asked.scope AND ${sameName('package.name', 'asked.name')}
  ) AS found CROSS JOIN LATERAL (
    SELECT vulnerability, ${what} FROM statement
      WHERE statement.package = found.package AND (generation IS NULL OR from_gen <= generation)
    UNION ALL SELECT vulnerability, ${what} FROM statement_history AS past
      WHERE past.package = found.package AND from_gen <= generation AND generation < to_gen
  ) AS said
  GROUP BY place, feed, generation, ${what}`
