import { type BodyPlace, decodeBlock } from '../body-block.ts'
import { RowDamaged } from '../row-damaged.ts'
import type { Connection } from './connection.ts'

/** Blocks that are asked for at once. */
const blocksAtOnce = 200

/** The texts at these places, in their order. Each block is read once. Throws `RowDamaged` for what is not there. */
export async function readBodies(connection: Connection, places: readonly BodyPlace[]): Promise<readonly string[]> {
  const texts = new Array<string>(places.length)
  const indexes = Map.groupBy(places.keys(), (index) => places[index]!.block)
  const blocks = [...indexes.keys()]
  for (let at = 0; at < blocks.length; at += blocksAtOnce) {
    const some = blocks.slice(at, at + blocksAtOnce)
    const rows = await connection.arrays<[id: number, content: Buffer]>(
      'SELECT id, content FROM body_block WHERE id = ANY ($1::integer[])',
      [some],
    )
    if (rows.length < some.length) throw new RowDamaged('a block of bodies is missing')
    for (const [id, content] of rows) {
      const bodies = decodeBlock(content)
      for (const index of indexes.get(id)!) texts[index] = bodies.at(places[index]!.place)
    }
  }
  return texts
}
