import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { type FeedContent, mirrorOf, readFeed, shown } from '../../../test/support/feeds.ts'
import { isChiaroError } from '../../core/errors.ts'
import { feedOf } from './feed.ts'
import { azureLinuxReleases } from './releases.ts'

const mariner = feedOf({ name: 'mariner-2.0', document: 'cbl-mariner-2.0' })
const path = 'raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/cbl-mariner-2.0-oval.xml'
const document = readFileSync(join(import.meta.dirname, 'testdata', 'mariner-2.0-oval.xml'))

describe('OVAL data of Azure Linux', () => {
  let sample: FeedContent
  beforeAll(async () => {
    sample = await readFeed(mariner, mirrorOf({ [path]: document }))
  })

  it.each([
    ['CVE-2099-0001', 'fixed', 'fixed 1.0-2.cm2'],
    ['CVE-2099-0001', 'open', 'open up to 1.0-2.cm2'],
    ['CVE-2099-0001', 'never', 'not-affected'],
    ['CVE-2099-0001', 'fixed-after-all', 'fixed 1.0-3.cm2'],
    ['CVE-2099-0001', 'open-again', 'open up to 1.0-9.cm2'],
    ['CVE-2099-0001', 'twice', 'fixed 1.0-10.cm2'],
    ['CVE-2099-0002', 'versionless', 'undetermined (it is fixed, but Microsoft does not state in which version)'],
    ['CVE-2099-0002', 'releaseless', 'fixed 29.3'],
    ['CVE-2099-0002', 'spaced', 'fixed 1.20.10-1.cm2'],
  ])('%s %s: %s', (id, name, expected) => {
    const statement = sample.statement(name, id, 'azurelinux:mariner-2.0')
    const upTo = statement.ranges?.map(({ lastAffected }) => ` up to ${lastAffected}`) ?? []
    expect(shown(statement) + upTo.join('')).toBe(expected)
  })

  it('tells what is known of a vulnerability, once', () => {
    expect(sample.advisories.map(({ vulnerability }) => vulnerability)).toEqual([
      {
        id: 'CVE-2099-0001',
        aliases: [],
        description: '',
        ratings: [{ severity: 'critical', source: 'azurelinux', original: 'Critical' }],
        links: ['https://nvd.nist.gov/vuln/detail/CVE-2099-0001'],
      },
      expect.objectContaining({ id: 'CVE-2099-0002' }),
      expect.objectContaining({ id: 'CVE-2099-0003' }),
    ])
  })

  it('makes a gap of the test that is missing', () => {
    expect(sample.gaps.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
      'CVE-2099-0003: It was left out: its test oval:com.microsoft.cbl-mariner:tst:13000 cannot be read.',
    ])
  })

  it.each([
    ['a document that ends too early', document.subarray(0, document.length - 100)],
    ['another kind of document', Buffer.from('<rss><channel/></rss>')],
  ])('refuses %s', async (_name, bytes) => {
    const error = await readFeed(mariner, mirrorOf({ [path]: bytes })).catch((thrown: unknown) => thrown)
    expect(isChiaroError(error, 'FEED_FAILED'), String(error)).toBe(true)
  })
})

/** CVEs, and pairs of a CVE and a package, in the documents. */
const counts = { 'mariner-1.0': [2149, 2234], 'mariner-2.0': [2185, 2412], '3.0': [1005, 1221] }

describe.skipIf(feeds === undefined)('OVAL data of Azure Linux, real data (skipped without CHIARO_FEEDS)', () => {
  it.each(azureLinuxReleases)('$name', async (release) => {
    const real = await readFeed(feedOf(release), feeds!)
    expect(real.gaps).toEqual([])
    const statements = real.advisories.flatMap(({ statements }) => statements)
    expect([real.advisories.length, statements.length]).toEqual(counts[release.name as keyof typeof counts])
  })
})
