import { readNumber, tarBlock } from './tar-header.ts'

/** Where the data of a sparse file belongs: offsets and lengths, alternating. Everything else is holes. */
export type SparseMap = readonly number[]

/**
 * Appends the entries of an old GNU sparse header: four at 386 in the header itself, 21 in each extension block (GNU tar
 * manual, "Storing Sparse Files", "Old GNU Format"). Returns whether another extension block follows, `undefined` if a
 * number is malformed.
 */
export function readGnuMap(block: Buffer, at: number, extension: boolean, map: number[]): boolean | undefined {
  const entries = extension ? 21 : 4
  const start = at + (extension ? 0 : 386)
  for (let index = 0; index < entries; index++) {
    const entry = start + index * 24
    if (block[entry] === 0) break
    const offset = readNumber(block, entry, 12)
    const length = readNumber(block, entry + 12, 12)
    if (!(offset >= 0 && length >= 0)) return undefined
    map.push(offset, length)
  }
  return block[start + entries * 24] !== 0
}

/** The real size that an old GNU sparse header states. */
export function readGnuRealSize(block: Buffer, at: number): number {
  return readNumber(block, at + 483, 12)
}

/** The map that stands in front of the data in pax format 1.0: decimal lines, filled up to a block. `undefined` if malformed. */
export function readLeadingMap(body: Buffer): { readonly map: SparseMap; readonly dataAt: number } | undefined {
  let at = 0
  const next = (): number => {
    const end = body.indexOf(0x0a, at)
    if (end < 0 || end - at > 20) return Number.NaN
    const text = body.toString('latin1', at, end)
    at = end + 1
    return /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
  }
  const count = next()
  if (!(count * 4 <= body.length)) return undefined
  const map: number[] = []
  for (let index = 0; index < count * 2; index++) map.push(next())
  return { map, dataAt: Math.ceil(at / tarBlock) * tarBlock }
}

/** The file with its holes as zeros. `undefined` if the map does not fit the data and the size, or is not in order. */
export function expandSparse(data: Buffer, map: SparseMap, size: number): Buffer | undefined {
  let end = 0
  let stored = 0
  for (let index = 0; index < map.length; index += 2) {
    const offset = map[index]!
    const length = map[index + 1]!
    if (!(offset >= end && length >= 0 && offset + length <= size)) return undefined
    end = offset + length
    stored += length
  }
  if (map.length % 2 !== 0 || stored !== data.length) return undefined
  const file = Buffer.alloc(size)
  let from = 0
  for (let index = 0; index < map.length; index += 2) {
    data.copy(file, map[index]!, from, from + map[index + 1]!)
    from += map[index + 1]!
  }
  return file
}
