import { readFileSync } from 'node:fs'
import { abortedError, throwIfAborted } from '../core/abort.ts'
import { ChiaroError, messageOf } from '../core/errors.ts'
import type { TlsFiles } from './settings.ts'

/** What a TLS connection is made with. */
export interface TlsMaterial {
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly ca?: Buffer
}

/** The content of the files that are named; `undefined` if none is. Throws `CONFIG_INVALID`; `where` is what names them. */
export function readTls({ cert, key, root_ca: ca }: TlsFiles, where: string): TlsMaterial | undefined {
  const named = Object.entries({ cert, key, ca }).filter(([, file]) => file !== '')
  if (named.length === 0) return undefined
  try {
    return Object.fromEntries(named.map(([name, file]) => [name, readFileSync(file)]))
  } catch (cause) {
    throw new ChiaroError('CONFIG_INVALID', `a certificate or key cannot be read: ${messageOf(cause)}`, {
      where,
      cause,
    })
  }
}

/**
 * What `attempt` makes of the first of the addresses with which it succeeds. Throws `NETWORK_FAILED` with what each said, and
 * `ABORTED`. `show` gives an address without passwords.
 */
export async function firstOf<T>(
  addresses: readonly string[],
  show: (address: string) => string,
  signal: AbortSignal,
  attempt: (address: string) => Promise<T>,
): Promise<T> {
  const failures: string[] = []
  for (const address of addresses) {
    throwIfAborted(signal)
    try {
      return await attempt(address)
    } catch (error) {
      throwIfAborted(signal)
      failures.push(`${show(address)}: ${messageOf(error)}`)
    }
  }
  throw new ChiaroError('NETWORK_FAILED', `no broker can be used: ${failures.join('; ')}`, {
    where: addresses.map(show).join(', '),
  })
}

/** What `promise` comes to, or the error for `signal` as soon as that is aborted; what comes later goes to `late`. */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  late: (value: T) => unknown = () => {},
): Promise<T> {
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      promise.then(late, () => {})
      reject(abortedError(signal))
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop!)
  }
}
