import { type BodyPlace, decodeBlock } from '../body-block.ts'
import { RowDamaged } from '../row-damaged.ts'
import type { Connection } from './connection.ts'

/** The texts at these places, in their order. Each block is read once. Throws `RowDamaged` for what is not there. */
export function readBodies(connection: Connection, places: readonly BodyPlace[]): readonly string[] {
  const texts = new Array<string>(places.length)
  const blocks = Map.groupBy(places.keys(), (index) => places[index]!.block)
  const find = connection.prepareArrays('SELECT content FROM body_block WHERE id = ?')
  for (const [block, indexes] of blocks) {
    const row = find.get(block) as unknown as [Uint8Array] | undefined
    if (row === undefined) throw new RowDamaged('a block of bodies is missing')
    const bodies = decodeBlock(row[0])
    for (const index of indexes) texts[index] = bodies.at(places[index]!.place)
  }
  return texts
}
