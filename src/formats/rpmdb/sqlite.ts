import { limits } from '../../core/limits.ts'
import type { Entry } from './bdb.ts'
import { DamagedError } from './header.ts'
import { blobOf, schemaRowOf, varintAt } from './sqlite-record.ts'

const MAGIC = 'SQLite format 3\0'
const FILE_HEADER_BYTES = 100

// Types of pages of a table; those of an index are 2 and 10.
const INTERIOR = 5
const LEAF = 13

/** Whether these are the bytes of a SQLite database. */
export function isSqlite(bytes: Buffer): boolean {
  return bytes.length >= 512 && bytes.toString('latin1', 0, 16) === MAGIC
}

/**
 * The header blobs of an `rpmdb.sqlite`: the column `blob` of its table `Packages (hnum INTEGER PRIMARY KEY, blob BLOB)`. The
 * pages are read here (SQLite's "Database File Format", sections 1.3 to 2.1), and not by SQLite: nothing in a hostile file can
 * make work for its engine, nothing is copied, and damage to a page costs the packages of that page only.
 */
export function* readSqlite(bytes: Buffer): Generator<Entry> {
  const stored = bytes.readUInt16BE(16)
  const pageBytes = stored === 1 ? 65536 : stored
  const usable = pageBytes - bytes[20]!
  if (pageBytes < 512 || (pageBytes & (pageBytes - 1)) !== 0 || usable < 480) {
    yield new DamagedError(`it says that its pages have ${pageBytes} bytes`)
    return
  }
  const pages = Math.floor(bytes.length / pageBytes)
  const file: SqliteFile = { bytes, pageBytes, usable, pages, seen: new Uint8Array(pages + 1) }
  let root: number | undefined
  for (const row of readTable(file, 1)) {
    if (row instanceof DamagedError) yield row
    else root ??= schemaRowOf(row, 'Packages')
  }
  if (root === undefined) {
    yield new DamagedError('it has no table Packages')
    return
  }
  for (const row of readTable(file, root)) yield row instanceof DamagedError ? row : blobOf(row)
}

interface SqliteFile {
  readonly bytes: Buffer
  readonly pageBytes: number
  /** The bytes of a page that are in use: extensions can keep some at its end. */
  readonly usable: number
  readonly pages: number
  /** Pages that were read. Each serves once, so that time and memory depend on the size of the file alone. */
  readonly seen: Uint8Array
}

/** The records of a table, in the order of their row ids. */
function* readTable(file: SqliteFile, root: number): Generator<Entry> {
  const open = [root]
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    if (number === 0 || number > file.pages || file.seen[number] !== 0) {
      yield new DamagedError(`page ${number} cannot be part of the table`)
      continue
    }
    file.seen[number] = 1
    const page = openPage(file, number)
    if (page instanceof DamagedError) yield page
    else if (page.type === LEAF) yield* readLeaf(file, page)
    else {
      const children = childrenOf(file, page)
      if (children instanceof DamagedError) yield children
      else open.push(...children)
    }
  }
}

interface Page {
  readonly number: number
  readonly type: number
  readonly from: number
  readonly end: number
  readonly head: number
  /** Where each of the cells begins. */
  readonly cells: readonly number[]
}

function openPage({ bytes, pageBytes, usable }: SqliteFile, number: number): Page | DamagedError {
  const from = (number - 1) * pageBytes
  const end = from + usable
  const head = from + (number === 1 ? FILE_HEADER_BYTES : 0)
  const type = bytes[head]!
  const count = bytes.readUInt16BE(head + 3)
  const pointers = head + (type === INTERIOR ? 12 : 8)
  if ((type !== INTERIOR && type !== LEAF) || pointers + 2 * count > end)
    return new DamagedError(`page ${number} is of type ${type} with ${count} cells`)
  const cells = Array.from({ length: count }, (_, i) => from + bytes.readUInt16BE(pointers + 2 * i))
  return { number, type, from, end, head, cells }
}

