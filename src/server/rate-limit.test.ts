import { describe, expect, it } from 'vitest'
import { limits } from '../core/limits.ts'
import { clientOf, createRateLimit, rateLimitHeaders } from './rate-limit.ts'

describe('a rate limit', () => {
  it('lets a burst through, then what comes back with time', () => {
    const limit = createRateLimit({ burst: 3, perSecond: 2 })
    const allowed = (now: number) => limit.take('a', now).allowed
    expect([0, 0, 0, 0].map(allowed)).toEqual([true, true, true, false])
    expect([499, 500, 500, 1000].map(allowed)).toEqual([false, true, false, true])
    expect(limit.take('b', 0)).toEqual({ allowed: true, remaining: 2, retryAfter: 0, reset: 1 })
    expect([10_000, 10_000, 10_000, 10_000].map(allowed)).toEqual([true, true, true, false])
  })

  it('says how long to wait', () => {
    const slow = createRateLimit({ burst: 1, perSecond: 0.1 })
    slow.take('a', 0)
    const taken = slow.take('a', 4000)
    expect(taken).toMatchObject({ allowed: false, remaining: 0, retryAfter: 6, reset: 6 })
    expect(rateLimitHeaders(slow.policy, taken)).toEqual({
      'ratelimit-policy': '"requests";q=1;w=10',
      ratelimit: '"requests";r=0;t=6',
    })
    expect(slow.take('a', 3000).allowed).toBe(false)
  })

  it('remembers limits.rateLimitClients + 1 clients but for the one that asked longest ago', () => {
    const limit = createRateLimit({ burst: 2, perSecond: 0.001 })
    for (let number = 0; number < limits.rateLimitClients; number++) limit.take(`${number}`, 0)
    expect(limit.take('0', 0).remaining).toBe(0)
    limit.take('one more', 0)
    expect(limit.take('0', 0).allowed).toBe(false)
    expect(limit.take('1', 0).remaining).toBe(1)
  })
})

describe('a client', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is %s', (address, client) => {
    expect(clientOf(address)).toBe(client)
  })
})
