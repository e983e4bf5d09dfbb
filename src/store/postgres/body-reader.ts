import { type BodyPlace, decodeBlock } from '../body-block.ts'
import { RowDamaged } from '../row-damaged.ts'
import type { Connection } from './connection.ts'
import { copiedFields } from './copy-rows.ts'

/** Blocks that are asked for at once. */
const blocksAtOnce = 200

/** The texts at these places, in their order. Each block is read once. Throws `RowDamaged` for what is not there. */
export async function readBodies(connection: Connection, places: readonly BodyPlace[]): Promise<readonly string[]> {
  const texts = new Array<string>(places.length)
  const indexes = Map.groupBy(places.keys(), (index) => places[index]!.block)
  const blocks = [...indexes.keys()]
  for (let at = 0; at < blocks.length; at += blocksAtOnce) {
    const some = blocks.slice(at, at + blocksAtOnce)
    const found = await readBlocks(connection, some)
    if (found.length < some.length) throw new RowDamaged('a block of bodies is missing')
    for (const { id, content } of found) {
      const bodies = decodeBlock(content)
      for (const index of indexes.get(id)!) texts[index] = bodies.at(places[index]!.place)
    }
  }
  return texts
}

/** A row of `body_block`. */
interface BlockRow {
  readonly id: number
  readonly bodies: number
  readonly content: Buffer
}

/** The blocks of these numbers, as far as they are there. By COPY, which sends bytes as they are, and no digits for them. */
export async function readBlocks(connection: Connection, ids: readonly number[]): Promise<readonly BlockRow[]> {
  const some = ids.map((id) => Math.trunc(id)).join(', ')
  const copied = await connection.copyOut(
    `COPY (SELECT id, bodies, content FROM body_block WHERE id IN (${some})) TO STDOUT (FORMAT binary)`,
  )
  const fields = [...copiedFields(copied)]
  return Array.from({ length: fields.length / 3 }, (_, row) => {
    const [id, bodies, content] = fields.slice(row * 3)
    return { id: id!.readInt32BE(), bodies: bodies!.readInt32BE(), content: content! }
  })
}
