import { ChiaroError } from './errors.ts'

/** A content digest, `sha256:` or `sha512:` and lower-case hex (OCI image-spec, descriptor.md, "Digests"). */
export type Digest = `sha256:${string}` | `sha512:${string}`

const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** Whether `value` is a digest of a supported algorithm, complete and in canonical form. */
export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && digestPattern.test(value)
}

/**
 * Checks a digest that came from outside, before any path or URL is made from it.
 * Throws `DIGEST_INVALID` naming `where` for anything else than a canonical sha256 or sha512 digest.
 */
export function parseDigest(value: unknown, where: string): Digest {
  if (isDigest(value)) return value
  throw new ChiaroError('DIGEST_INVALID', `${JSON.stringify(value)?.slice(0, 100)} is not a digest`, {
    where,
    advice: 'A digest is "sha256:" and 64 lower-case hexadecimal digits, or "sha512:" and 128.',
  })
}
