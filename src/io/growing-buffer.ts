/** Bytes that arrive in pieces, up to a size that was claimed: memory follows what is there, not the claim. */
export class GrowingBuffer {
  readonly #claimed: number
  #bytes: Buffer
  #length = 0

  constructor(claimed: number) {
    this.#claimed = claimed
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(claimed, 1 << 16))
  }

  /** Appends a copy of `chunk` from `start` to `end`. In all, no more than was claimed. */
  append(chunk: Buffer, start: number, end: number): void {
    const length = this.#length + end - start
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#claimed, Math.max(length, this.#bytes.length * 2)))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    chunk.copy(this.#bytes, this.#length, start, end)
    this.#length = length
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}
