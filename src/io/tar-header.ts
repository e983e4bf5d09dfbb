import { isUtf8 } from 'node:buffer'

/** tar archives are made of blocks of this size (POSIX.1-2017, pax, "ustar Interchange Format"). */
export const tarBlock = 512

const checksumAt = 148
const asciiSpace = 0x20

/**
 * Whether the header block at `at` is sound: `zero` for the end marker, `valid` if its checksum fits. The checksum is
 * the sum of the block's bytes, as unsigned numbers or, from old tars, as signed ones.
 */
export function checkHeader(block: Buffer, at: number): 'zero' | 'valid' | 'invalid' {
  let sum = 0
  let high = 0
  for (let index = at; index < at + tarBlock; index++) {
    const byte = block[index]!
    sum += byte
    high += byte >> 7
  }
  if (sum === 0) return 'zero'
  for (let index = at + checksumAt; index < at + checksumAt + 8; index++) {
    sum += asciiSpace - block[index]!
    high -= block[index]! >> 7
  }
  const stated = readNumber(block, at + checksumAt, 8)
  return stated === sum || stated === sum - high * 256 ? 'valid' : 'invalid'
}

/** A number field: octal digits, or base 256 as GNU tar writes large and negative ones. `NaN` if it is neither. */
export function readNumber(block: Buffer, at: number, length: number): number {
  if (block[at]! >= 0x80) return readBase256(block, at, length)
  const end = at + length
  let index = at
  while (index < end && (block[index] === asciiSpace || block[index] === 0)) index++
  let value = 0
  for (; index < end; index++) {
    const digit = block[index]! - 0x30
    if (digit >= 0 && digit <= 7) value = value * 8 + digit
    else if (block[index] === 0 || block[index] === asciiSpace) break
    else return Number.NaN
  }
  return value
}

function readBase256(block: Buffer, at: number, length: number): number {
  const negative = (block[at]! & 0x40) !== 0
  let value = negative ? -1 : 0
  value = value * 64 + (negative ? block[at]! & 0x3f : block[at]! & 0x3f)
  for (let index = at + 1; index < at + length; index++) value = value * 256 + block[index]!
  return value
}

/** A text field: up to `length` bytes, ended by a NUL if it is shorter. */
export function readText(block: Buffer, at: number, length: number): string {
  let end = at
  while (end < at + length && block[end] !== 0) end++
  return decodeName(block, at, end)
}

/** The name in the fields of a header block, with the prefix that ustar and star (but not GNU tar) put before it. */
export function readName(block: Buffer, at: number): string {
  const name = readText(block, at, 100)
  const posix = block.toString('latin1', at + 257, at + 263) === 'ustar\0'
  if (!posix || block[at + 345] === 0) return name
  const star = block.toString('latin1', at + 508, at + 512) === 'tar\0'
  const prefix = readText(block, at + 345, star ? 131 : 155)
  return prefix === '' ? name : `${prefix}/${name}`
}

/** Names are UTF-8 mostly; where one is not, it is taken as Latin-1, so that no two names become one. */
export function decodeName(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end)
  if (!text.includes('\ufffd') || isUtf8(bytes.subarray(start, end))) return text
  return bytes.toString('latin1', start, end)
}

/** What pax extended header records say, as far as it matters here (POSIX.1-2017, pax, "pax Header Block"). */
export interface PaxRecords {
  path?: string
  linkpath?: string
  size?: number
  /** `GNU.sparse.name`, the file's own name where `path` is an invented one. */
  sparseName?: string
  /** `GNU.sparse.realsize` or `GNU.sparse.size`: the size with the holes. */
  sparseSize?: number
  /** `GNU.sparse.major`: 1 when the map stands before the data. */
  sparseMajor?: number
  /** Offsets and lengths of the data, alternating, from `GNU.sparse.map` or `GNU.sparse.offset` and `.numbytes`. */
  sparseMap?: number[]
}

/** The records of a pax header's body, `LENGTH KEY=VALUE\n` each; `undefined` if it is malformed. */
export function parsePax(body: Buffer): PaxRecords | undefined {
  const records: PaxRecords = {}
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(asciiSpace, at)
    const length = space < 0 ? 0 : parseDecimal(body.toString('latin1', at, space))
    const end = at + length
    if (!(length > 0) || end > body.length || body[end - 1] !== 0x0a) return undefined
    const equals = body.indexOf(0x3d, space + 1)
    if (equals < 0 || equals >= end) return undefined
    const key = body.toString('latin1', space + 1, equals)
    if (!takeRecord(records, key, body, equals + 1, end - 1)) return undefined
    at = end
  }
  return records
}

function takeRecord(records: PaxRecords, key: string, body: Buffer, start: number, end: number): boolean {
  if (key === 'path' || key === 'linkpath' || key === 'GNU.sparse.name') {
    const text = decodeName(body, start, end)
    if (text.includes('\0')) return false
    records[key === 'GNU.sparse.name' ? 'sparseName' : key] = text
    return true
  }
  const value = body.toString('latin1', start, end)
  if (key === 'GNU.sparse.map') {
    records.sparseMap = value === '' ? [] : value.split(',').map(parseDecimal)
    return records.sparseMap.every(isCount)
  }
  const field = numbers.get(key)
  if (field === undefined) return true
  if (value === '' && field === 'size') return true
  const number = parseDecimal(value)
  if (field !== 'sparseMap') records[field] = number
  else if (records.sparseMap === undefined) records.sparseMap = [number]
  else records.sparseMap.push(number)
  return isCount(number)
}

const numbers: ReadonlyMap<string, 'size' | 'sparseSize' | 'sparseMajor' | 'sparseMap'> = new Map([
  ['size', 'size'],
  ['GNU.sparse.size', 'sparseSize'],
  ['GNU.sparse.realsize', 'sparseSize'],
  ['GNU.sparse.major', 'sparseMajor'],
  ['GNU.sparse.offset', 'sparseMap'],
  ['GNU.sparse.numbytes', 'sparseMap'],
])

function parseDecimal(text: string): number {
  return /^[0-9]{1,20}$/.test(text) ? Number(text) : Number.NaN
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value)
}
