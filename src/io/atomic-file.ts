import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ChiaroError, isChiaroError, messageOf } from '../core/errors.ts'

/** What is written to a file, piece by piece. */
export type FileContent = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/**
 * Writes a file so that it has either all of the content or what it had before: into a file beside it, which then takes its
 * name and mode. A link leads to the file; devices and pipes are written to directly. Resolves to the number of bytes. Throws
 * `FILE_FAILED`, and errors of ours that `content` throws.
 */
export async function writeFileWhole(path: string, content: FileContent): Promise<number> {
  try {
    const before = await statOf(path)
    if (before !== undefined && !before.isFile()) return await writeInto(path, 'w', undefined, content)
    return await replace(before === undefined ? path : await realpath(path), before, content)
  } catch (error) {
    if (isChiaroError(error)) throw error
    throw new ChiaroError('FILE_FAILED', `${path} could not be written: ${messageOf(error)}`, {
      where: path,
      advice: 'Check that it may be written to, and that there is room.',
      cause: error,
    })
  }
}

async function replace(path: string, before: Stats | undefined, content: FileContent): Promise<number> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const size = await writeInto(temporary, 'wx', before?.mode, content)
    await rename(temporary, path)
    return size
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function writeInto(
  path: string,
  flags: 'w' | 'wx',
  mode: number | undefined,
  content: FileContent,
): Promise<number> {
  await using file = await open(path, flags)
  let size = 0
  for await (const chunk of batches(content)) {
    await file.writeFile(chunk)
    size += chunk.length
  }
  if (mode !== undefined) await file.chmod(mode & 0o777)
  if (flags === 'wx') await file.sync()
  return size
}

const batchLength = 64 * 1024

/** Short texts are written together. */
async function* batches(content: FileContent): AsyncGenerator<Uint8Array> {
  let text = ''
  for await (const chunk of content) {
    if (typeof chunk === 'string') text += chunk
    else {
      if (text !== '') yield Buffer.from(text)
      text = ''
      yield chunk
    }
    if (text.length < batchLength) continue
    yield Buffer.from(text)
    text = ''
  }
  if (text !== '') yield Buffer.from(text)
}

/** What stands at a path; `undefined` if that is nothing, or cannot be told: whoever opens it finds out. */
async function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined)
}
