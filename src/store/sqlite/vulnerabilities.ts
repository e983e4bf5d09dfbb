import type { Json, Vulnerability } from '../../core/advisory.ts'
import type { KnownVulnerability } from '../../core/store.ts'
import type { BodyPlace } from '../body-block.ts'
import { decodeFact, decodeVulnerability } from '../codec.ts'
import { readBodies } from './body-reader.ts'
import type { Connection } from './connection.ts'
import { generationAt } from './generations.ts'

/** The vulnerabilities in these rows, by row; each as it was in the generation that stands with it, `undefined` for now. */
export function readVulnerabilities(
  connection: Connection,
  wanted: ReadonlyMap<number, number | undefined>,
): ReadonlyMap<number, Vulnerability> {
  const rows = connection
    .prepareArrays(
      `SELECT vulnerability.id, name, block, place, from_gen
       FROM json_each(?) AS wanted CROSS JOIN vulnerability ON vulnerability.id = wanted.value`,
    )
    .all(JSON.stringify([...wanted.keys()])) as unknown as [number, string, number, number, number][]
  const places = rows.map(([id, , block, place, from]) => {
    const generation = wanted.get(id)
    const isPast = generation !== undefined && from > generation
    return (isPast ? pastPlace(connection, id, generation) : undefined) ?? { block, place }
  })
  const bodies = readBodies(connection, places)
  return new Map(rows.map(([id, name], index) => [id, decodeVulnerability(name, bodies[index]!)]))
}

function pastPlace(connection: Connection, id: number, generation: number): BodyPlace | undefined {
  return connection
    .prepare('SELECT block, place FROM vulnerability_history WHERE vulnerability = ? AND from_gen <= ? AND ? < to_gen')
    .get(id, generation, generation) as BodyPlace | undefined
}

/** What the feeds say of the vulnerabilities of these ids. */
export function findVulnerabilities(
  connection: Connection,
  feeds: readonly string[],
  ids: readonly string[],
  asOf: string | undefined,
): readonly KnownVulnerability[] {
  return feeds.flatMap((feed) => {
    const generation = generationAt(connection, feed, asOf)
    const rows = connection.prepareArrays(findSql).all(JSON.stringify(ids), feed) as unknown as [
      id: number,
      from: number,
      to: number | null,
    ][]
    const alive = rows.filter(([id, from, to]) => {
      if (generation === undefined) return to === null
      if (from <= generation) return to === null || generation < to
      return pastPlace(connection, id, generation) !== undefined
    })
    const found = readVulnerabilities(connection, new Map(alive.map(([id]) => [id, generation])))
    return [...found.values()].map((vulnerability) => ({ feed, vulnerability }))
  })
}

const findSql = `SELECT vulnerability.id, from_gen, to_gen
  FROM (SELECT DISTINCT value FROM json_each(?)) AS wanted CROSS JOIN feed CROSS JOIN vulnerability
    ON vulnerability.feed = feed.id AND vulnerability.name = wanted.value
  WHERE feed.name = ?`

/** The facts of a feed that have these names. What was changed since `asOf` and not kept is left out. */
export function findFacts(
  connection: Connection,
  feed: string,
  names: readonly string[],
  asOf: string | undefined,
): ReadonlyMap<string, Json> {
  const generation = generationAt(connection, feed, asOf) ?? Number.MAX_SAFE_INTEGER
  const rows = connection
    .prepareArrays(factsSql)
    .all(JSON.stringify(names), feed, generation, generation, generation) as unknown as [name: string, value: string][]
  return new Map(rows.map(([name, value]) => [name, decodeFact(value)]))
}

const factsSql = `WITH wanted AS (
    SELECT DISTINCT json_each.value AS name, feed.id AS feed FROM json_each(?), feed WHERE feed.name = ?
  )
  SELECT name, value FROM wanted CROSS JOIN fact USING (feed, name) WHERE from_gen <= ?
  UNION ALL
  SELECT name, value FROM wanted CROSS JOIN fact_history USING (feed, name) WHERE from_gen <= ? AND ? < to_gen`
