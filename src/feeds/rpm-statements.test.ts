import { describe, expect, it } from 'vitest'
import type { VersionRange } from '../core/advisory.ts'
import { rpm } from '../versions/rpm.ts'
import { statementsOf, type VulnerableRange } from './rpm-statements.ts'

function vulnerable(name: string, range: VersionRange, ...arches: string[]): VulnerableRange {
  return { key: { scope: 'test:1', name }, arches, range }
}

/** `name fixed 1.0-2` or, for ranges, `name fixed (, 1.0-2)`, one a statement. */
function shown(ranges: readonly VulnerableRange[]): readonly string[] {
  return statementsOf(ranges, rpm).map(({ key, fix, fixedIn, ranges }) => {
    const spans = ranges?.map(({ introduced = '', fixed, lastAffected }) =>
      lastAffected === undefined ? `[${introduced}, ${fixed})` : `[${introduced}, ${lastAffected}]`,
    )
    return [key.name, fix, fixedIn, ...(spans ?? [])].filter((part) => part !== undefined).join(' ')
  })
}

describe('statements about rpm packages', () => {
  it.each<readonly [string, readonly VulnerableRange[], readonly string[]]>([
    ['one fix', [vulnerable('a', { fixed: '1-2' })], ['a fixed 1-2']],
    ['two fixes: the later', [vulnerable('a', { fixed: '1-10' }), vulnerable('a', { fixed: '1-9' })], ['a fixed 1-10']],
    ['no fix', [vulnerable('a', { lastAffected: '1-2' })], ['a open [, 1-2]']],
    [
      'a fix, and a later version without',
      [vulnerable('a', { fixed: '1-2' }), vulnerable('a', { lastAffected: '1-3' })],
      ['a open [, 1-3]'],
    ],
    [
      'a version without a fix, and a later one with',
      [vulnerable('a', { lastAffected: '1-2' }), vulnerable('a', { fixed: '1-3' })],
      ['a fixed 1-3'],
    ],
    [
      'the same version with and without a fix',
      [vulnerable('a', { fixed: '1-2' }), vulnerable('a', { lastAffected: '1-2' })],
      ['a open [, 1-2]'],
    ],
    [
      'branches',
      [
        vulnerable('a', { introduced: '1', fixed: '1-2' }),
        vulnerable('a', { introduced: '2', fixed: '2-2' }),
        vulnerable('a', { introduced: '1', fixed: '1-3' }),
      ],
      ['a fixed [1, 1-3) [2, 2-2)'],
    ],
    ['the same on all machines', [vulnerable('a', { fixed: '1-2' }, 'x86_64', 'aarch64')], ['a fixed 1-2']],
    [
      'another version on another machine',
      [vulnerable('a', { fixed: '1-2' }, 'x86_64'), vulnerable('a', { fixed: '1-3' }, 'aarch64')],
      ['a arch=x86_64 fixed 1-2', 'a arch=aarch64 fixed 1-3'],
    ],
    ['one machine only', [vulnerable('a', { fixed: '1-2' }, 'x86_64')], ['a arch=x86_64 fixed 1-2']],
    [
      'a package of one machine, in an advisory for two',
      [vulnerable('a', { fixed: '1-2' }, 'x86_64'), vulnerable('b', { fixed: '1-3' }, 'x86_64', 'aarch64')],
      ['a fixed 1-2', 'b fixed 1-3'],
    ],
    [
      'any machine, and another version on one',
      [vulnerable('a', { fixed: '1-2' }), vulnerable('a', { fixed: '1-3' }, 's390x')],
      ['a fixed 1-2', 'a arch=s390x fixed 1-3'],
    ],
  ])('%s', (_name, ranges, expected) => {
    expect(shown(ranges)).toEqual(expected)
  })
})
