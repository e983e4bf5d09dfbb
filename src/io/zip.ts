import { constants, crc32, inflateRawSync, type ZlibOptions } from 'node:zlib'
import { throwIfAborted } from '../core/abort.ts'
import { messageOf, printable } from '../core/errors.ts'
import type { RandomAccess } from '../core/feed.ts'
import { limits } from '../core/limits.ts'
import { ReadWindow } from './read-window.ts'
import {
  type DirectoryEntry,
  damaged,
  directoryEntries,
  exceeded,
  findDirectory,
  type ZipLimits,
} from './zip-directory.ts'
import { handlesWork, ZlibHandle } from './zlib-handle.ts'

/** A file of a ZIP archive. Its name is a label: nothing is ever written under it. */
export type ZipEntry =
  /** `content` is only valid until the next entry is asked for. */
  | { readonly name: string; readonly content: Buffer }
  /** It is there but cannot be had: `bad` says why. */
  | { readonly name: string; readonly bad: string }

/** What stands in front of the name. */
const fixedHeaderBytes = 30
const localSignature = 0x04034b50
const stored = 0
const deflated = 8
/** An entry that is smaller is decompressed by a decoder that is made once. Nearly all are: records of a few kilobytes. */
const smallBytes = 256 * 1024

/**
 * The files of a ZIP archive (APPNOTE 6.3, with ZIP64), one after the other, directories left out. Its directory is read, and
 * each entry where the directory says that it is; entries have to follow one another as they do in the directory, so that none
 * can be read twice or lie in another. One that is encrypted, compressed by another method than deflate, larger than
 * `limits.feedRecordBytes`, of another size or checksum than stated, or damaged, is yielded as bad.
 *
 * Throws `FEED_FAILED` if it is no archive, or has entries out of order; `LIMIT_EXCEEDED` beyond `limits.zipEntries`,
 * `limits.zipDirectoryBytes`, `limits.feedContentBytes`, and `limits.zipRatio` for the archive as a whole, or `most`; what reading throws, and `ABORTED`.
 */
export async function* zipEntries(
  file: RandomAccess,
  signal: AbortSignal,
  most: ZipLimits = {},
): AsyncGenerator<ZipEntry> {
  const directory = await findDirectory(file, most)
  const window = new ReadWindow(file)
  using small = new SmallInflater()
  const names = new Set<string>()
  let end = 0
  let total = 0
  for await (const entry of directoryEntries(file, directory)) {
    throwIfAborted(signal)
    if (entry.offset < end || entry.offset >= directory.offset) {
      throw damaged(file, `the entry ${shown(entry)} is out of order, or lies in another one`)
    }
    const headerBytes = fixedHeaderBytes + entry.nameBytes.length
    const header = window.held(entry.offset, headerBytes) ?? (await window.read(entry.offset, headerBytes))
    const { start, problem } = readHeader(header, entry)
    end = start + entry.compressedSize
    if (end > directory.offset) throw damaged(file, `the entry ${shown(entry)} reaches into the directory`)
    if (entry.name.endsWith('/') && entry.size === 0) continue
    const bad = names.has(entry.name) ? 'there is another entry of this name' : (problem ?? refusal(entry))
    names.add(entry.name)
    if (bad !== undefined) {
      yield { name: entry.name, bad }
      continue
    }
    total += entry.size
    checkTotal(file, total, most.contentBytes ?? limits.feedContentBytes)
    const data = window.held(start, entry.compressedSize) ?? (await window.read(start, entry.compressedSize))
    yield { name: entry.name, ...contentOf(entry, data, small) }
  }
}

/** Where an entry's data starts, by its own header, and whether that contradicts the directory. */
function readHeader(header: Buffer, entry: DirectoryEntry): { start: number; problem?: string } {
  if (header.length < fixedHeaderBytes || header.readUInt32LE(0) !== localSignature) {
    return { start: entry.offset, problem: 'there is no entry where the directory says' }
  }
  const nameBytes = header.readUInt16LE(26)
  const start = entry.offset + fixedHeaderBytes + nameBytes + header.readUInt16LE(28)
  const sameName = nameBytes === entry.nameBytes.length && entry.nameBytes.compare(header, fixedHeaderBytes) === 0
  return sameName ? { start } : { start, problem: 'it has another name than in the directory' }
}

function refusal({ encrypted, method, size, compressedSize }: DirectoryEntry): string | undefined {
  if (encrypted) return 'it is encrypted'
  if (method !== stored && method !== deflated) return `it is compressed by method ${method}, which cannot be read`
  if (size > limits.feedRecordBytes || compressedSize > limits.feedRecordBytes) {
    return `it is larger than the limit of ${limits.feedRecordBytes} bytes`
  }
  return undefined
}

function contentOf(
  { method, size, crc }: DirectoryEntry,
  data: Buffer,
  small: SmallInflater,
): { content: Buffer } | { bad: string } {
  try {
    const content = method === stored ? data : (small.inflate(data, size) ?? inflateRawSync(data, inflateOptions(size)))
    if (content.length !== size) return { bad: `it has ${content.length} bytes, and not the ${size} that are stated` }
    if (crc32(content) !== crc) return { bad: 'it does not have the checksum that is stated' }
    return { content }
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    if (tooLarge) return { bad: `it has more than the ${size} bytes that are stated` }
    return { bad: `it cannot be decompressed: ${messageOf(error)}` }
  }
}

/** Decompresses small entries into one buffer. A decoder of its own for each would take as long to make as it has to work. */
class SmallInflater implements Disposable {
  readonly #handle = handlesWork() ? new ZlibHandle('deflate', smallBytes) : undefined

  /** The content, if it is small and has exactly this size: what is wrong with any other is not told here. */
  inflate(data: Buffer, size: number): Buffer | undefined {
    if (this.#handle === undefined || size >= smallBytes) return undefined
    try {
      this.#handle.reset()
      this.#handle.run(data, 0)
      return this.#handle.produced === size ? this.#handle.output.subarray(0, size) : undefined
    } catch {
      return undefined
    }
  }

  [Symbol.dispose](): void {
    this.#handle?.close()
  }
}

/** One byte more than stated is enough to see that there is more. All at once, so that no part is copied. */
function inflateOptions(size: number): ZlibOptions {
  return { maxOutputLength: size + 1, chunkSize: Math.max(size + 1, constants.Z_MIN_CHUNK) }
}

function checkTotal(file: RandomAccess, total: number, most: number): void {
  if (total > most) throw exceeded(file, `its files have more than ${most} bytes`)
  if (total > limits.zipRatioFrom && total > file.size * limits.zipRatio) {
    throw exceeded(file, `its files have more than ${limits.zipRatio} times its size`)
  }
}

function shown({ name }: DirectoryEntry): string {
  return JSON.stringify(printable(name).slice(0, 200))
}
