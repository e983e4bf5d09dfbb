import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packageOf } from '../../test/support/reports.ts'
import type { FixState, Statement, Vulnerability } from '../core/advisory.ts'
import type { Match } from '../core/match.ts'
import { dpkg } from '../versions/dpkg.ts'
import { joinMatches } from './join-matches.ts'

const packages = [packageOf('libssl3', '1.0'), packageOf('openssl', '1.0'), packageOf('libssl3', '1.0')]
const ownFeeds = new Set(['own'])

interface Said {
  readonly id: string
  readonly aliases?: readonly string[]
  readonly covers?: readonly string[]
  readonly fix?: Exclude<FixState, 'not-affected'>
  readonly fixedIn?: string
  readonly advisory?: string
  readonly feed?: string
  readonly pkg?: number
  readonly unknown?: boolean
}

function matchOf({ id, aliases = [], covers, feed = 'own', pkg = 0, unknown, ...said }: Said): Match {
  const { fixedIn, advisory } = said
  const fix = fixedIn === undefined ? (said.fix ?? 'open') : 'fixed'
  const fixed = fixedIn === undefined ? {} : { fixedIn }
  const statement: Statement = {
    key: { scope: 'sample:1', name: 'openssl' },
    fix,
    ...fixed,
    ...(advisory === undefined ? {} : { advisory }),
  }
  const vulnerability: Vulnerability = {
    id,
    aliases,
    ...(covers === undefined ? {} : { covers }),
    description: '',
    ratings: [],
    links: [],
  }
  const because = 'a rule'
  const verdict: Match['verdict'] = unknown
    ? { state: 'unknown', because }
    : { state: 'affected', fix, ...fixed, because }
  return { pkg, candidate: { statement, vulnerability, feed }, verdict }
}

const join = (...said: readonly Said[]) => joinMatches(said.map(matchOf), { packages, versions: dpkg, ownFeeds })

/** `id = alias alias: state version by advisory of feed`. */
function shown(...said: readonly Said[]): readonly string[] {
  return join(...said).map(({ id, aliases, claims }) => {
    const { match, advisory } = claims[0]
    const { verdict } = match
    const state = verdict.state === 'affected' ? `${verdict.fix} ${verdict.fixedIn ?? ''}`.trim() : 'unknown'
    const names = aliases.length === 0 ? '' : ` = ${aliases.join(' ')}`
    return `${id}${names}: ${state}${advisory === undefined ? '' : ` by ${advisory}`} of ${match.candidate.feed}`
  })
}

const [a, b] = ['CVE-2099-0001', 'CVE-2099-0002'] as const

describe('an advisory that covers several vulnerabilities', () => {
  it('is a finding for each of them, and what fixes it', () => {
    expect(shown({ id: 'RHSA-1', covers: [a, b], fixedIn: '2' })).toEqual([
      `${a} = RHSA-1: fixed 2 by RHSA-1 of own`,
      `${b} = RHSA-1: fixed 2 by RHSA-1 of own`,
    ])
  })

  it('is named as its statement names it', () => {
    expect(shown({ id: 'one', covers: [a], fixedIn: '2', advisory: 'RHSA-1' })).toEqual([
      `${a} = one: fixed 2 by RHSA-1 of own`,
    ])
  })

  it('is named, whatever it and those are called', () => {
    expect(shown({ id: 'CVE-2024-9', covers: ['GHSA-1'] }, { id: 'CVE-2024-1', aliases: ['GHSA-1'] })).toEqual([
      'CVE-2024-1 = CVE-2024-9 GHSA-1: open by CVE-2024-9 of own',
    ])
  })

  it('is the vulnerability itself where it covers none', () => {
    expect(shown({ id: 'RHSA-1', covers: [], fixedIn: '2' })).toEqual(['RHSA-1: fixed 2 of own'])
  })

  it('joins with others that cover the same: the fix that has all of it counts', () => {
    const first = { id: 'RHSA-1', covers: [a], fixedIn: '9' }
    const second = { id: 'RHSA-2', covers: [a, b], fixedIn: '10' }
    expect(shown(first, second)).toEqual([
      `${a} = RHSA-1 RHSA-2: fixed 10 by RHSA-2 of own`,
      `${b} = RHSA-2: fixed 10 by RHSA-2 of own`,
    ])
  })

  it('does not make one of what shares its id', () => {
    const erratum = { id: 'RHSA-1', aliases: ['XSA-1'], covers: [a, b], fixedIn: '2' }
    expect(shown(erratum, { id: 'GHSA-1', aliases: ['RHSA-1', 'XSA-1'] }).map((text) => text.split(' ')[0])).toEqual([
      a,
      b,
      'GHSA-1',
    ])
  })
})

