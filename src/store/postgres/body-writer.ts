import { blockBytes, encodeBlock } from '../body-block.ts'
import type { Connection } from './connection.ts'
import { CopyRows } from './copy-rows.ts'

/** Rows of `body_block` whose numbers are asked for at once. */
const blocksAtOnce = 100

/** Packs bodies into blocks, whose rows have their numbers before they are written. */
export class BodyWriter {
  readonly #connection: Connection
  readonly #feed: number
  readonly #rows = new CopyRows()
  #numbers: number[] = []
  #bodies: Buffer[] = []
  #bytes = 0

  constructor(connection: Connection, feed: number) {
    this.#connection = connection
    this.#feed = feed
  }

  async add(text: string): Promise<{ readonly block: number; readonly place: number }> {
    if (this.#numbers.length === 0) await this.#takeNumbers()
    const block = this.#numbers[0]!
    const place = this.#bodies.length
    const body = Buffer.from(text)
    this.#bodies.push(body)
    this.#bytes += body.length
    if (this.#bytes >= blockBytes) this.#close()
    return { block, place }
  }

  /** Writes the blocks that are full, and, at the end, the one that is not. */
  async flush(end: boolean): Promise<void> {
    if (end && this.#bodies.length > 0) this.#close()
    if (this.#rows.isEmpty) return
    await this.#connection.copy(
      'COPY body_block (id, feed, bodies, content) FROM STDIN (FORMAT binary)',
      this.#rows.take(),
    )
  }

  #close(): void {
    this.#rows.row(4)
    this.#rows.integer(this.#numbers.shift()!)
    this.#rows.integer(this.#feed)
    this.#rows.integer(this.#bodies.length)
    this.#rows.bytes(encodeBlock(this.#bodies))
    this.#bodies = []
    this.#bytes = 0
  }

  async #takeNumbers(): Promise<void> {
    const rows = await this.#connection.arrays<[number]>(
      `SELECT nextval(pg_get_serial_sequence('body_block', 'id'))::integer FROM generate_series(1, $1::integer)`,
      [blocksAtOnce],
    )
    this.#numbers = rows.map(([number]) => number)
  }
}
