import type { Json, Vulnerability } from '../../core/advisory.ts'
import type { KnownVulnerability } from '../../core/store.ts'
import { decodeFact, decodeVulnerability } from '../codec.ts'
import { readBodies } from './body-reader.ts'
import type { Connection } from './connection.ts'
import { generationAtSql, timeOf } from './generations.ts'
import { sameName } from './schema.ts'

interface FoundRow {
  readonly id: number
  readonly name: string
  readonly block: number
  readonly place: number
}

/** The vulnerabilities in these rows, by row; each as it was in the generation that stands with it, null for now. */
export async function readVulnerabilities(
  connection: Connection,
  wanted: ReadonlyMap<number, number | null>,
): Promise<ReadonlyMap<number, Vulnerability>> {
  if (wanted.size === 0) return new Map()
  const past = [...wanted].filter((entry): entry is [number, number] => entry[1] !== null)
  const current = [...wanted].filter(([, generation]) => generation === null)
  const rows = [
    ...(await connection.rows<FoundRow>(currentSql, [current.map(([id]) => id)])),
    ...(past.length === 0
      ? []
      : await connection.rows<FoundRow>(pastSql, [past.map(([id]) => id), past.map(([, at]) => at)])),
  ]
  const bodies = await readBodies(connection, rows)
  return new Map(rows.map(({ id, name }, index) => [id, decodeVulnerability(name, bodies[index]!)]))
}

const currentSql = 'SELECT id, name, block, place FROM vulnerability WHERE id = ANY ($1::integer[])'

/** History has a generation only where the current row is younger. */
const pastSql = `SELECT id, name, coalesce(past.block, current.block) AS block, coalesce(past.place, current.place) AS place
  FROM unnest($1::integer[], $2::integer[]) AS wanted (id, generation) JOIN vulnerability AS current USING (id)
    LEFT JOIN vulnerability_history AS past ON past.vulnerability = current.id
      AND past.from_gen <= generation AND generation < past.to_gen`

/** What the feeds say of the vulnerabilities of these ids. */
export async function findVulnerabilities(
  connection: Connection,
  feeds: readonly string[],
  ids: readonly string[],
  asOf: string | undefined,
): Promise<readonly KnownVulnerability[]> {
  const rows = await connection.rows<FoundRow & { readonly feed: string }>(findSql, [feeds, ids, timeOf(asOf)])
  const bodies = await readBodies(connection, rows)
  return rows.map(({ feed, name }, index) => ({ feed, vulnerability: decodeVulnerability(name, bodies[index]!) }))
}

const findSql = `WITH asked AS MATERIALIZED (
    SELECT id, name, ${generationAtSql('$3')} AS generation FROM feed WHERE name = ANY ($1::text[])
  )
  SELECT asked.name AS feed, current.id, current.name,
    coalesce(past.block, current.block) AS block, coalesce(past.place, current.place) AS place
  FROM asked CROSS JOIN (SELECT DISTINCT name FROM unnest($2::text[]) AS name) AS wanted
    JOIN vulnerability AS current ON current.feed = asked.id AND ${sameName('current.name', 'wanted.name')}
    LEFT JOIN vulnerability_history AS past ON past.vulnerability = current.id
      AND past.from_gen <= generation AND generation < past.to_gen
  WHERE CASE WHEN generation IS NULL THEN current.to_gen IS NULL
    WHEN current.from_gen <= generation THEN current.to_gen IS NULL OR generation < current.to_gen
    ELSE past.vulnerability IS NOT NULL END`

/** The facts of a feed that have these names. What was changed since `asOf` and not kept is left out. */
export async function findFacts(
  connection: Connection,
  feed: string,
  names: readonly string[],
  asOf: string | undefined,
): Promise<ReadonlyMap<string, Json>> {
  const rows = await connection.arrays<[name: string, value: string]>(factsSql, [feed, names, timeOf(asOf)])
  return new Map(rows.map(([name, value]) => [name, decodeFact(value)]))
}

const factsSql = `WITH asked AS MATERIALIZED (
    SELECT DISTINCT wanted.name, feed.id AS feed, ${generationAtSql('$3')} AS generation
    FROM feed CROSS JOIN unnest($2::text[]) AS wanted (name) WHERE feed.name = $1
  )
  SELECT fact.name, value FROM asked JOIN fact ON fact.feed = asked.feed AND ${sameName('fact.name', 'asked.name')}
    WHERE generation IS NULL OR from_gen <= generation
  UNION ALL
  SELECT past.name, value
  FROM asked JOIN fact_history AS past ON past.feed = asked.feed AND ${sameName('past.name', 'asked.name')}
    WHERE from_gen <= generation AND generation < to_gen`
