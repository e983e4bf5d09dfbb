import { closeSync, openSync, readSync } from 'node:fs'
import { ChiaroError } from '../core/errors.ts'

/**
 * `size` bytes of the regular file at `path`, from `offset` on; fewer where the file ends. `where` names them in errors. It is
 * for small documents: reading them at once is quicker than any step through the thread pool.
 * Throws `LIMIT_EXCEEDED` if `size` is more than `maxBytes`, and what opening and reading throw.
 */
export function readRange(path: string, offset: number, size: number, where: string, maxBytes: number): Buffer {
  if (size > maxBytes) {
    throw new ChiaroError('LIMIT_EXCEEDED', `it has ${size} bytes; at most ${maxBytes} are read`, { where })
  }
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(size)
    let filled = 0
    while (filled < size) {
      const read = readSync(file, buffer, filled, size - filled, offset + filled)
      if (read === 0) break
      filled += read
    }
    return buffer.subarray(0, filled)
  } finally {
    closeSync(file)
  }
}
