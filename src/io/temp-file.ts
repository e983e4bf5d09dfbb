import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { ChiaroError, messageOf } from '../core/errors.ts'
import { openNamelessFile, temporaryPath } from './nameless-file.ts'

/** A file that is gone with the process, however that ends. */
export interface TempFile extends AsyncDisposable {
  /** A path by which every thread of this process can open it for reading, until it is disposed. */
  readonly path: string
  /** Appends. Throws `FILE_FAILED`. */
  append(chunk: Uint8Array): Promise<void>
}

/**
 * Creates a file in the folder for temporary files (`TMPDIR`), readable by this user only. It has no name that could be left
 * behind, and is opened through the process's own descriptor. Windows has no such thing: there the file keeps its name until
 * it is disposed. Throws `FILE_FAILED`.
 */
export async function createTempFile(): Promise<TempFile> {
  const name = process.platform === 'win32' ? temporaryPath() : undefined
  let handle: FileHandle
  try {
    handle = name === undefined ? await openNamelessFile() : await open(name, 'wx+', 0o600)
  } catch (cause) {
    throw failed('no temporary file can be made', cause)
  }
  return {
    path: name ?? descriptorPath(handle.fd),
    async append(chunk) {
      try {
        await handle.writeFile(chunk)
      } catch (cause) {
        throw failed('a temporary file cannot be written', cause)
      }
    },
    async [Symbol.asyncDispose]() {
      await handle.close()
      if (name !== undefined) await unlink(name).catch(() => {})
    },
  }
}

function descriptorPath(descriptor: number): string {
  return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : `/dev/fd/${descriptor}`
}

function failed(what: string, cause: unknown): ChiaroError {
  return new ChiaroError('FILE_FAILED', `${what}: ${messageOf(cause)}`, {
    where: tmpdir(),
    advice: 'Point TMPDIR to a folder with enough space.',
    cause,
  })
}
