import { createHmac, timingSafeEqual } from 'node:crypto'

/** Who may come in. */
export interface TokenRules {
  /** The key that Clair calls PSK. */
  readonly key: Uint8Array
  readonly issuers: readonly string[]
}

/** The issuer of services of one deployment among themselves; always accepted, as Clair does. */
export const intraService = 'clair-intraservice'

const hashes: Readonly<Record<string, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' }

/** Seconds by which clocks may differ. */
const leeway = 15

/** Much longer than any token of a client; longer ones are not even looked at. */
const longest = 8 * 1024

/**
 * Whether the value of an Authorization header is a token made with the key (RFC 7515, compact; RFC 7519): HS256, HS384 or
 * HS512, of a known issuer, and in its time, where it says one. `now` in seconds.
 */
export function isAuthorized(header: string | undefined, { key, issuers }: TokenRules, now: number): boolean {
  const [, token] = /^Bearer +([\w.-]+)$/i.exec(header?.slice(0, longest) ?? '') ?? []
  const [head, payload, signature, ...rest] = token?.split('.') ?? []
  if (head === undefined || payload === undefined || signature === undefined || rest.length > 0) return false
  const { alg, crit } = decode(head)
  const hash = typeof alg === 'string' && Object.hasOwn(hashes, alg) ? hashes[alg] : undefined
  if (hash === undefined || crit !== undefined) return false
  const expected = createHmac(hash, key).update(`${head}.${payload}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false
  return areAccepted(decode(payload), [...issuers, intraService], now)
}

/** An Authorization header with a token as Clair's services make them: HS256, good for a minute. `now` in seconds. */
export function signedHeader(key: Uint8Array, issuer: string, now: number): string {
  const time = Math.floor(now)
  const parts = [{ alg: 'HS256' }, { iss: issuer, iat: time, nbf: time - 60, exp: time + 60 }]
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `Bearer ${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

function areAccepted(claims: Readonly<Record<string, unknown>>, issuers: readonly string[], now: number): boolean {
  const { iss, exp, nbf, iat } = claims
  if (typeof iss !== 'string' || !issuers.includes(iss)) return false
  const before = (time: unknown, limit: number) =>
    time === undefined || (typeof time === 'number' && Number.isFinite(time) && time <= limit)
  const after = exp === undefined || (typeof exp === 'number' && exp > now - leeway)
  return after && before(nbf, now + leeway) && before(iat, now + leeway)
}

/** The object in a part of a token; an empty one if there is none. */
function decode(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
