import { afterEach, describe, expect, it, vi } from 'vitest'
import { digestOfNumber } from '../../test/support/fleet.ts'
import type { Digest } from '../core/digest.ts'
import { limits } from '../core/limits.ts'
import { createReportCache } from './report-cache.ts'

const [one, two, three] = [1, 2, 3].map(digestOfNumber) as [Digest, Digest, Digest]

afterEach(() => {
  vi.useRealTimers()
})

describe('the cache of reports', () => {
  it('has what was put, while the state is the same', () => {
    const cache = createReportCache(100)
    const body = Buffer.from('body')
    cache.put(one, 'a', body)
    expect(cache.get(one, 'a')).toBe(body)
    expect(cache.get(two, 'a')).toBeUndefined()
    expect(cache.get(one, 'b')).toBeUndefined()
    expect(cache.get(one, 'a')).toBeUndefined()
  })

  it('has nothing for longer than a minute', () => {
    vi.useFakeTimers()
    const cache = createReportCache(100)
    cache.put(one, 'a', Buffer.from('body'))
    vi.advanceTimersByTime(59_000)
    expect(cache.get(one, 'a')).toBeDefined()
    vi.advanceTimersByTime(2_000)
    expect(cache.get(one, 'a')).toBeUndefined()
  })

  it('has no more than limits.reportCacheBytes, without what was asked for longest ago', () => {
    const cache = createReportCache(limits.reportCacheBytes)
    const half = Buffer.alloc(limits.reportCacheBytes / 2)
    cache.put(one, 'a', half)
    cache.put(two, 'a', half)
    expect(cache.get(one, 'a')).toBe(half)
    cache.put(three, 'a', Buffer.alloc(1))
    expect([one, two, three].map((digest) => cache.get(digest, 'a') !== undefined)).toEqual([true, false, true])
    // What is put again is counted once, and what is too large is not kept.
    for (let time = 0; time < 5; time++) cache.put(one, 'a', half)
    expect(cache.get(three, 'a')).toBeDefined()
    cache.put(one, 'b', Buffer.alloc(limits.reportCacheBytes + 1))
    expect(cache.get(one, 'b')).toBeUndefined()
    expect(cache.get(one, 'a')).toBeUndefined()
    expect(cache.get(three, 'a')).toBeDefined()
  })
})
