import type { Candidate, NarrowedKey, Statement } from '../../core/advisory.ts'
import { type DistinctKey, distinctKeys } from '../../core/advisory-keys.ts'
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
  keys: readonly NarrowedKey[],
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
  asked: readonly NarrowedKey[],
  { wanted, asOf }: CandidateOptions,
): Promise<readonly Found[]> {
  const distinct = [...distinctKeys(asked).values()]
  const keys = distinct.map(({ key }) => key)
  if (keys.length === 0) return []
  const rows =
    asOf === undefined
      ? await findCurrent(connection, distinct)
      : await connection.arrays<FoundRow>(pastSql, [...columnsOf([...keys.keys()], distinct), timeOf(asOf)])
  const columns = rows.map(([, , , claim, fixedIn, ranges, advisory]): StatementRow => {
    return { claim, fixedIn, ranges, advisory }
  })
  const reader = new StatementReader(connection)
  await reader.prepare(columns)
  const found: Found[] = []
  for (const [index, [key, feed, generation, , , , , vulnerabilities]] of rows.entries()) {
    const statement = reader.statement(keys[key]!, columns[index]!)
    if (wanted?.(statement) === false) continue
    found.push({ statement, feed, generation, vulnerabilities: vulnerabilities.split(',').map(Number) })
  }
  return found
}

async function findCurrent(connection: Connection, keys: readonly DistinctKey[]): Promise<readonly FoundRow[]> {
  const places = [...keys.keys()]
  const whole = places.filter((place) => keys[place]!.vulnerabilities === undefined)
  const narrowed = places.filter((place) => keys[place]!.vulnerabilities !== undefined)
  const parts = narrowed.flatMap((place) => [...keys[place]!.vulnerabilities!].map((id) => [place, id] as const))
  const rows = whole.length === 0 ? [] : await connection.arrays<FoundRow>(currentSql, columnsOf(whole, keys))
  if (parts.length === 0) return rows
  const ids = [parts.map(([place]) => place), parts.map(([, id]) => id)] as const
  return [...rows, ...(await connection.arrays<FoundRow>(narrowedSql, [...columnsOf(narrowed, keys), ...ids]))]
}

/** Some of the keys for `keysSql`: their places, scopes and names. */
function columnsOf(places: readonly number[], keys: readonly DistinctKey[]): readonly [number[], string[], string[]] {
  const own = places.map((place) => keys[place]!.key)
  return [[...places], own.map(({ scope }) => scope), own.map(({ name }) => name)]
}

const keysSql = `unnest($1::integer[], $2::text[], $3::text[]) AS wanted (place, scope, name)
  JOIN scope ON ${sameName('scope.name', 'wanted.scope')}`
const packageSql = `package.scope = scope.id AND ${sameName('package.name', 'wanted.name')}`
const what = 'claim, fixed_in, ranges, advisory'
const grouped = `${what}, string_agg(said.vulnerability::text, ',')`

const currentSql = `SELECT place, feed.name, NULL::integer, ${grouped}
  FROM ${keysSql} JOIN feed ON feed.id = scope.feed JOIN package ON ${packageSql}
    JOIN statement AS said ON said.package = package.id
  GROUP BY place, feed.id, ${what}`

/**
 * By the vulnerabilities: a kernel has thousands, of which a few are wanted. `OFFSET 0` has each looked up by itself: how many there
 * are is not known to who plans.
 */
const narrowedSql = `WITH asked AS MATERIALIZED (
    SELECT wanted.place, feed.id AS feed, feed.name, package.id AS package
    FROM ${keysSql} JOIN feed ON feed.id = scope.feed JOIN package ON ${packageSql}
  )
  SELECT place, asked.name, NULL::integer, ${grouped}
  FROM asked JOIN unnest($4::integer[], $5::text[]) AS part (place, vulnerability) USING (place)
    CROSS JOIN LATERAL (SELECT id FROM vulnerability
      WHERE feed = asked.feed AND ${sameName('name', 'part.vulnerability')} OFFSET 0) AS own
    CROSS JOIN LATERAL (SELECT vulnerability, ${what} FROM statement
      WHERE package = asked.package AND vulnerability = own.id OFFSET 0) AS said
  GROUP BY place, asked.name, ${what}`

const pastSql = `WITH asked AS MATERIALIZED (
    SELECT place, scope.id AS scope, wanted.name, feed.name AS feed, ${generationAtSql('$4')} AS generation
    FROM ${keysSql} JOIN feed ON feed.id = scope.feed
  )
  SELECT place, feed, generation, ${grouped} FROM (
    SELECT asked.*, package.id AS package
    FROM asked JOIN package ON package.scope = asked.scope AND ${sameName('package.name', 'asked.name')}
  ) AS found CROSS JOIN LATERAL (
    SELECT vulnerability, ${what} FROM statement
      WHERE statement.package = found.package AND (generation IS NULL OR from_gen <= generation)
    UNION ALL SELECT vulnerability, ${what} FROM statement_history AS past
      WHERE past.package = found.package AND from_gen <= generation AND generation < to_gen
  ) AS said
  GROUP BY place, feed, generation, ${what}`
