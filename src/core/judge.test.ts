import { describe, expect, it } from 'vitest'
import type { Statement } from './advisory.ts'
import { judge } from './judge.ts'
import type { VersionScheme } from './versions.ts'

const numbers: VersionScheme = {
  id: 'numbers',
  compare: (left, right) => {
    if (Number.isNaN(Number(left)) || Number.isNaN(Number(right))) return undefined
    return Math.sign(Number(left) - Number(right)) as -1 | 0 | 1
  },
}
const key = { scope: 'test:1', name: 'pkg' }

describe('judge', () => {
  const cases: [string, string, Omit<Statement, 'key'>, string][] = [
    ['older than the fix', '1', { fix: 'fixed', fixedIn: '2' }, 'affected'],
    ['the fixed version', '2', { fix: 'fixed', fixedIn: '2' }, 'clear'],
    ['newer than the fix', '3', { fix: 'fixed', fixedIn: '2' }, 'clear'],
    ['not affected', '1', { fix: 'not-affected' }, 'clear'],
    ['no fix', '1', { fix: 'open' }, 'affected'],
    ['will not be fixed', '1', { fix: 'will-not-fix' }, 'affected'],
    ['cannot be compared', 'x', { fix: 'fixed', fixedIn: '2' }, 'unknown'],
    ['fixed without a version is affected, never clear', '9', { fix: 'fixed' }, 'affected'],
  ]
  it.each(cases)('%s', (_name, version, statement, state) => {
    expect(judge(version, { key, ...statement }, numbers).state).toBe(state)
  })
})
