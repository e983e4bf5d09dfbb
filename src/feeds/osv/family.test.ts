import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed } from '../../../test/support/feeds.ts'
import { zipFolder, zipOf } from '../../../test/support/zip.ts'
import type { Statement } from '../../core/advisory.ts'
import type { Feed } from '../../core/feed.ts'
import { osvEcosystems } from './ecosystems.ts'
import { osv, osvDistributions } from './family.ts'

const host = 'osv-vulnerabilities.storage.googleapis.com'

function feedOf(id: string): Feed {
  return [...osv.feeds(), ...osvDistributions.feeds()].find((feed) => feed.id === id)!
}

/** What a feed has in the folder of its records beside this file. */
async function sample(id: string, ecosystem: string) {
  const archive = zipFolder(join(import.meta.dirname, 'testdata', ecosystem))
  return readFeed(feedOf(id), mirrorOf({ [`${host}/${ecosystem}/all.zip`]: archive }))
}

/** `fixed [1.0, 2.0) [3.0, 3.5]`, or `fixed 1.0`. */
function shownRanges({ fix, fixedIn, ranges }: Statement): string {
  const intervals = ranges?.map(
    ({ introduced = '', fixed, lastAffected }) =>
      `[${introduced}, ${lastAffected === undefined ? `${fixed ?? ''})` : `${lastAffected}]`}`,
  )
  return [fix, fixedIn, ...(intervals ?? [])].filter(Boolean).join(' ')
}

describe('the feeds of OSV', () => {
  it('are one an ecosystem, under the purl type where there is one', () => {
    const all = osv.feeds()
    expect(new Set(all.map(({ id }) => id)).size).toBe(osvEcosystems.length)
    expect(all.slice(0, 5).map(({ id, scopes }) => `${id} ${scopes}`)).toEqual([
      'osv-npm npm',
      'osv-pypi pypi',
      'osv-maven maven',
      'osv-go golang',
      'osv-crates.io cargo',
    ])
    expect(feedOf('osv-github-actions').url).toBe(`https://${host}/GitHub%20Actions/all.zip`)
    expect(feedOf('osv-docker-hardened-images').scopes).toEqual(['osv:Docker Hardened Images'])
  })

  it('tell what is known of a vulnerability', async () => {
    const { advisories } = await sample('osv-npm', 'npm')
    expect(advisories[0]!.vulnerability).toEqual({
      id: 'GHSA-aaaa-bbbb-0001',
      aliases: ['CVE-2099-0001'],
      description: 'Prototype pollution in sample',
      ratings: [
        {
          severity: 'critical',
          source: 'ghsa',
          original: 'CRITICAL',
          vector: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N',
          score: 9.3,
        },
        { severity: 'critical', source: 'ghsa', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 },
      ],
      links: ['https://osv.dev/vulnerability/GHSA-aaaa-bbbb-0001', 'https://example.org/advisory'],
      weaknesses: ['CWE-1321'],
      published: '2099-01-02T03:04:05Z',
      modified: '2099-02-03T04:05:06Z',
    })
  })

  it('state versions of their own ecosystem only, once a package', async () => {
    const { advisories, statement } = await sample('osv-npm', 'npm')
    expect(
      advisories.map(({ vulnerability: { id }, statements }) => `${id}: ${statements.map(({ key }) => key.name)}`),
    ).toEqual(['GHSA-aaaa-bbbb-0001: @scope/Sample', 'MAL-2099-1: sample,simple'])
    expect(shownRanges(statement('@scope/Sample', 'GHSA-aaaa-bbbb-0001', 'npm'))).toBe('fixed [, 1.2.3) [2.0.0, 2.0.5]')
    expect(shownRanges(statement('sample', 'MAL-2099-1', 'npm'))).toBe('open [1.0.1, 1.0.1] [1.0.2, 1.0.2]')
    expect(shownRanges(statement('simple', 'MAL-2099-1', 'npm'))).toBe('open')
  })

  it('leave gaps for records that cannot be read', async () => {
    const { gaps } = await sample('osv-npm', 'npm')
    expect(gaps.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
      'damaged.json: It was left out: /affected must be array.',
      'GHSA-aaaa-bbbb-0004: It was left out: its events are not in order: 2.0.0 follows 1.0.0.',
    ])
  })

  it('take versions from ranges, and from lists where there are none; never from commits', async () => {
    const { advisories, statement } = await sample('osv-pypi', 'PyPI')
    const [{ vulnerability, statements }] = advisories as [(typeof advisories)[0]]
    expect(vulnerability.description).toBe('A first paragraph\nof two lines.')
    expect(vulnerability.ratings).toMatchObject([{ severity: 'medium', source: 'pysec', score: 6.1 }])
    expect(statements.map(({ key }) => key.name)).toEqual(['zope-sample-package', 'by-commits-and-versions'])
    expect(shownRanges(statement('zope-sample-package', 'PYSEC-2099-1', 'pypi'))).toBe('fixed [1.0, 1.4) [2.0, 3.0)')
    expect(shownRanges(statement('by-commits-and-versions', 'PYSEC-2099-1'))).toBe('open [0.9, 0.9]')
  })

  it('Rust: skip informational/unmaintained by kind', async () => {
    const { advisories, statement } = await sample('osv-crates.io', 'crates.io')
    expect(advisories.map(({ vulnerability }) => vulnerability.id)).toEqual(['RUSTSEC-2099-0002'])
    expect(statement('sample', 'RUSTSEC-2099-0002', 'cargo')).toMatchObject({
      note: 'for information: unsound',
      rating: { severity: 'medium', score: 5.5, source: 'rustsec' },
    })
  })

  it('say which vulnerabilities an advisory of a distribution covers, release by release', async () => {
    const { advisories } = await sample('osv-openeuler', 'openEuler')
    expect(advisories[0]!.vulnerability).toMatchObject({
      id: 'OESA-2099-1001',
      covers: ['CVE-2099-0003', 'CVE-2099-0004'],
    })
    expect(advisories[0]!.statements[0]!.key).toEqual({ scope: 'osv:openEuler:22.03-LTS', name: 'sample' })
  })

  it('make gaps of files that are no JSON, and pass over other ones', async () => {
    const archive = zipOf([
      { name: 'README', content: 'no record' },
      { name: 'broken.json', content: '{' },
      { name: 'secret.json', content: '{}', flags: 1 },
      { name: 'gap.json', content: '{"id": "GHSA-1", "code": "data-stale", "gap": 1, "affected": []}' },
    ])
    const { advisories, gaps } = await readFeed(feedOf('osv-npm'), mirrorOf({ [`${host}/npm/all.zip`]: archive }))
    expect(advisories).toEqual([])
    expect(gaps.map(({ where }) => where)).toEqual(['broken.json', 'secret.json'])
  })
})

