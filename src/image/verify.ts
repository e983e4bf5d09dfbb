import { createHash } from 'node:crypto'
import type { Digest } from '../core/digest.ts'
import { ChiaroError } from '../core/errors.ts'
import { sizeMismatch } from './manifest.ts'

/** Throws `DIGEST_MISMATCH` unless `bytes` are what the descriptor promises. A size that is not known beforehand is `undefined`. */
export function verify(bytes: Uint8Array, digest: Digest, size: number | undefined, where: string): void {
  if (size !== undefined && bytes.length !== size) throw sizeMismatch(bytes.length, size, where)
  const found = digestOf(bytes, digest.startsWith('sha512:') ? 'sha512' : 'sha256')
  if (found === digest) return
  throw new ChiaroError('DIGEST_MISMATCH', `the content hashes to ${found} and not to ${digest}`, {
    where,
    advice: 'It is damaged or was tampered with. Do not use the image.',
  })
}

/** The digest of `bytes`. */
export function digestOf(bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest
}
