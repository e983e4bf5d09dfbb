import { open } from 'node:fs/promises'
import { throwIfAborted } from '../core/abort.ts'
import { ChiaroError, type ErrorCode, messageOf, printable } from '../core/errors.ts'
import { imagePath } from '../core/image-path.ts'
import { limits } from '../core/limits.ts'
import { GrowingBuffer } from './growing-buffer.ts'
import {
  checkHeader,
  decodeName,
  type PaxRecords,
  parsePax,
  readName,
  readNumber,
  readText,
  tarBlock,
} from './tar-header.ts'
import { expandSparse, readGnuMap, readGnuRealSize, readLeadingMap } from './tar-sparse.ts'
import { isZero } from './zeros.ts'

/** One member of a tar archive. */
export interface TarEntry {
  /** Canonical path inside the archive (core/image-path.ts), never empty. */
  readonly path: string
  /** `other`: devices, FIFOs and types that only some tars know. */
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  /** Bytes of a file, with the holes of a sparse one; 0 for everything else. As claimed: nothing may be allocated from it. */
  readonly size: number
  /** Of a symbolic link as written, of a hard link the canonical path of its file, else empty. */
  readonly linkTarget: string
  /** Permission bits. */
  readonly mode: number
  /** Whether the body in the archive is not the content: a sparse file. */
  readonly sparse: boolean
}

/** What the bytes after the present position are. */
type Phase = 'header' | 'padding' | 'skip' | 'body' | 'gnu-name' | 'gnu-link' | 'pax' | 'gnu-map' | 'end'

/** A sparse file's map, or where it will come from. */
type Sparse = { readonly map: number[]; readonly leading: boolean }

const types: Readonly<Record<string, TarEntry['type']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
  D: 'directory',
}

/** Types that have no body, whatever their size field says. */
const bodiless = '123456'
/** Volume labels and continued files of GNU tar, global pax headers: nothing that is in the image. */
const notMembers = 'VMNg'

/**
 * Reads a tar archive that is pushed through it in chunks of any size: ustar, pax, GNU, star and v7. `onEntry` is called for
 * every member and says whether its body is wanted, `onBody` with the whole body of a wanted file (holes of sparse files
 * filled). Chunks may be reused after `push`; bodies are the receiver's.
 *
 * The archive ends at two zero blocks, as for Go's archive/tar and so for Docker, or where the bytes end between members.
 * Throws `code` (`LAYER_INVALID` by default) naming `where` and the offset for anything that is no sound tar archive, a
 * truncated one among them, and `LIMIT_EXCEEDED` for the limits on headers, paths and entries.
 */
export class TarWalker {
  readonly #where: string
  readonly #onEntry: (entry: TarEntry) => 'skip' | 'keep'
  readonly #onBody: (entry: TarEntry, body: Buffer) => void
  readonly #code: ErrorCode
  readonly #header = Buffer.allocUnsafeSlow(tarBlock)
  #headerFilled = 0
  #phase: Phase = 'header'
  /** Bytes left of the present phase, and the padding behind it. */
  #left = 0
  #padding = 0
  #collected: GrowingBuffer | undefined
  /** Bytes of the archive in front of the chunk being read, and of the chunk's part that has been read. */
  #before = 0
  #at = 0
  #entries = 0
  #zeroBlocks = 0
  #trailing = false
  #entry: TarEntry | undefined
  #sparse: Sparse | undefined
  #rawSize = 0
  #longName: string | undefined
  #longLink: string | undefined
  #pax: PaxRecords | undefined

  constructor(
    where: string,
    onEntry: (entry: TarEntry) => 'skip' | 'keep',
    onBody: (entry: TarEntry, body: Buffer) => void,
    code: 'LAYER_INVALID' | 'ARCHIVE_INVALID' = 'LAYER_INVALID',
  ) {
    this.#where = where
    this.#onEntry = onEntry
    this.#onBody = onBody
    this.#code = code
  }

