import { limits } from '../../core/limits.ts'
import { DamagedError } from './header.ts'

/** A header blob, or why one could not be had. */
export type Entry = Buffer | DamagedError

/** The magic number of a Berkeley DB hash, at byte 12 in the byte order of the machine that wrote it. */
const HASH_MAGIC = 0x061561
const PAGE_HEADER_BYTES = 26

// Page types.
const FREE = 0
const HASH_UNSORTED = 2
const OVERFLOW = 7
const HASH = 13

// Item types.
const ON_PAGE = 1
const OFF_PAGE = 3
const OFF_PAGE_ITEM_BYTES = 12
/** The type, and the number of a package. */
const KEY_ITEM_BYTES = 5

/** Whether these are the bytes of a Berkeley DB hash database. */
export function isBdb(bytes: Buffer): boolean {
  return bytes.length >= 512 && (bytes.readUInt32LE(12) === HASH_MAGIC || bytes.readUInt32BE(12) === HASH_MAGIC)
}

/**
 * The header blobs of a Berkeley DB `Packages` (rpm up to 4.16), of either byte order. Every page is looked at once, in the
 * order of the file, whatever bucket it belongs to. The layout is that of Berkeley DB's `dbinc/db_page.h`: a metadata page,
 * hash pages with keys and values by turns, and chains of overflow pages for values that do not fit.
 */
export function* readBdb(bytes: Buffer): Generator<Entry> {
  const file = openFile(bytes)
  if (file instanceof DamagedError) {
    yield file
    return
  }
  for (let page = 1; page < file.pages; page += 1) {
    const type = typeOf(file, page)
    if (type !== FREE && file.u32(page * file.pageBytes + 8) !== page)
      yield new DamagedError(`page ${page} says that it is another one`)
    if (type === HASH || type === HASH_UNSORTED) yield* readHashPage(file, page)
    else if (type !== OVERFLOW && !(type === FREE && entriesOf(file, page) === 0))
      yield new DamagedError(`page ${page} is of type ${type}`)
  }
  for (let page = 1; page < file.pages; page += 1) {
    if (typeOf(file, page) === OVERFLOW && file.used[page] === 0)
      yield new DamagedError(`page ${page} belongs to no package`)
  }
  if (file.lastPage >= file.pages) yield new DamagedError(`it ends before page ${file.pages} of ${file.lastPage}`)
}

interface BdbFile {
  readonly bytes: Buffer
  readonly pageBytes: number
  /** Whole pages that are there, and the last one that should be. */
  readonly pages: number
  readonly lastPage: number
  /** Overflow pages that a chain went through. */
  readonly used: Uint8Array
  readonly u16: (offset: number) => number
  readonly u32: (offset: number) => number
}

function openFile(bytes: Buffer): BdbFile | DamagedError {
  const isLittle = bytes.readUInt32LE(12) === HASH_MAGIC
  const u16 = (offset: number) => (isLittle ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset))
  const u32 = (offset: number) => (isLittle ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset))
  const pageBytes = u32(20)
  if (pageBytes < 512 || pageBytes > 65536 || (pageBytes & (pageBytes - 1)) !== 0)
    return new DamagedError(`it says that its pages have ${pageBytes} bytes`)
  const pages = Math.floor(bytes.length / pageBytes)
  return { bytes, pageBytes, pages, lastPage: u32(32), used: new Uint8Array(pages), u16, u32 }
}

function typeOf({ bytes, pageBytes }: BdbFile, page: number): number {
  return bytes[page * pageBytes + 25]!
}

function entriesOf({ u16, pageBytes }: BdbFile, page: number): number {
  return u16(page * pageBytes + 20)
}

/** Keys are the numbers of packages. Number 0 holds the last number given out, not a package. */
function* readHashPage(file: BdbFile, page: number): Generator<Entry> {
  const { pageBytes, bytes, u16 } = file
  const from = page * pageBytes
  const entries = entriesOf(file, page)
  if (entries % 2 !== 0 || PAGE_HEADER_BYTES + 2 * entries > pageBytes) {
    yield new DamagedError(`page ${page} says that it has ${entries} entries`)
    return
  }
  const offsetOf = (i: number) => (i < 0 ? pageBytes : u16(from + PAGE_HEADER_BYTES + 2 * i))
  if (entries > 0 && offsetOf(entries - 1) !== u16(from + 22))
    yield new DamagedError(`page ${page} does not have the ${entries} entries that it says`)
  for (let i = 0; i < entries; i += 2) {
    const [start, keyAt, valueAt] = [offsetOf(i - 1), offsetOf(i), offsetOf(i + 1)]
    if (start > pageBytes || keyAt >= start || valueAt >= keyAt || valueAt < PAGE_HEADER_BYTES + 2 * entries) {
      yield new DamagedError(`entry ${i} of page ${page} lies outside of it`)
      continue
    }
    if (start - keyAt !== KEY_ITEM_BYTES) {
      yield new DamagedError(`entry ${i} of page ${page} has no number of a package`)
      continue
    }
    if (bytes.readUInt32LE(from + keyAt + 1) === 0 && keyAt - valueAt === KEY_ITEM_BYTES) continue
    try {
      yield readValue(file, from + valueAt, from + keyAt)
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error
      yield new DamagedError(`entry ${i} of page ${page}: ${error.message}`)
    }
  }
}

function readValue(file: BdbFile, from: number, end: number): Buffer {
  const type = file.bytes[from]
  if (type === ON_PAGE) return file.bytes.subarray(from + 1, end)
  if (type !== OFF_PAGE || end - from < OFF_PAGE_ITEM_BYTES) throw new DamagedError(`it is of type ${type}`)
  return readChain(file, file.u32(from + 4), file.u32(from + 8))
}

/**
 * A page serves one chain only, so that all chains together are no longer than the file, whatever they say. As in Berkeley
 * DB itself, the size decides how much of a longer chain is taken; what ends too soon is found when the header is parsed.
 */
function readChain(file: BdbFile, first: number, size: number): Buffer {
  const { bytes, pageBytes, used } = file
  if (size > limits.rpmHeaderBytes || size > bytes.length) throw new DamagedError(`it says that it has ${size} bytes`)
  const parts: Buffer[] = []
  let missing = size
  for (let page = first; page !== 0; page = file.u32(page * pageBytes + 16)) {
    if (page >= file.pages || typeOf(file, page) !== OVERFLOW || used[page] !== 0)
      throw new DamagedError(`page ${page} cannot be part of it`)
    used[page] = 1
    const from = page * pageBytes + PAGE_HEADER_BYTES
    const length = Math.min(file.u16(page * pageBytes + 22), pageBytes - PAGE_HEADER_BYTES, missing)
    parts.push(bytes.subarray(from, from + length))
    missing -= length
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}
