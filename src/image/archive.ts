import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { abortedError } from '../core/abort.ts'
import { ChiaroError, isChiaroError, messageOf, printable } from '../core/errors.ts'
import { imagePath, parentPath } from '../core/image-path.ts'
import { limits } from '../core/limits.ts'
import { detectCompression, detectionBytes } from '../io/inflate.ts'
import { readRange } from '../io/read-range.ts'
import { listTar, type TarEntry } from '../io/tar.ts'
import { createTempFile } from '../io/temp-file.ts'

/** Where a file of an archive is. */
export interface Member {
  /** The file that has it, as the reader must open it. */
  readonly path: string
  readonly offset: number
  readonly size: number
}

/** A tar archive around an image, with its members known and their bodies unread. */
export interface Archive extends AsyncDisposable {
  /** Its path as it was named. */
  readonly where: string
  /** A regular file by its path in the archive, links inside the archive followed; `undefined` if there is none. */
  find(path: string): Member | undefined
  /** A whole file of at most `limits.manifestBytes`, or `undefined`. Throws `LIMIT_EXCEEDED`, `FILE_FAILED`. */
  read(path: string): Promise<Buffer | undefined>
}

/**
 * Opens a tar archive. An uncompressed one is read in place; one in gzip or zstd is decompressed once, into a temporary file
 * that has no name. Throws `ARCHIVE_INVALID` for anything else, `FILE_FAILED`, `LIMIT_EXCEEDED`, `ABORTED`.
 */
export async function openArchive(file: string, signal: AbortSignal): Promise<Archive> {
  const compression = compressionOf(file)
  if (compression === 'none') return listArchive(file, file, async () => {}, signal)
  if (compression !== 'gzip' && compression !== 'zstd') {
    const advice = `Decompress it first: ${compression === 'xz' ? 'xz' : 'bzip2'} -d.`
    throw new ChiaroError('ARCHIVE_INVALID', `it is compressed with ${compression}`, { where: file, advice })
  }
  const temporary = await createTempFile()
  try {
    await decompress(file, compression, (chunk) => temporary.append(chunk), signal)
    return await listArchive(file, temporary.path, async () => temporary[Symbol.asyncDispose](), signal)
  } catch (error) {
    await temporary[Symbol.asyncDispose]()
    throw error
  }
}

/** Lists an uncompressed archive at `path`, which errors call `where`. `close` is called when it is disposed. */
export async function listArchive(
  where: string,
  path: string,
  close: () => Promise<void>,
  signal: AbortSignal,
): Promise<Archive> {
  const members = await listMembers(where, path, signal)
  const find = (name: string) => findMember(members, path, name)
  return {
    where,
    find,
    async read(name) {
      const member = find(name)
      if (member === undefined) return undefined
      return readRange(path, member.offset, member.size, `${where}, ${printable(name)}`, limits.manifestBytes)
    },
    [Symbol.asyncDispose]: close,
  }
}

type Listed = TarEntry & { readonly offset: number }

async function listMembers(where: string, path: string, signal: AbortSignal): Promise<ReadonlyMap<string, Listed>> {
  const members = new Map<string, Listed>()
  let count = 0
  try {
    for await (const entry of listTar(path, signal)) {
      if (++count > limits.archiveEntries) {
        throw new ChiaroError('LIMIT_EXCEEDED', `it has more than ${limits.archiveEntries} entries`, { where })
      }
      members.set(entry.path, entry)
    }
  } catch (error) {
    if (!isChiaroError(error) || error.where === undefined || where === path) throw error
    // The place of a temporary file says nothing to anybody.
    const { code, message, advice, cause } = error
    throw new ChiaroError(code, message, { where, cause, ...(advice === undefined ? {} : { advice }) })
  }
  return members
}

function findMember(members: ReadonlyMap<string, Listed>, path: string, name: string): Member | undefined {
  let current = imagePath(name)
  for (let hops = 0; hops <= limits.linkHops; hops++) {
    const entry = members.get(current)
    if (entry?.type === 'file') return { path, offset: entry.offset, size: entry.size }
    if (entry?.type === 'hardlink') current = entry.linkTarget
    else if (entry?.type !== 'symlink') return undefined
    else
      current = imagePath(
        entry.linkTarget.startsWith('/') ? entry.linkTarget : `${parentPath(current)}/${entry.linkTarget}`,
      )
  }
  return undefined
}

function compressionOf(file: string) {
  try {
    return detectCompression(readRange(file, 0, detectionBytes, file, detectionBytes))
  } catch (cause) {
    throw new ChiaroError('FILE_FAILED', `it cannot be read: ${messageOf(cause)}`, { where: file, cause })
  }
}

async function decompress(
  file: string,
  compression: 'gzip' | 'zstd',
  write: (chunk: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const source = createReadStream(file, { highWaterMark: 1024 * 1024 })
  const options = { chunkSize: 1024 * 1024 }
  const inflate = compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options)
  let size = 0
  try {
    await pipeline(
      source,
      inflate,
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) {
          size += chunk.length
          checkArchiveSize(size, source.bytesRead, file)
          await write(chunk)
        }
      },
      { signal },
    )
  } catch (cause) {
    if (signal.aborted) throw abortedError(signal)
    if (isChiaroError(cause)) throw cause
    const message = `its ${compression} compression is damaged: ${messageOf(cause)}`
    throw new ChiaroError('ARCHIVE_INVALID', message, { where: file, advice: 'Make or copy the archive again.', cause })
  }
}

/** Throws `LIMIT_EXCEEDED` if a temporary archive of `size` bytes, made from `packed` ones, would fill the disk. */
export function checkArchiveSize(size: number, packed: number, where: string): void {
  const bomb = size > limits.archiveRatioFrom && size > packed * limits.archiveRatio
  if (!bomb && size <= limits.archiveBytes) return
  const message = bomb
    ? `it grows to more than ${limits.archiveRatio} times its size`
    : `it has more than ${limits.archiveBytes} bytes`
  const advice = 'If it is meant to be so, give it as a file that is not compressed.'
  throw new ChiaroError('LIMIT_EXCEEDED', message, { where, advice })
}
