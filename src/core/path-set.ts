/**
 * The paths of a layer that are not directories, as sorted 53-bit hashes: eight bytes a path. It answers whether a layer
 * replaces a path of a lower layer, without keeping a hundred thousand names. Two paths with the same hash would make a
 * scan take a file for replaced; at a million paths the odds are one in ten billion a question.
 */
export class PathSet {
  readonly #hashes: Float64Array

  /** `hashes` must be sorted in ascending order. */
  constructor(hashes: Float64Array) {
    this.#hashes = hashes
  }

  /** A set of the paths whose hashes are given, in any order. */
  static of(hashes: Iterable<number>): PathSet {
    return new PathSet(Float64Array.from(hashes).sort())
  }

  has(path: string): boolean {
    return this.hasHash(hashPath(path))
  }

  /** `has`, for a path whose hash is looked for in many sets. */
  hasHash(wanted: number): boolean {
    let low = 0
    let high = this.#hashes.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = this.#hashes[middle]!
      if (found === wanted) return true
      if (found < wanted) low = middle + 1
      else high = middle - 1
    }
    return false
  }

  get size(): number {
    return this.#hashes.length
  }

  /** The sorted hashes, to store or to send to another thread. */
  get hashes(): Float64Array {
    return this.#hashes
  }
}

/** A 53-bit hash of a path: two 32-bit multiplicative hashes of its UTF-16 code units, joined. */
export function hashPath(path: string): number {
  let first = 0xdeadbeef
  let second = 0x41c6ce57
  for (let index = 0; index < path.length; index++) {
    const unit = path.charCodeAt(index)
    first = Math.imul(first ^ unit, 2654435761)
    second = Math.imul(second ^ unit, 1597334677)
  }
  first = Math.imul(first ^ (first >>> 16), 2246822507) ^ Math.imul(second ^ (second >>> 13), 3266489909)
  second = Math.imul(second ^ (second >>> 16), 2246822507) ^ Math.imul(first ^ (first >>> 13), 3266489909)
  return 4294967296 * (2097151 & second) + (first >>> 0)
}