/** Looked up by hand: `unzip -p PyPI/all.zip GHSA-….json | jq .affected`. */
const realStatements = [
  ['osv-npm', 'lodash', 'GHSA-35jh-r3h4-6jhm', 'fixed 4.17.21'],
  ['osv-npm', 'electron', 'GHSA-6vrv-94jv-crrg', 'fixed [, 6.1.11) [7.0.0, 7.2.4) [8.0.0, 8.2.4)'],
  ['osv-pypi', 'django', 'GHSA-2gwj-7jmv-h26r', 'fixed [2.2, 2.2.28) [3.2, 3.2.13) [4.0, 4.0.4)'],
  ['osv-go', 'stdlib', 'GO-2023-2102', 'fixed [, 1.20.10) [1.21.0-0, 1.21.3)'],
  [
    'osv-maven',
    'org.apache.logging.log4j:log4j-core',
    'GHSA-jfh8-c2jp-5v3q',
    'fixed [2.13.0, 2.15.0) [2.0-beta9, 2.3.1) [2.4, 2.12.2)',
  ],
] as const

describe.skipIf(feeds === undefined)('the feeds of OSV, real data (skipped without CHIARO_FEEDS)', () => {
  it.each([
    ['osv-npm', 3793],
    ['osv-pypi', 6663],
    ['osv-maven', 5309],
    ['osv-go', 3954],
    ['osv-crates.io', 1614],
    ['osv-rubygems', 892],
    ['osv-nuget', 1427],
    ['osv-packagist', 4288],
    ['osv-bitnami', 2379],
    ['osv-debian', 3364],
    ['osv-red-hat', 2709],
  ])('%s: reads all of it', async (id, records) => {
    const { advisories, gaps } = await readFeed(feedOf(id), feeds!)
    expect(gaps).toEqual([])
    expect(advisories.length).toBeLessThanOrEqual(records)
    expect(advisories.length).toBeGreaterThan(records * 0.8)
  })

  it.each(realStatements)('%s %s %s: %s', async (id, name, vulnerability, expected) => {
    const { statement } = await readFeed(feedOf(id), feeds!)
    expect(shownRanges(statement(name, vulnerability))).toBe(expected)
  })
})
