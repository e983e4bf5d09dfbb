import { hash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import type { BodyPlace } from './body-reader.ts'
import type { Connection } from './connection.ts'
import { rowId } from './names.ts'

/** 48 bits of what a body says, to see whether it changed. */
export function bodyHash(body: string): number {
  return hash('sha256', body, 'buffer').readUIntBE(0, 6)
}

/** Bytes of a block before compression. Larger ones take less space in all, but cost more to read one body of. */
const blockBytes = 64 * 1024

/**
 * Packs texts into blocks that are compressed as a whole, which takes a quarter of the space that they take one by one. A
 * block is the number of its bodies, their lengths in bytes (each 32 bits, little-endian), and the bodies, zstd around all.
 */
export class BodyWriter {
  readonly #connection: Connection
  readonly #feed: number
  #block: number
  #bodies: Buffer[] = []
  #bytes = 0

  /** `#block` is the row that the next block will get: nothing else writes while this import does. */
  constructor(connection: Connection, feed: number) {
    this.#connection = connection
    this.#feed = feed
    const row = connection.prepare('SELECT coalesce(max(id), 0) AS last FROM body_block').get() as { last: number }
    this.#block = row.last + 1
  }

  add(text: string): BodyPlace {
    const place = this.#bodies.length
    const block = this.#block
    const body = Buffer.from(text)
    this.#bodies.push(body)
    this.#bytes += body.length
    if (this.#bytes >= blockBytes) this.flush()
    return { block, place }
  }

  /** Writes the block that is not full yet. To be called at the end. */
  flush(): void {
    if (this.#bodies.length === 0) return
    const result = this.#connection
      .prepare('INSERT INTO body_block (id, feed, bodies, content) VALUES (?, ?, ?, ?)')
      .run(this.#block, this.#feed, this.#bodies.length, encodeBlock(this.#bodies))
    this.#block = rowId(result) + 1
    this.#bodies = []
    this.#bytes = 0
  }
}

function encodeBlock(bodies: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(4 + 4 * bodies.length)
  head.writeUInt32LE(bodies.length, 0)
  for (const [index, body] of bodies.entries()) head.writeUInt32LE(body.length, 4 + 4 * index)
  return zstdCompressSync(Buffer.concat([head, ...bodies]))
}
