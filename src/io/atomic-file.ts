import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ChiaroError, isChiaroError, messageOf } from '../core/errors.ts'

/**
 * Writes a file so that it has either all of the bytes or what it had before: into a file beside it, which then takes its
 * name. Resolves to the number of bytes. Throws `FILE_FAILED`, and what `chunks` throws.
 */
export async function writeFileWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const size = await writeNew(temporary, chunks)
    await rename(temporary, path)
    return size
  } catch (error) {
    await rm(temporary, { force: true })
    if (isChiaroError(error) || !(error instanceof Error) || !('syscall' in error)) throw error
    throw new ChiaroError('FILE_FAILED', `${path} could not be written: ${messageOf(error)}`, {
      where: path,
      advice: 'Check that it may be written to, and that there is room.',
      cause: error,
    })
  }
}

async function writeNew(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  await using file = await open(path, 'wx')
  let size = 0
  for await (const chunk of chunks) {
    await file.writeFile(chunk)
    size += chunk.length
  }
  await file.sync()
  return size
}
