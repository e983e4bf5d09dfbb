import { type BodyPlace, blockBytes, encodeBlock } from '../body-block.ts'
import type { Connection } from './connection.ts'
import { rowId } from './names.ts'

/** Packs bodies into blocks. */
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
