import { describe, expect, it } from 'vitest'
import { createSteadyTime } from './steady-time.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour
const start = Date.parse('2026-01-01T00:00:00Z')

/** A machine of which so much time passes, and whose clock is set. */
function machine() {
  let [passed, set] = [0, 0]
  const now = createSteadyTime({ wall: () => start + passed + set, steady: () => passed })
  return {
    now: () => now() - start,
    pass: (time: number) => {
      passed += time
    },
    set: (by: number) => {
      set += by
    },
  }
}

describe('the time by which things get old', () => {
  it('is that of the clock while it does not jump', () => {
    const { now, pass, set } = machine()
    for (let hours = 1; hours <= 100; hours++) {
      pass(hour)
      set(500)
      expect(now()).toBe(hours * (hour + 500))
    }
  })

  it('goes on from where it was when the clock jumps forward, and follows it after a day', () => {
    const { now, pass, set } = machine()
    pass(hour)
    expect(now()).toBe(hour)
    set(400 * day)
    expect(now()).toBe(hour)
    pass(23 * hour)
    expect(now()).toBe(24 * hour)
    pass(hour)
    expect(now()).toBe(401 * day + hour)
    pass(hour)
    expect(now()).toBe(401 * day + 2 * hour)
  })

  it('is that of the clock again when that is set right', () => {
    const { now, pass, set } = machine()
    set(400 * day)
    expect(now()).toBe(0)
    pass(hour)
    set(-400 * day)
    expect(now()).toBe(hour)
  })

  it('goes back with the clock', () => {
    const { now, pass, set } = machine()
    set(-3 * day)
    expect(now()).toBe(-3 * day)
    pass(hour)
    expect(now()).toBe(hour - 3 * day)
  })
})
