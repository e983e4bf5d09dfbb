import { zstdDecompressSync } from 'node:zlib'
import type { Connection } from './connection.ts'
import { RowDamaged } from './failure.ts'

/** Where a body is: the row of its block, and its place in the block. */
export interface BodyPlace {
  readonly block: number
  readonly place: number
}

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

/** The bodies of a block, decoded one by one. Throws `RowDamaged`. */
function decodeBlock(content: Uint8Array): { readonly count: number; at(place: number): string } {
  let bytes: Buffer
  try {
    bytes = zstdDecompressSync(content)
  } catch (cause) {
    throw new RowDamaged('a block of bodies is damaged', { cause })
  }
  const count = bytes.length < 4 ? 0 : bytes.readUInt32LE(0)
  const starts = [4 + 4 * count]
  if (starts[0]! > bytes.length) throw new RowDamaged('a block of bodies is cut off')
  for (let index = 0; index < count; index++) starts.push(starts[index]! + bytes.readUInt32LE(4 + 4 * index))
  if (starts[count]! !== bytes.length) throw new RowDamaged('a block of bodies has another length than it says')
  return {
    count,
    at(place) {
      if (place < 0 || place >= count) throw new RowDamaged('a block lacks a body')
      return bytes.toString('utf8', starts[place]!, starts[place + 1]!)
    },
  }
}

/** How many bodies a block has; `undefined` for one that cannot be read. */
export function countBodies(content: Uint8Array): number | undefined {
  try {
    return decodeBlock(content).count
  } catch (error) {
    if (error instanceof RowDamaged) return undefined
    throw error
  }
}
