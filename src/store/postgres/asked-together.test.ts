import { describe, expect, it } from 'vitest'
import { askedTogether } from './asked-together.ts'

describe('what is asked together', () => {
  it('is one question for all that come while one is on its way, and each has its answer', async () => {
    const asked: (readonly number[])[] = []
    const gates: (() => void)[] = []
    const double = askedTogether<number, number>(async (keys) => {
      asked.push(keys)
      await new Promise<void>((resolve) => gates.push(resolve))
      return new Map(keys.filter((key) => key !== 4).map((key) => [key, 2 * key]))
    })
    const first = double(1)
    await expect.poll(() => gates).toHaveLength(1)
    const others = [2, 3, 4, 2].map(double)
    gates[0]!()
    expect(await first).toBe(2)
    await expect.poll(() => gates).toHaveLength(2)
    gates[1]!()
    expect(await Promise.all(others)).toEqual([4, 6, undefined, 4])
    expect(asked).toEqual([[1], [2, 3, 4]])
  })

  it('fails for those who asked together, and not for those who come after', async () => {
    let fails = true
    const ask = askedTogether<string, string>(async (keys) => {
      if (fails) throw new Error('it broke')
      return new Map(keys.map((key) => [key, key]))
    })
    const answers = await Promise.allSettled(['a', 'b'].map(ask))
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    fails = false
    expect(await ask('a')).toBe('a')
  })
})
