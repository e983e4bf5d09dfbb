import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { type FeedContent, mirrorOf, readFeed } from '../../../test/support/feeds.ts'
import { isChiaroError } from '../../core/errors.ts'
import { feedOf, feedsSince } from './feed.ts'

const year = feedOf(2099)
const path = 'linux.oracle.com/security/oval/com.oracle.elsa-2099.xml.bz2'
const document = readFileSync(join(import.meta.dirname, 'testdata', 'elsa-2099.xml'))

describe('errata of Oracle Linux', () => {
  let sample: FeedContent
  beforeAll(async () => {
    sample = await readFeed(year, mirrorOf({ [path]: document }))
  })

  it.each([
    ['ELSA-2099-0001', 'plain', 'fixed 1.0-2.el8'],
    ['ELSA-2099-0001', 'plain-libs', 'fixed 1:1.0-2.el8'],
    ['ELSA-2099-0002', 'plain build=ksplice', 'fixed 2:1.0-1.ksplice1.el8'],
    ['ELSA-2099-0003', 'plain build=fips', 'fixed 10:1.0-1.el8_fips'],
    ['ELSA-2099-0004', 'web module=web:2', 'fixed 2.0-2.module+el8.9.0+1+abc'],
    ['ELSA-2099-0004', 'web-doc module=web:2', 'fixed 2.0-2.module+el8.9.0+1+abc'],
    ['ELSA-2099-0005', 'web module=web:3', 'fixed 3.0-2.module+el8.9.0+2+abc'],
    ['ELSA-2099-0006', 'qemu module=*:kvm_utils9', 'fixed 9.0-2.module+el8.9.0+3+abc'],
    ['ELSA-2099-0007', 'kernel-uek', 'fixed [5.4.17, 5.4.17-2136.2.el8uek)'],
    ['ELSA-2099-0008', 'kernel-uek', 'fixed [5.15.0, 5.15.0-7.2.el8uek)'],
    ['ELSA-2099-0009', 'unequal arch=aarch64', 'fixed 1.0-2.el8'],
    ['ELSA-2099-0009', 'unequal arch=x86_64', 'fixed 1.0-3.el8'],
    ['ELSA-2099-0010', 'onearm arch=aarch64', 'fixed 1.0-2.el8'],
    ['ELSA-2099-0011', 'twice', 'fixed 1.0-23.el8_2.1'],
    ['ELSA-2099-0012', 'undamaged', 'fixed 1.0-2.el8'],
  ])('%s %s: %s', (id, name, expected) => {
    const { fix, fixedIn, ranges } = sample.statement(name, id, 'oracle:8')
    const spans = ranges?.map(({ introduced, fixed }) => `[${introduced}, ${fixed})`) ?? [fixedIn]
    expect([fix, ...spans].join(' ')).toBe(expected)
  })

  it('tells what is known of an erratum, and what it covers', () => {
    expect(sample.advisories[0]!.vulnerability).toEqual({
      id: 'ELSA-2099-0001',
      covers: ['CVE-2099-0001', 'CVE-2099-0002'],
      aliases: [],
      description: '[1.0-2]\n- A sample & nothing but a sample.',
      ratings: [{ severity: 'high', source: 'oracle', original: 'IMPORTANT' }],
      links: ['https://linux.oracle.com/errata/ELSA-2099-0001.html'],
      published: '2099-01-05',
    })
    const severities = sample.advisories.map(({ vulnerability }) => vulnerability.ratings[0]!.severity)
    expect(severities.slice(0, 5)).toEqual(['high', 'medium', 'low', 'critical', 'unknown'])
  })

  it('makes a gap of each test that cannot be read and of an erratum for no release, and of nothing else', () => {
    expect(sample.gaps.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
      'ELSA-2099-0012: It was left out: its test oval:com.oracle.elsa:tst:9999 cannot be read.',
      'ELSA-2099-0013: It was left out: it does not say for which release nowhere is meant.',
    ])
  })

  it.each([
    ['a document that ends too early', document.subarray(0, document.length - 100)],
    ['another kind of document', Buffer.from('<rss><channel/></rss>')],
  ])('refuses %s', async (_name, bytes) => {
    const error = await readFeed(year, mirrorOf({ [path]: bytes })).catch((thrown: unknown) => thrown)
    expect(isChiaroError(error, 'FEED_FAILED'), String(error)).toBe(true)
  })

  it('is one feed a year, until this one', () => {
    const years = feedsSince(2022).map(({ id }) => id)
    expect(years.slice(0, 2)).toEqual(['oracle-2022', 'oracle-2023'])
    expect(years.at(-1)).toBe(`oracle-${new Date().getUTCFullYear()}`)
  })
})

describe.skipIf(feeds === undefined)('errata of Oracle Linux, real data (skipped without CHIARO_FEEDS)', () => {
  it('reads the document of 2023 without a gap', async () => {
    const real = await readFeed(feedOf(2023), feeds!)
    expect(real.gaps).toEqual([])
    expect(real.advisories.length).toBe(656)
    expect(real.advisories.filter(({ statements }) => statements.length === 0)).toEqual([])
  })
})
