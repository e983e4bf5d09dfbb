import { type FileHandle, open } from 'node:fs/promises'
import { throwIfAborted } from '../core/abort.ts'
import { ChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { decompress } from '../io/decompress.ts'
import { openNamelessFile } from '../io/nameless-file.ts'
import { createTurns } from '../io/turns.ts'

/** Bytes that can be read more than once. */
export interface DataInput extends AsyncDisposable {
  /** What they are, in errors. */
  readonly where: string
  /** All of them, from the beginning. Throws `FILE_FAILED` and `ABORTED`. */
  bytes(): AsyncIterable<Buffer>
}

/** Opens a file; what is none, a pipe for example, is kept in a temporary file. Throws `FILE_FAILED` and `ABORTED`. */
export async function openInput(path: string, signal: AbortSignal): Promise<DataInput> {
  const handle = await attempt(path, () => open(path, 'r'))
  try {
    const stats = await attempt(path, () => handle.stat())
    if (stats.isFile()) return new FileInput(handle, path, signal)
    const kept = await keepInput(chunksOf(handle, path, signal, null), path, signal)
    await handle.close()
    return kept
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Keeps bytes that come but once in a temporary file. Throws `FILE_FAILED`, `ABORTED`, and what `chunks` throws. */
export async function keepInput(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  signal: AbortSignal,
): Promise<DataInput> {
  const handle = await attempt(where, openNamelessFile)
  try {
    for await (const chunk of chunks) {
      throwIfAborted(signal)
      await attempt(where, () => handle.writeFile(chunk))
    }
    return new FileInput(handle, where, signal)
  } catch (error) {
    await handle.close()
    throw error
  }
}

class FileInput implements DataInput {
  readonly where: string
  readonly #handle: FileHandle
  readonly #signal: AbortSignal

  constructor(handle: FileHandle, where: string, signal: AbortSignal) {
    this.where = where
    this.#handle = handle
    this.#signal = signal
  }

  bytes(): AsyncIterable<Buffer> {
    return chunksOf(this.#handle, this.where, this.#signal, 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

const chunkBytes = 256 * 1024

/** The bytes of a file from `start` to `end`, in chunks that are valid until the next one is asked for; with `null` as they come. */
export async function* chunksOf(
  handle: FileHandle,
  where: string,
  signal: AbortSignal,
  start: number | null,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  for (let at = start ?? 0; at < end; ) {
    throwIfAborted(signal)
    const length = Math.min(chunkBytes, end - at)
    const place = start === null ? null : at
    const { bytesRead } = await attempt(where, () => handle.read(buffer, 0, length, place))
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/**
 * Bytes decompressed as their first ones say, in chunks that are valid until the next one is asked for, between which others
 * get their turn. Throws `FEED_FAILED` for damaged data, `LIMIT_EXCEEDED` beyond `maxBytes`, and `ABORTED`.
 */
export async function* contentOf(
  bytes: AsyncIterable<Buffer>,
  where: string,
  signal: AbortSignal,
  maxBytes: number = limits.dataFileBytes,
): AsyncGenerator<Buffer> {
  const giveTurn = createTurns(signal)
  for await (const chunk of decompress(bytes, where, maxBytes)) {
    yield chunk
    await giveTurn()
  }
}

async function attempt<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new ChiaroError('FILE_FAILED', `${where} cannot be read: ${messageOf(error)}`, {
      where,
      advice: 'Check that it is there and may be read, and that there is room for temporary files.',
      cause: error,
    })
  }
}
