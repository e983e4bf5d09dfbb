import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Linux's O_TMPFILE without O_DIRECTORY (open(2)); Node does not name it. */
const temporaryFlag = 0o20000000
const withoutName = temporaryFlag | constants.O_DIRECTORY | constants.O_RDWR | constants.O_EXCL

/** What kernels and file systems without O_TMPFILE answer. */
const unsupported: readonly unknown[] = ['EOPNOTSUPP', 'EISDIR', 'EINVAL']

/**
 * Opens an empty file for reading and writing in the folder for temporary files (`TMPDIR`), for this user only, that is gone
 * with the process, however that ends. On Linux it never has a name; elsewhere it loses it as soon as it is open.
 */
export async function openNamelessFile(): Promise<FileHandle> {
  if (process.platform === 'linux') {
    try {
      return await open(tmpdir(), withoutName, 0o600)
    } catch (error) {
      if (!unsupported.includes((error as NodeJS.ErrnoException).code)) throw error
    }
  }
  const path = temporaryPath()
  const handle = await open(path, 'wx+', 0o600)
  await unlink(path)
  return handle
}

/** A path in the folder for temporary files that nobody can guess. */
export function temporaryPath(): string {
  return join(tmpdir(), `chiaro-${randomBytes(12).toString('hex')}`)
}
