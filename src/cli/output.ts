import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ChiaroError, messageOf } from '../core/errors.ts'

/** Writes text to standard output, waiting for a slow reader. A reader that has gone is no error. */
export async function writeOut(chunks: Iterable<string>, signal?: AbortSignal): Promise<void> {
  for (const batch of batches(chunks)) {
    signal?.throwIfAborted()
    if (process.stdout.destroyed) return
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(batch, (error) =>
        error == null || isClosedPipe(error) ? resolve() : reject(unwritable('standard output', error)),
      )
    })
  }
}

/** Writes bytes to standard output, waiting for a slow reader; resolves to their number. A reader that has gone is an error. */
export async function writeBytes(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number> {
  let size = 0
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(chunk, (error) => (error == null ? resolve() : reject(unwritable('standard output', error))))
    })
    size += chunk.length
  }
  return size
}

/** Whether an error says that the reader of a pipe has gone. */
export function isClosedPipe(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
}

/** Where a report can be written to. Throws `FILE_FAILED` before any work is done if that is certain to fail. */
export function checkTarget(file: string): void {
  const folder = dirname(file)
  if (statOf(folder)?.isDirectory() !== true) {
    throw new ChiaroError('FILE_FAILED', `${folder} is not a directory, so ${file} cannot be written`, {
      where: file,
      advice: 'Make the directory first, or name another file.',
    })
  }
  if (statOf(file)?.isDirectory() === true) {
    throw new ChiaroError('FILE_FAILED', `${file} is a directory`, { where: file, advice: 'Name a file.' })
  }
}

/**
 * Writes a file so that it has either all of the text or what it had before: into a file beside it, which then takes its
 * name. Devices and pipes are written to directly. Throws `FILE_FAILED`.
 */
export function writeFile(file: string, chunks: Iterable<string>): void {
  const before = statOf(file)
  try {
    if (before !== undefined && !before.isFile()) writeInto(file, 'w', undefined, chunks)
    else replace(before === undefined ? file : realpathSync(file), before, chunks)
  } catch (error) {
    throw unwritable(file, error)
  }
}

/** The error that something could not be written. */
export function unwritable(where: string, error: unknown): ChiaroError {
  return new ChiaroError('FILE_FAILED', `${where} could not be written: ${messageOf(error)}`, {
    where,
    advice: 'Check that it may be written to, and that there is room.',
    cause: error,
  })
}

function replace(file: string, before: Stats | undefined, chunks: Iterable<string>): void {
  const temporary = join(
    dirname(file),
    `.${basename(file).slice(0, 100)}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`,
  )
  try {
    writeInto(temporary, 'wx', before?.mode, chunks)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function writeInto(file: string, flags: 'w' | 'wx', mode: number | undefined, chunks: Iterable<string>): void {
  const handle = openSync(file, flags)
  try {
    for (const batch of batches(chunks)) writeWhole(handle, Buffer.from(batch))
    if (mode !== undefined) fchmodSync(handle, mode & 0o777)
    if (flags === 'wx') fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function writeWhole(handle: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
}

const batchSize = 64 * 1024

function* batches(chunks: Iterable<string>): Iterable<string> {
  let batch = ''
  for (const chunk of chunks) {
    batch += chunk
    if (batch.length < batchSize) continue
    yield batch
    batch = ''
  }
  if (batch !== '') yield batch
}

/** What stands at a path; `undefined` if that is nothing, or cannot be told: whoever opens it finds out. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
