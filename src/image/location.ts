import { statSync } from 'node:fs'
import { ChiaroError, messageOf, printable } from '../core/errors.ts'

/** A path and what was named inside it. */
export interface Location {
  readonly path: string
  readonly kind: 'file' | 'directory'
  /** What stands behind the path: a tag, a name with a tag, or `@` and a digest. Empty if nothing does. */
  readonly selector: string
}

/** `:` and `@` that could separate; paths with more than that of them must be given without a selector. */
const maxSeparators = 64

/**
 * Splits `PATH[:TAG|@DIGEST]`. As paths may contain `:` and `@`, the longest beginning that exists is the path.
 * Throws `FILE_FAILED` naming the path if there is none, or it is neither a file nor a directory.
 */
export function locate(reference: string): Location {
  const cuts = [...reference.matchAll(/[:@]/g)].map((match) => match.index).slice(-maxSeparators)
  let failure: unknown
  for (const cut of [reference.length, ...cuts.reverse()]) {
    const path = reference.slice(0, cut)
    if (path === '') continue
    try {
      const found = statSync(path)
      const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : undefined
      if (kind !== undefined) return { path, kind, selector: reference.slice(cut).replace(/^:/, '') }
      throw new Error('it is neither a file nor a directory')
    } catch (error) {
      failure ??= error
    }
  }
  throw new ChiaroError(
    'FILE_FAILED',
    `it cannot be read: ${failure === undefined ? 'no path is given' : messageOf(failure)}`,
    {
      where: printable(reference),
      advice: 'Check the path.',
      cause: failure,
    },
  )
}
