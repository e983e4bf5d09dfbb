import { type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
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

/** The error that something could not be written. */
export function unwritable(where: string, error: unknown): ChiaroError {
  return new ChiaroError('FILE_FAILED', `${where} could not be written: ${messageOf(error)}`, {
    where,
    advice: 'Check that it may be written to, and that there is room.',
    cause: error,
  })
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