  /** The offset in the archive of what comes next; in `onEntry`, that of the member's body. */
  get offset(): number {
    return this.#before + this.#at
  }

  /** Whether the archive's end has been seen. */
  get ended(): boolean {
    return this.#phase === 'end'
  }

  /** Whether there was something else than zeros behind the archive's end. */
  get trailing(): boolean {
    return this.#trailing
  }

  push(chunk: Buffer): void {
    this.#at = 0
    while (this.#at < chunk.length) {
      if (this.#phase === 'header') this.#pushHeader(chunk)
      else if (this.#phase === 'end') this.#pushTail(chunk)
      else this.#pushBody(chunk)
    }
    this.#before += chunk.length
    this.#at = 0
  }

  /** Passes over what is left of an unwanted body, for a caller that can seek: it goes on at `offset`. */
  skip(): void {
    if (this.#phase !== 'skip') return
    this.#before += this.#left
    this.#left = 0
    this.#finishPhase()
  }

  /** Says that the archive ends here, or for a caller that has skipped, after `total` bytes. */
  end(total: number = this.offset): void {
    const cut = this.offset > total
    if (!cut && (this.#phase === 'end' || this.#phase === 'padding')) return
    const pending = this.#longName !== undefined || this.#longLink !== undefined || this.#pax !== undefined
    if (!cut && this.#phase === 'header' && this.#headerFilled === 0 && !pending) return
    this.#fail(`ends in the middle of ${this.#entry ? quote(this.#entry.path) : 'a header'}: it is truncated`)
  }

  #pushHeader(chunk: Buffer): void {
    if (this.#headerFilled === 0 && chunk.length - this.#at >= tarBlock) {
      const at = this.#at
      this.#at += tarBlock
      this.#readHeader(chunk, at)
      return
    }
    const copied = chunk.copy(this.#header, this.#headerFilled, this.#at)
    this.#at += copied
    this.#headerFilled += copied
    if (this.#headerFilled < tarBlock) return
    this.#headerFilled = 0
    this.#readHeader(this.#header, 0)
  }

  #pushBody(chunk: Buffer): void {
    const end = this.#at + Math.min(this.#left, chunk.length - this.#at)
    this.#collected?.append(chunk, this.#at, end)
    this.#left -= end - this.#at
    this.#at = end
    if (this.#left === 0) this.#finishPhase()
  }

  #pushTail(chunk: Buffer): void {
    this.#trailing ||= !isZero(chunk.subarray(this.#at))
    this.#at = chunk.length
  }

  #readHeader(block: Buffer, at: number): void {
    this.#entry = undefined
    const soundness = checkHeader(block, at)
    if (soundness === 'zero') {
      if (++this.#zeroBlocks === 2) this.#phase = 'end'
      return
    }
    if (this.#zeroBlocks > 0) this.#fail('has a single zero block between its members')
    if (soundness === 'invalid') this.#fail('has a header whose checksum is wrong, or is no tar archive')
    const type = String.fromCharCode(block[at + 156]!)
    const size = bodiless.includes(type) ? 0 : readNumber(block, at + 124, 12)
    if (type === 'L') this.#collect('gnu-name', size)
    else if (type === 'K') this.#collect('gnu-link', size)
    else if (type === 'x') this.#collect('pax', size)
    else if (notMembers.includes(type)) this.#pass(this.#checkSize(size))
    else this.#readMember(block, at, type, bodiless.includes(type) ? 0 : this.#checkSize(this.#pax?.size ?? size))
  }

  /** Collects a header's body that says something of the next member. */
  #collect(phase: Phase, size: number): void {
    if (this.#checkSize(size) > limits.tarHeaderBytes) {
      this.#exceed(`has an extended header of ${size} bytes; at most ${limits.tarHeaderBytes} are read`)
    }
    this.#begin(phase, size, new GrowingBuffer(size))
  }

  #begin(phase: Phase, size: number, collected: GrowingBuffer | undefined): void {
    this.#phase = phase
    this.#left = size
    this.#padding = -size & (tarBlock - 1)
    this.#collected = collected
    if (size === 0) this.#finishPhase()
  }

  #pass(size: number): void {
    this.#begin('skip', size, undefined)
  }

  #readMember(block: Buffer, at: number, flag: string, rawSize: number): void {
    if (++this.#entries > limits.layerEntries) this.#exceed(`has more than ${limits.layerEntries} entries`)
    const pax = this.#pax
    const name = pax?.sparseName ?? pax?.path ?? this.#longName ?? readName(block, at)
    let type = types[flag] ?? 'other'
    if (flag === '\0' && name.endsWith('/')) type = 'directory'
    if (type === 'directory' && flag !== 'D') rawSize = 0
    const isLink = type === 'symlink' || type === 'hardlink'
    const link = isLink ? (pax?.linkpath ?? this.#longLink ?? readText(block, at + 157, 100)) : ''
    this.#sparse = type === 'file' ? this.#readSparse(block, at, flag) : undefined
    const realSize = flag === 'S' ? readGnuRealSize(block, at) : (pax?.sparseSize ?? rawSize)
    this.#longName = this.#longLink = this.#pax = undefined
    this.#checkPath(name)
    this.#checkPath(link)
    this.#entry = {
      path: imagePath(name),
      type,
      size: type !== 'file' ? 0 : this.#sparse === undefined ? rawSize : this.#checkSize(realSize),
      linkTarget: type === 'hardlink' ? imagePath(link) : link,
      mode: readNumber(block, at + 100, 8) & 0o7777,
      sparse: this.#sparse !== undefined,
    }
    this.#rawSize = rawSize
    if (this.#sparse !== undefined && flag === 'S' && block[at + 482] !== 0) this.#beginGnuMap()
    else this.#beginBody()
  }

  #readSparse(block: Buffer, at: number, flag: string): Sparse | undefined {
    if (flag === 'S') {
      const map: number[] = []
      if (readGnuMap(block, at, false, map) === undefined) this.#fail('has a sparse file whose map is malformed')
      return { map, leading: false }
    }
    const pax = this.#pax
    if (pax?.sparseMajor !== undefined && pax.sparseMajor >= 1) return { map: [], leading: true }
    return pax?.sparseMap === undefined ? undefined : { map: pax.sparseMap, leading: false }
  }

  /** One more block of an old GNU sparse map comes before the body. */
  #beginGnuMap(): void {
    if (this.#sparse!.map.length * 12 > limits.tarHeaderBytes) {
      this.#exceed(`has a sparse file whose map is larger than ${limits.tarHeaderBytes} bytes`)
    }
    this.#begin('gnu-map', tarBlock, new GrowingBuffer(tarBlock))
  }

  #beginBody(): void {
    const entry = this.#entry!
    const wanted = entry.path !== '' && this.#onEntry(entry) === 'keep' && entry.type === 'file'
    if (wanted) this.#begin('body', this.#rawSize, new GrowingBuffer(this.#rawSize))
    else this.#pass(this.#rawSize)
  }

  #finishPhase(): void {
    const phase = this.#phase
    const collected = this.#collected?.take()
    this.#collected = undefined
    this.#left = this.#padding
    this.#padding = 0
    this.#phase = phase !== 'padding' && this.#left > 0 ? 'padding' : 'header'
    if (collected === undefined) return
    if (phase === 'body') this.#finishBody(collected)
    else if (phase === 'gnu-name') this.#longName = untilNul(collected)
    else if (phase === 'gnu-link') this.#longLink = untilNul(collected)
    else if (phase === 'pax') this.#pax = parsePax(collected) ?? this.#fail('has a malformed pax header')
    else this.#finishGnuMap(collected)
  }

  #finishGnuMap(block: Buffer): void {
    const more = readGnuMap(block, 0, true, this.#sparse!.map)
    if (more === undefined) this.#fail('has a sparse file whose map is malformed')
    if (more) this.#beginGnuMap()
    else this.#beginBody()
  }

  #finishBody(body: Buffer): void {
    const entry = this.#entry!
    if (this.#sparse === undefined) {
      this.#onBody(entry, body)
      return
    }
    const { map, dataAt } = this.#sparse.leading
      ? (readLeadingMap(body) ?? this.#fail(`has a malformed map of the sparse file ${quote(entry.path)}`))
      : { map: this.#sparse.map, dataAt: 0 }
    if (entry.size > limits.wantedBytes) this.#exceed(`has a sparse file of ${entry.size} bytes, ${quote(entry.path)}`)
    const expanded = expandSparse(body.subarray(dataAt), map, entry.size)
    this.#onBody(entry, expanded ?? this.#fail(`has a map that does not fit the sparse file ${quote(entry.path)}`))
  }

  #checkSize(size: number): number {
    if (Number.isSafeInteger(size) && size >= 0) return size
    return this.#fail('has a header with an impossible size')
  }

  #checkPath(path: string): void {
    if (path.length > limits.pathBytes) {
      this.#exceed(`has a path of ${path.length} characters; at most ${limits.pathBytes} are read`)
    }
    if (path.length < limits.pathDepth) return
    let depth = 0
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) depth++
    if (depth > limits.pathDepth)
      this.#exceed(`has a path ${depth} directories deep; at most ${limits.pathDepth} are read`)
  }

  #fail(what: string): never {
    throw new ChiaroError(this.#code, `the tar archive ${what} (at byte ${this.offset})`, {
      where: this.#where,
      advice: 'Build or pull the image again; it is damaged, or was made by a tool that writes invalid archives.',
    })
  }

  #exceed(what: string): never {
    throw new ChiaroError('LIMIT_EXCEEDED', `the tar archive ${what}`, { where: this.#where })
  }
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return decodeName(bytes, 0, end < 0 ? bytes.length : end)
}