describe('vulnerabilities under several ids', () => {
  it('are one finding under the CVE id, and every id is kept', () => {
    expect(
      shown(
        { id: 'GHSA-1', aliases: [a], feed: 'osv' },
        { id: a, aliases: [] },
        { id: 'GO-1', aliases: ['GHSA-1', a], feed: 'go' },
      ),
    ).toEqual([`${a} = GHSA-1 GO-1: open of own`])
  })

  it('are joined through ids that only others know', () => {
    expect(shown({ id: 'DSA-1' }, { id: a, aliases: ['GHSA-1'] }, { id: 'GHSA-1', aliases: ['DSA-1'] })).toEqual([
      `${a} = DSA-1 GHSA-1: open of own`,
    ])
  })

  it('have the first of their own ids where none is a CVE id', () => {
    expect(shown({ id: 'PYSEC-1', aliases: ['GHSA-1', 'A-1'] }, { id: 'GHSA-1', aliases: ['PYSEC-1'] })).toEqual([
      'GHSA-1 = A-1 PYSEC-1: open of own',
    ])
  })

  it('with two CVE ids are two, whatever else they share', () => {
    expect(shown({ id: a, aliases: ['XSA-1'] }, { id: b, aliases: ['XSA-1'] })).toEqual([
      `${a} = XSA-1: open of own`,
      `${b} = XSA-1: open of own`,
    ])
  })

  it('count for each CVE id that an id without one stands for', () => {
    expect(shown({ id: 'GO-1', aliases: [a, b], fixedIn: '2' })).toEqual([
      `${a} = GO-1: fixed 2 of own`,
      `${b} = GO-1: fixed 2 of own`,
    ])
  })

  it('are not drawn together by what they share with a third', () => {
    const found = shown(
      { id: 'GHSA-1', aliases: [a, 'XSA-1'], fixedIn: '2' },
      { id: 'GHSA-2', aliases: [b, 'XSA-1'], fixedIn: '3' },
    )
    expect(found).toEqual([`${a} = GHSA-1 XSA-1: fixed 2 of own`, `${b} = GHSA-2 XSA-1: fixed 3 of own`])
  })

  it('are findings of each package', () => {
    expect(join({ id: a }, { id: a, pkg: 1 }).map(({ pkg }) => pkg)).toEqual([0, 1])
  })

  it('are one for a package that its database lists twice', () => {
    expect(join({ id: a, pkg: 2 }, { id: a, pkg: 0 }).map(({ pkg }) => pkg)).toEqual([0])
  })
})

describe('what counts', () => {
  it.each<[string, readonly Said[], string]>([
    ["the distribution's feed before others", [{ id: a, feed: 'osv', fixedIn: '9' }, { id: a }], 'open of own'],
    ['a fix before none', [{ id: a }, { id: a, fixedIn: '2' }], 'fixed 2 of own'],
    [
      'the last fix, as the version scheme has it',
      [
        { id: a, fixedIn: '9' },
        { id: a, fixedIn: '10~rc1' },
        { id: a, fixedIn: '10' },
      ],
      'fixed 10 of own',
    ],
    [
      'open before put off before undetermined',
      [
        { id: a, fix: 'undetermined' },
        { id: a, fix: 'deferred' },
        { id: a, fix: 'open' },
      ],
      'open of own',
    ],
    [
      'a verdict before none',
      [
        { id: a, unknown: true },
        { id: a, feed: 'osv', fixedIn: '2' },
      ],
      'fixed 2 of osv',
    ],
    [
      'what names its advisory, of two that say the same',
      [
        { id: a, fixedIn: '2' },
        { id: a, fixedIn: '2', advisory: 'USN-1' },
      ],
      'fixed 2 by USN-1 of own',
    ],
    [
      'fixes that cannot be compared still give one',
      [
        { id: a, fixedIn: '' },
        { id: a, fixedIn: '2' },
      ],
      'fixed  of own',
    ],
  ])('%s', (_, said, expected) => {
    expect(shown(...said)).toEqual([`${a}: ${expected}`.replace('fixed  of', 'fixed of')])
    expect(shown(...said.toReversed())).toEqual(shown(...said))
  })
})

const id = fc.constantFrom(a, b, 'CVE-2099-0003', 'GHSA-1', 'GHSA-2', 'DSA-1', 'XSA-1', 'RHSA-1')
const said: fc.Arbitrary<Said> = fc.record(
  {
    id,
    aliases: fc.uniqueArray(id, { maxLength: 3 }),
    covers: fc.uniqueArray(id, { maxLength: 3 }),
    fix: fc.constantFrom('open', 'deferred', 'will-not-fix', 'end-of-life', 'undetermined'),
    fixedIn: fc.constantFrom('1', '2', '10', '2~rc1', 'not a version', ''),
    advisory: fc.constantFrom('A-1', 'A-2'),
    feed: fc.constantFrom('own', 'osv', 'go'),
    pkg: fc.nat(2),
    unknown: fc.boolean(),
  },
  { requiredKeys: ['id'] },
)

describe('joining', () => {
  it('does not depend on the order of what is joined', () => {
    const order = fc
      .array(said, { maxLength: 8 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    const sorted = (all: readonly Said[]) =>
      join(...all)
        .map(({ pkg, id, aliases, claims }) => JSON.stringify([pkg, id, aliases, claims[0]]))
        .sort()
    fc.assert(
      fc.property(order, ([all, shuffled]) => {
        expect(sorted(shuffled)).toEqual(sorted(all))
      }),
      { numRuns: 500 },
    )
  })

  it('loses nothing, repeats nothing, and never makes one vulnerability of two CVE ids', () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 8 }), (all) => {
        const joined = join(...all)
        const names = joined.map(({ pkg, id }) => `${pkg === 2 ? 0 : pkg} ${id}`)
        expect(new Set(names).size).toBe(names.length)
        const kept = new Set(joined.flatMap(({ claims }) => claims.map(({ match }) => JSON.stringify(match))))
        for (const one of all) expect(kept).toContain(JSON.stringify(matchOf(one)))
        for (const { id, claims } of joined) {
          for (const claim of claims) if (claim.id.startsWith('CVE-')) expect(claim.id).toBe(id)
        }
      }),
      { numRuns: 500 },
    )
  })
})
