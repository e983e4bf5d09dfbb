import { limits } from '../core/limits.ts'

/** The fields that were asked for, of one block of `Name: value` lines. */
export interface Stanza {
  /** The line it begins at, counted from 1. */
  readonly line: number
  /** The values, in the order of the names asked for, without blanks around them. `undefined` where a field is missing. */
  readonly values: readonly (string | undefined)[]
  /** A field asked for whose value is longer than the limit and so was left out. */
  readonly tooLong: string | undefined
}

/** The names of the fields to read, and whether `name` means `Name` too. */
export interface StanzaFields {
  readonly names: readonly string[]
  readonly ignoreCase: boolean
}

const LF = 10
const CR = 13
const COLON = 58

/**
 * Reads a file of stanzas: lines of `Name: value`, stanzas parted by empty lines (deb822(5), and apk's database, which is
 * alike). Takes any bytes. Only lines that begin with a name asked for are looked at, and nothing but their values is copied,
 * so that time and memory depend on the size of the file alone. If a field is there twice, the first one counts.
 */
export function* readStanzas(bytes: Buffer, { names, ignoreCase }: StanzaFields): Generator<Stanza> {
  const fields = indexByFirstByte(names, ignoreCase)
  let line = 0
  let first = 0
  let values: (string | undefined)[] = []
  let tooLong: string | undefined
  for (let from = 0; from < bytes.length; ) {
    const lineFeed = bytes[from] === LF ? from : bytes.indexOf(LF, from)
    const end = lineFeed < 0 ? bytes.length : lineFeed
    line += 1
    if (isEmpty(bytes, from, end)) {
      if (first > 0) yield { line: first, values, tooLong }
      first = 0
      values = []
      tooLong = undefined
    } else {
      if (first === 0) first = line
      const candidates = fields[bytes[from]!]
      const field = candidates && findField(candidates, bytes, from, end, ignoreCase)
      if (field !== undefined) {
        const value = readValue(bytes, from + field.name.length + 1, end)
        if (value === undefined) tooLong ??= field.label
        else values[field.index] ??= value
      }
    }
    from = end + 1
  }
  if (first > 0) yield { line: first, values, tooLong }
}

interface Field {
  readonly index: number
  readonly label: string
  readonly name: Buffer
}

function indexByFirstByte(names: readonly string[], ignoreCase: boolean): readonly (readonly Field[] | undefined)[] {
  const byFirstByte: Field[][] = []
  names.forEach((label, index) => {
    const field = { index, label, name: Buffer.from(ignoreCase ? label.toLowerCase() : label) }
    const first = label.charCodeAt(0)
    for (const byte of ignoreCase ? new Set([first | 0x20, first & ~0x20]) : [first]) {
      byFirstByte[byte] ??= []
      byFirstByte[byte].push(field)
    }
  })
  return byFirstByte
}

function findField(
  candidates: readonly Field[],
  bytes: Buffer,
  from: number,
  end: number,
  ignoreCase: boolean,
): Field | undefined {
  const fold = ignoreCase ? 0x20 : 0
  return candidates.find(({ name }) => {
    if (from + name.length >= end || bytes[from + name.length] !== COLON) return false
    for (let i = 1; i < name.length; i += 1) if ((bytes[from + i]! | fold) !== name[i]) return false
    return true
  })
}

function readValue(bytes: Buffer, from: number, end: number): string | undefined {
  let first = from
  let last = end
  while (first < last && isBlank(bytes[first]!)) first += 1
  while (last > first && isBlank(bytes[last - 1]!)) last -= 1
  return last - first > limits.packageFieldBytes ? undefined : bytes.toString('utf8', first, last)
}

function isEmpty(bytes: Buffer, from: number, end: number): boolean {
  return from === end || (end === from + 1 && bytes[from] === CR)
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === CR
}
