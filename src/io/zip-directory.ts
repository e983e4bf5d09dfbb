import { ChiaroError } from '../core/errors.ts'
import type { RandomAccess } from '../core/feed.ts'
import { limits } from '../core/limits.ts'
import { ReadWindow } from './read-window.ts'

/** How much an archive may hold, where that is less than `limits` has. */
export interface ZipLimits {
  readonly entries?: number
  readonly directoryBytes?: number
  readonly contentBytes?: number
}

/** Where the directory of a ZIP archive is. */
export interface ZipDirectory {
  readonly offset: number
  readonly bytes: number
  readonly entries: number
}

/** What the directory says of one entry. */
export interface DirectoryEntry {
  readonly name: string
  /** The name as it is written. */
  readonly nameBytes: Buffer
  /** Where its own header is. */
  readonly offset: number
  readonly size: number
  readonly compressedSize: number
  readonly crc: number
  readonly method: number
  readonly encrypted: boolean
}

const endBytes = 22
const endSignature = 0x06054b50
const longestComment = 0xffff
const locatorBytes = 20
const locatorSignature = 0x07064b50
const end64Bytes = 56
const end64Signature = 0x06064b50
const headerBytes = 46
const headerSignature = 0x02014b50
/** What a field of 32 bits has where ZIP64 has the value. */
const elsewhere = 0xffffffff
const zip64Field = 1

/**
 * Finds the directory of an archive by the record at its end (APPNOTE 4.3.16, of ZIP64 4.3.14 and 4.3.15). Throws `FEED_FAILED`
 * if there is none, or it is not where it says, and `LIMIT_EXCEEDED` for more than `limits.zipEntries` and
 * `limits.zipDirectoryBytes`, or less where `most` says so.
 */
export async function findDirectory(file: RandomAccess, most: ZipLimits): Promise<ZipDirectory> {
  const tailAt = Math.max(0, file.size - endBytes - longestComment)
  const tail = await file.read(tailAt, file.size - tailAt)
  const at = endOf(tail)
  if (at < 0) throw damaged(file, 'it has no directory: it is no ZIP archive, or it is cut off')
  const found = (await directory64(file, tailAt + at)) ?? {
    entries: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  }
  if (found.offset + found.bytes > tailAt + at) throw damaged(file, 'its directory is not where it says')
  const { entries = limits.zipEntries, directoryBytes = limits.zipDirectoryBytes } = most
  if (found.entries > entries) throw exceeded(file, `it has more than ${entries} entries`)
  if (found.bytes > directoryBytes) throw exceeded(file, `its directory has more than ${directoryBytes} bytes`)
  return found
}

/** The place of the last end record whose comment reaches exactly to the end of the file; -1 if there is none. */
function endOf(tail: Buffer): number {
  for (let at = tail.length - endBytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) === endSignature && at + endBytes + tail.readUInt16LE(at + 20) === tail.length) return at
  }
  return -1
}

/** What ZIP64 says, if its locator stands in front of the end record at `end`. */
async function directory64(file: RandomAccess, end: number): Promise<ZipDirectory | undefined> {
  if (end < locatorBytes + end64Bytes) return undefined
  const locator = await file.read(end - locatorBytes, locatorBytes)
  if (locator.readUInt32LE(0) !== locatorSignature) return undefined
  const place = numberAt(locator, 8)
  const record = place < end ? await file.read(place, end64Bytes) : locator.subarray(0, 0)
  if (record.length < end64Bytes || record.readUInt32LE(0) !== end64Signature) {
    throw damaged(file, 'its ZIP64 directory is not where it says')
  }
  return { entries: numberAt(record, 32), bytes: numberAt(record, 40), offset: numberAt(record, 48) }
}

/** The entries of a directory, in its order. Throws `FEED_FAILED` for one that is damaged, or has another number of entries. */
export async function* directoryEntries(
  file: RandomAccess,
  { offset, bytes, entries }: ZipDirectory,
): AsyncGenerator<DirectoryEntry> {
  const window = new ReadWindow(file)
  const end = offset + bytes
  let at = offset
  for (let index = 0; index < entries; index++) {
    const header = window.held(at, headerBytes) ?? (await window.read(at, headerBytes))
    if (at + headerBytes > end || header.length < headerBytes || header.readUInt32LE(0) !== headerSignature) {
      throw damaged(file, `its directory is damaged behind ${index} of ${entries} entries`)
    }
    const nameLength = header.readUInt16LE(28)
    const extraLength = header.readUInt16LE(30)
    const restAt = at + headerBytes
    const restBytes = nameLength + extraLength
    const rest = window.held(restAt, restBytes) ?? (await window.read(restAt, restBytes))
    at += headerBytes + nameLength + extraLength + header.readUInt16LE(32)
    if (at > end) throw damaged(file, `its directory is damaged behind ${index} of ${entries} entries`)
    yield entryOf(header, rest.subarray(0, nameLength), rest.subarray(nameLength))
  }
  if (at !== end) throw damaged(file, `its directory has more than the ${entries} entries that it states`)
}

function entryOf(header: Buffer, nameBytes: Buffer, extra: Buffer): DirectoryEntry {
  const size = header.readUInt32LE(24)
  const compressedSize = header.readUInt32LE(20)
  const offset = header.readUInt32LE(42)
  const long = longValues(extra)
  return {
    name: nameBytes.toString('utf8'),
    nameBytes,
    method: header.readUInt16LE(10),
    encrypted: (header.readUInt16LE(8) & 1) !== 0,
    crc: header.readUInt32LE(16),
    // In this order, and only those that are there.
    size: size === elsewhere ? long() : size,
    compressedSize: compressedSize === elsewhere ? long() : compressedSize,
    offset: offset === elsewhere ? long() : offset,
  }
}

/** Gives one value after the other of the ZIP64 field (APPNOTE 4.5.3); infinity, which no archive has room for, where there is none. */
function longValues(extra: Buffer): () => number {
  let field: Buffer = Buffer.alloc(0)
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === zip64Field) field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2))
  }
  let next = 0
  return () => {
    const at = next
    next += 8
    return at + 8 <= field.length ? numberAt(field, at) : Number.POSITIVE_INFINITY
  }
}

function numberAt(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at))
}

/** The error for an archive that is damaged. */
export function damaged({ where }: RandomAccess, what: string): ChiaroError {
  return new ChiaroError('FEED_FAILED', `The ZIP archive cannot be read: ${what}`, { where })
}

/** The error for an archive that is beyond a limit. */
export function exceeded({ where }: RandomAccess, what: string): ChiaroError {
  return new ChiaroError('LIMIT_EXCEEDED', `The ZIP archive goes beyond a limit: ${what}`, { where })
}
