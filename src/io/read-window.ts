import type { RandomAccess } from '../core/feed.ts'

const windowBytes = 512 * 1024

/** Reads a file that is read mostly onwards in small parts: several at once from the disk. */
export class ReadWindow {
  readonly #file: RandomAccess
  #start = 0
  #bytes: Buffer = Buffer.alloc(0)

  constructor(file: RandomAccess) {
    this.#file = file
  }

  /** What `read` would give, if it was read before: nearly always, and without a promise for each of the small parts. */
  held(position: number, length: number): Buffer | undefined {
    const at = position - this.#start
    return at >= 0 && at + length <= this.#bytes.length ? this.#bytes.subarray(at, at + length) : undefined
  }

  /** `length` bytes from `position`, fewer at the end of the file; valid for good. Throws `FILE_FAILED`. */
  async read(position: number, length: number): Promise<Buffer> {
    const held = this.held(position, length)
    if (held !== undefined) return held
    this.#bytes = await this.#file.read(position, Math.max(length, windowBytes))
    this.#start = position
    return this.#bytes.subarray(0, length)
  }
}
