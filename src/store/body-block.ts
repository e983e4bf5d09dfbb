import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { handlesWork, ZlibHandle } from '../io/zlib-handle.ts'
import { RowDamaged } from './row-damaged.ts'

/** Where a body is: the row of its block, and its place in the block. */
export interface BodyPlace {
  readonly block: number
  readonly place: number
}

/** Bytes of a block before compression. Larger ones take less space in all, but cost more to read one body of. */
export const blockBytes = 64 * 1024

/**
 * Texts that are compressed as a whole, which takes a quarter of the space that they take one by one: their number, their
 * lengths in bytes (each 32 bits, little-endian), and the texts, zstd around all.
 */
export function encodeBlock(bodies: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(4 + 4 * bodies.length)
  head.writeUInt32LE(bodies.length, 0)
  for (const [index, body] of bodies.entries()) head.writeUInt32LE(body.length, 4 + 4 * index)
  return zstdCompressSync(Buffer.concat([head, ...bodies]))
}

/** The bodies of a block, decoded one by one, until another block is decoded. Throws `RowDamaged`. */
export function decodeBlock(content: Uint8Array): { readonly count: number; at(place: number): string } {
  let bytes: Buffer
  try {
    bytes = decompress(content)
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

let decoder: ZlibHandle | undefined

/** With one decoder for all blocks: to make one takes as long as it then works. What is larger, or damaged, goes the usual way. */
function decompress(content: Uint8Array): Buffer {
  if (!handlesWork()) return zstdDecompressSync(content)
  decoder ??= new ZlibHandle('zstd', 2 * blockBytes)
  try {
    decoder.reset()
    decoder.run(Buffer.from(content.buffer, content.byteOffset, content.byteLength), 0)
    const { inputLeft, produced, output } = decoder
    if (inputLeft === 0 && produced < output.length) return output.subarray(0, produced)
  } catch {} // the usual way says what is wrong
  return zstdDecompressSync(content)
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
