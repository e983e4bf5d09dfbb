/** A set of small numbers, one bit each. */
export class BitSet {
  #bytes = new Uint8Array(1024)
  #size = 0

  /** Adds `number`; whether it was not there before. */
  add(number: number): boolean {
    const index = number >>> 3
    if (index >= this.#bytes.length) this.#grow(index)
    const byte = this.#bytes[index]!
    const bit = 1 << (number & 7)
    if ((byte & bit) !== 0) return false
    this.#bytes[index] = byte | bit
    this.#size++
    return true
  }

  has(number: number): boolean {
    return ((this.#bytes[number >>> 3] ?? 0) & (1 << (number & 7))) !== 0
  }

  get size(): number {
    return this.#size
  }

  #grow(index: number): void {
    const bytes = new Uint8Array(Math.max(index + 1, this.#bytes.length * 2))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }
}