/** Whether cells, free blocks and fragments are all that a page has: so none is missing, and none overlaps another. */
function isFilled({ bytes }: SqliteFile, { from, end, head }: Page, cellBytes: number): boolean {
  const content = from + (bytes.readUInt16BE(head + 5) || 65536)
  let filled = cellBytes + bytes[head + 7]!
  for (let at = from + bytes.readUInt16BE(head + 1), last = from; at !== from; ) {
    if (at <= last || at + 4 > end) return false
    filled += bytes.readUInt16BE(at + 2)
    last = at
    at = from + bytes.readUInt16BE(at)
  }
  return filled === end - content
}

/** Last child first. */
function childrenOf(file: SqliteFile, page: Page): readonly number[] | DamagedError {
  const children = [file.bytes.readUInt32BE(page.head + 8)]
  let cellBytes = 0
  for (const at of page.cells.toReversed()) {
    if (at + 5 > page.end) return new DamagedError(`page ${page.number} has a cell outside of it`)
    children.push(file.bytes.readUInt32BE(at))
    let end = at + 4
    while (end < at + 12 && file.bytes[end]! >= 0x80) end += 1
    cellBytes += end + 1 - at
  }
  return isFilled(file, page, cellBytes) ? children : notFilled(page)
}

function* readLeaf(file: SqliteFile, page: Page): Generator<Entry> {
  let cellBytes = 0
  for (const [i, at] of page.cells.entries()) {
    try {
      const cell = readCell(file, at, page.end)
      cellBytes += cell.end - at
      if (cellBytes > file.usable) break
      yield cell.record()
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error
      yield new DamagedError(`cell ${i} of page ${page.number}: ${error.message}`)
    }
  }
  if (!isFilled(file, page, cellBytes)) yield notFilled(page)
}

function notFilled({ number, cells }: Page): DamagedError {
  return new DamagedError(`page ${number} does not have the ${cells.length} cells that it says`)
}

interface Cell {
  readonly end: number
  record(): Buffer
}

/** Size of the record, row id, the record as far as it fits, the first overflow page. */
function readCell(file: SqliteFile, from: number, pageEnd: number): Cell {
  const size = varintAt(file.bytes, from, pageEnd)
  const rowId = varintAt(file.bytes, size.end, pageEnd)
  const local = localBytes(size.value, file.usable)
  const end = rowId.end + local
  if (size.value > limits.rpmHeaderBytes || end > pageEnd)
    throw new DamagedError(`it says that it has ${size.value} bytes`)
  const first = file.bytes.subarray(rowId.end, end)
  if (local === size.value) return { end: Math.max(end, from + 4), record: () => first }
  if (end + 4 > pageEnd) throw new DamagedError('it lies outside of its page')
  return { end: end + 4, record: () => readChain(file, first, size.value, file.bytes.readUInt32BE(end)) }
}

/** How much of a record a leaf page holds itself ("B-tree Cell Format"). */
function localBytes(size: number, usable: number): number {
  const most = usable - 35
  if (size <= most) return size
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const local = least + ((size - least) % (usable - 4))
  return local <= most ? local : least
}

/** An overflow page is the number of the next one and data up to its end. */
function readChain(file: SqliteFile, first: Buffer, size: number, overflow: number): Buffer {
  const parts = [first]
  let missing = size - first.length
  for (let page = overflow; missing > 0; ) {
    if (page === 0 || page > file.pages || file.seen[page] !== 0)
      throw new DamagedError(`page ${page} cannot be part of it`)
    file.seen[page] = 1
    const from = (page - 1) * file.pageBytes
    const length = Math.min(missing, file.usable - 4)
    parts.push(file.bytes.subarray(from + 4, from + 4 + length))
    missing -= length
    page = file.bytes.readUInt32BE(from)
  }
  return Buffer.concat(parts, size)
}
