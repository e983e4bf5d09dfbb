import { createHmac } from 'node:crypto'

/** The issuer that Clair's notifier names itself. */
const issuer = 'clair-notifier'

/** Seconds for which a token is good, in both directions. */
const validity = 60

/** The value of an Authorization header for one request: a token made with the key (RFC 7519, HS256). `now` in seconds. */
export function signedAuthorization(key: Uint8Array, now: number): string {
  const time = Math.floor(now)
  const claims = { iss: issuer, iat: time, nbf: time - validity, exp: time + validity }
  const content = [{ alg: 'HS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const signature = createHmac('sha256', key).update(content.join('.')).digest('base64url')
  return `Bearer ${[...content, signature].join('.')}`
}
