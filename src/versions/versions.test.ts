import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apk } from './apk.ts'
import { dpkg } from './dpkg.ts'
import { rpm } from './rpm.ts'

/** Pieces of which each scheme's versions, and things that are nearly versions, are made. */
const schemes = [
  { scheme: dpkg, pieces: ['0', '1', '01', '10', 'a', 'Z', '~', '+', '.', '-', ':', '1:', '-1', ' ', 'é'] },
  { scheme: rpm, pieces: ['0', '1', '01', '10', 'a', 'Z', '~', '^', '.', '-', ':', '1:', '-1', '_', 'é'] },
  {
    scheme: apk,
    pieces: [
      '0',
      '1',
      '01',
      '10',
      'a',
      'z',
      '.',
      '.0',
      '_rc',
      '_p',
      '_alpha1',
      '_git2',
      '~ab',
      '~0',
      '-r0',
      '-r1',
      '_',
    ],
  },
]

describe.each(schemes)('the $scheme.id version scheme', ({ scheme, pieces }) => {
  it('orders as the real tool does', () => {
    const rows = readFileSync(new URL(`testdata/${scheme.id}.tsv`, import.meta.url), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
    expect(rows.length).toBeGreaterThan(4000)
    const wrong = rows.filter((row) => {
      const [left, right, order] = row.split('\t') as [string, string, string]
      const expected = order === '-' ? undefined : Number(order)
      const reverse = expected === undefined ? undefined : 0 - expected
      return scheme.compare(left, right) !== expected || scheme.compare(right, left) !== reverse
    })
    expect(wrong).toEqual([])
  })

  const version = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
  const valid = version.filter((text) => scheme.compare(text, text) !== undefined)

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        expect([-1, 0, 1, undefined]).toContain(scheme.compare(left, right))
      }),
    )
  })

  it('orders two versions exactly when each of them is one', () => {
    fc.assert(
      fc.property(version, version, (left, right) => {
        const isVersion = (text: string) => scheme.compare(text, text) === 0
        expect(scheme.compare(left, right) !== undefined).toBe(isVersion(left) && isVersion(right))
      }),
      { numRuns: 1000 },
    )
  })

  it('is antisymmetric', () => {
    fc.assert(
      fc.property(valid, valid, (left, right) => {
        expect(scheme.compare(left, right)).toBe(0 - scheme.compare(right, left)!)
      }),
      { numRuns: 1000 },
    )
  })

  it('is transitive', () => {
    fc.assert(
      fc.property(valid, valid, valid, (a, b, c) => {
        const [x, y, z] = [a, b, c].sort((left, right) => scheme.compare(left, right)!) as [string, string, string]
        expect(scheme.compare(x, y)).toBeLessThanOrEqual(0)
        expect(scheme.compare(y, z)).toBeLessThanOrEqual(0)
        expect(scheme.compare(x, z)).toBe(Math.min(scheme.compare(x, y)!, scheme.compare(y, z)!))
      }),
      { numRuns: 1000 },
    )
  })

  it('compares long versions in time that grows with their length', () => {
    const long = '1'.repeat(4_000_000)
    const started = performance.now()
    expect(scheme.compare(`${long}1`, `${long}2`)).toBe(-1)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

it('holds numbers of any size', () => {
  for (const { compare } of [dpkg, rpm, apk]) expect(compare('1.18446744073709551617', '1.1')).toBe(1)
})

it('knows no version in the empty text', () => {
  for (const { compare } of [dpkg, rpm, apk]) expect(compare('', '1')).toBeUndefined()
})
