import { readBodies } from './body-reader.ts'
import { BodyWriter } from './body-writer.ts'
import type { Connection } from './connection.ts'

/** Removes the blocks of bodies that nothing refers to, and packs the bodies anew of those of which less than half is used. */
export async function compactBodies(connection: Connection): Promise<void> {
  await connection.exec(`DELETE FROM body_block WHERE NOT EXISTS (SELECT FROM vulnerability WHERE block = body_block.id)
    AND NOT EXISTS (SELECT FROM vulnerability_history WHERE block = body_block.id)`)
  const feeds = await connection.rows<{ feed: number }>(`${sparseSql} SELECT DISTINCT feed FROM sparse`)
  for (const { feed } of feeds) await repack(connection, feed)
}

/** A row that refers to a body: of `vulnerability`, or of `vulnerability_history` where `from_gen` is given. */
interface BodyRow {
  readonly id: number
  readonly from_gen: number | null
  readonly block: number
  readonly place: number
}

const sparseSql = `WITH reference AS MATERIALIZED (
    SELECT id, NULL::integer AS from_gen, block, place FROM vulnerability
    UNION ALL SELECT vulnerability, from_gen, block, place FROM vulnerability_history
  ), sparse AS MATERIALIZED (
    SELECT body_block.id, feed FROM body_block JOIN (SELECT DISTINCT block, place FROM reference) AS used ON block = body_block.id
    GROUP BY body_block.id HAVING count(*) * 2 < bodies
  )`

async function repack(connection: Connection, feed: number): Promise<void> {
  const rows = await connection.rows<BodyRow>(
    `${sparseSql} SELECT reference.id, from_gen, block, place FROM sparse JOIN reference ON block = sparse.id
     WHERE feed = $1 ORDER BY block, place`,
    [feed],
  )
  const writer = new BodyWriter(connection, feed)
  for (const [block, own] of Map.groupBy(rows, (row) => row.block)) {
    const places = [...new Set(own.map(({ place }) => place))]
    const bodies = await readBodies(
      connection,
      places.map((place) => ({ block, place })),
    )
    const moved = new Map<number, { readonly block: number; readonly place: number }>()
    for (const [index, place] of places.entries()) moved.set(place, await writer.add(bodies[index]!))
    await writer.flush(false)
    const current = own.filter(({ from_gen }) => from_gen === null)
    const past = own.filter(({ from_gen }) => from_gen !== null)
    const to = (some: readonly BodyRow[]) => [
      some.map(({ id }) => id),
      some.map(({ place }) => moved.get(place)!.block),
      some.map(({ place }) => moved.get(place)!.place),
    ]
    await connection.run(moveSql, to(current))
    await connection.run(movePastSql, [...to(past), past.map(({ from_gen }) => from_gen!)])
    await connection.run('DELETE FROM body_block WHERE id = $1', [block])
  }
  await writer.flush(true)
}

const moveSql = `UPDATE vulnerability SET block = moved.block, place = moved.place
  FROM unnest($1::integer[], $2::integer[], $3::integer[]) AS moved (id, block, place)
  WHERE vulnerability.id = moved.id`

const movePastSql = `UPDATE vulnerability_history AS past SET block = moved.block, place = moved.place
  FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) AS moved (id, block, place, from_gen)
  WHERE past.vulnerability = moved.id AND past.from_gen = moved.from_gen`
