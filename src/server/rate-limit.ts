import { isIPv6 } from 'node:net'
import { limits } from '../core/limits.ts'

/** How often a client may ask. */
export interface RatePolicy {
  /** Requests at once, after a pause. */
  readonly burst: number
  /** Requests that come back a second. */
  readonly perSecond: number
}

/** What a request costs a client. */
export interface Taken {
  readonly allowed: boolean
  /** Requests left. */
  readonly remaining: number
  /** Seconds, rounded up, until it may ask again (if it may not), and until it has all of them again. */
  readonly retryAfter: number
  readonly reset: number
}

/** A bucket of tokens for each client. The clients that asked longest ago are forgotten beyond `limits.rateLimitClients`. */
export interface RateLimit {
  readonly policy: RatePolicy
  /** Takes a token. `now` in milliseconds, of a clock that does not jump. */
  take(client: string, now: number): Taken
}

export function createRateLimit(policy: RatePolicy, clients: number = limits.rateLimitClients): RateLimit {
  const { burst, perSecond } = policy
  const buckets = new Map<string, { readonly tokens: number; readonly at: number }>()
  return {
    policy,
    take(client, now) {
      const bucket = buckets.get(client) ?? { tokens: burst, at: now }
      const filled = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond)
      const allowed = filled >= 1
      const tokens = allowed ? filled - 1 : filled
      // Put behind the others: a map keeps the order in which its keys came.
      buckets.delete(client)
      buckets.set(client, { tokens, at: now })
      if (buckets.size > clients) buckets.delete(buckets.keys().next().value!)
      return {
        allowed,
        remaining: Math.floor(tokens),
        retryAfter: allowed ? 0 : Math.ceil((1 - tokens) / perSecond),
        reset: Math.ceil((burst - tokens) / perSecond),
      }
    },
  }
}

/** By what a client is told from others: its IPv4 address, or the network of its IPv6 address, as one host has all of a /64. */
export function clientOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? 0 : tail.split(':').length
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - behind)
  const whole = [...groups, ...Array<string>(zeros).fill('0'), ...(tail ? tail.split(':') : [])]
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** The header fields of draft-ietf-httpapi-ratelimit-headers. */
export function rateLimitHeaders({ burst, perSecond }: RatePolicy, { remaining, reset }: Taken) {
  return {
    'ratelimit-policy': `"requests";q=${burst};w=${Math.ceil(burst / perSecond)}`,
    ratelimit: `"requests";r=${remaining};t=${reset}`,
  }
}