function quote(path: string): string {
  return JSON.stringify(printable(path.slice(0, 200)))
}

function fileFailed(file: string, cause: unknown): never {
  throw new ChiaroError('FILE_FAILED', `cannot be read: ${messageOf(cause)}`, { where: file, cause })
}

const listChunk = 64 * 1024

/**
 * The members of an uncompressed tar archive on disk, each with the offset of its body in `file`; bodies are not read. A
 * sparse file is of type `other`, as its body is not its content. Throws `ARCHIVE_INVALID` if it is no sound tar archive or
 * is truncated, `LIMIT_EXCEEDED` beyond the limits, `FILE_FAILED` if it cannot be read, `ABORTED` when `signal` is.
 */
export async function* listTar(
  file: string,
  signal: AbortSignal,
): AsyncIterable<TarEntry & { readonly offset: number }> {
  const found: (TarEntry & { readonly offset: number })[] = []
  const walker: TarWalker = new TarWalker(
    file,
    (entry) => {
      found.push({ ...entry, type: entry.sparse ? 'other' : entry.type, offset: walker.offset })
      return 'skip'
    },
    () => {},
    'ARCHIVE_INVALID',
  )
  const handle = await open(file, 'r').catch((error: unknown) => fileFailed(file, error))
  try {
    const buffer = Buffer.allocUnsafeSlow(listChunk)
    while (!walker.ended) {
      throwIfAborted(signal)
      const { bytesRead } = await handle.read(buffer, 0, listChunk, walker.offset)
      if (bytesRead === 0) break
      walker.push(buffer.subarray(0, bytesRead))
      walker.skip()
      yield* found.splice(0)
    }
    walker.end((await handle.stat()).size)
  } catch (error) {
    if (error instanceof ChiaroError) throw error
    fileFailed(file, error)
  } finally {
    await handle.close()
  }
}
