import { readBodies } from './body-reader.ts'
import { BodyWriter } from './body-writer.ts'
import type { Connection } from './connection.ts'

/** Removes the blocks of bodies that nothing refers to, and packs the bodies anew of those of which less than half is used. */
export function compactBodies(connection: Connection): void {
  connection.exec(`DELETE FROM body_block
    WHERE id NOT IN (SELECT block FROM vulnerability UNION SELECT block FROM vulnerability_history)`)
  const rows = connection.prepare(sparseSql).all() as unknown as readonly BodyRow[]
  for (const [feed, own] of Map.groupBy(rows, (row) => row.feed)) repack(connection, feed, own)
}

/** A row that refers to a body: of `vulnerability`, or of `vulnerability_history` where `from_gen` is given. */
interface BodyRow {
  readonly feed: number
  readonly id: number
  readonly from_gen: number | null
  readonly block: number
  readonly place: number
}

const references = `SELECT id, NULL AS from_gen, block, place FROM vulnerability
  UNION ALL SELECT vulnerability, from_gen, block, place FROM vulnerability_history`

const sparseSql = `WITH reference AS MATERIALIZED (${references}), sparse AS MATERIALIZED (
    SELECT body_block.id, feed FROM body_block JOIN (SELECT DISTINCT block, place FROM reference) ON block = body_block.id
    GROUP BY body_block.id HAVING count(*) * 2 < bodies
  )
  SELECT feed, reference.id, from_gen, block, place FROM sparse JOIN reference ON block = sparse.id ORDER BY block, place`

function repack(connection: Connection, feed: number, rows: readonly BodyRow[]): void {
  const writer = new BodyWriter(connection, feed)
  const current = connection.prepare('UPDATE vulnerability SET block = ?, place = ? WHERE id = ?')
  const past = connection.prepare(
    'UPDATE vulnerability_history SET block = ?, place = ? WHERE vulnerability = ? AND from_gen = ?',
  )
  for (const [block, own] of Map.groupBy(rows, (row) => row.block)) {
    const places = new Map(own.map(({ place }) => [place, { block, place }]))
    const bodies = readBodies(connection, [...places.values()])
    const moved = new Map([...places.keys()].map((place, index) => [place, writer.add(bodies[index]!)]))
    for (const { id, from_gen, place } of own) {
      const to = moved.get(place)!
      if (from_gen === null) current.run(to.block, to.place, id)
      else past.run(to.block, to.place, id, from_gen)
    }
    connection.prepare('DELETE FROM body_block WHERE id = ?').run(block)
  }
  writer.flush()
}
