import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { type FeedContent, mirrorOf, readFeed, shown } from '../../../test/support/feeds.ts'
import { isChiaroError } from '../../core/errors.ts'
import { feedOf } from './feed.ts'

const focal = feedOf({ number: '20.04', codename: 'focal' })
const path = 'security-metadata.canonical.com/oval/com.ubuntu.focal.cve.oval.xml.bz2'
const document = readFileSync(join(import.meta.dirname, 'testdata', 'focal.oval.xml'))

describe('OVAL data of Ubuntu', () => {
  let sample: FeedContent
  beforeAll(async () => {
    sample = await readFeed(focal, mirrorOf({ [path]: document }))
  })

  it.each([
    ['fixed', 'fixed 1:1.16.2-1ubuntu2.1'],
    ['fixed-esm', 'fixed 1.0.2g-1ubuntu4.20+esm1 (needs Ubuntu Pro)'],
    ['unaffected-since', 'fixed 2.5-1'],
    ['needed', 'open'],
    ['triage', 'undetermined'],
    ['deferred', 'deferred'],
    ['deferred-why', 'deferred (waiting for upstream)'],
    ['pending', 'fixed 2.5-1 (the update with the fix is not published yet)'],
    ['pending-what', 'open (the update with the fix is not published yet)'],
    ['versionless', 'undetermined (it is fixed, but Ubuntu does not state in which version)'],
    ['ignored', 'will-not-fix'],
    ['ignored-eol', 'end-of-life (was needed now end-of-life)'],
    ['ignored-esm', 'will-not-fix (was needs-triage ESM criteria)'],
    ['never', 'not-affected (code not present)'],
    ['unknown', 'undetermined'],
    ['twice', 'fixed 2.5-1'],
    ['both', 'open'],
    ['linux', 'open'],
    ['linux-aws', 'fixed 5.4.0-1059'],
  ])('%s: %s', (name, expected) => {
    expect(shown(sample.statement(name, 'CVE-2099-0001', 'ubuntu:20.04'))).toBe(expected)
  })

  it('tells what is known of a vulnerability', () => {
    expect(sample.advisories.map(({ vulnerability }) => vulnerability)).toEqual([
      {
        id: 'CVE-2099-0001',
        aliases: [],
        description: 'A sample & nothing but a sample.',
        ratings: [{ severity: 'medium', source: 'ubuntu', original: 'Medium' }],
        links: ['https://ubuntu.com/security/CVE-2099-0001'],
      },
      expect.objectContaining({
        id: 'CVE-2099-0002',
        ratings: [{ severity: 'unknown', source: 'ubuntu', original: 'Untriaged' }],
      }),
    ])
  })

  it('makes a gap of each criterion that cannot be read, and of nothing else', () => {
    expect(sample.gaps.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
      'CVE-2099-0002 missing: It was left out: its test oval:com.ubuntu.focal:tst:99 cannot be read.',
      'CVE-2099-0002 greater: It was left out: its test oval:com.ubuntu.focal:tst:80 cannot be read.',
      'CVE-2099-0002: It was left out: "fixed package in focal is doing something new." is not understood.',
      'CVE-2099-0002: It was left out: "negated package in focal is affected and needs fixing." is not understood.',
    ])
    expect(shown(sample.statement('needed', 'CVE-2099-0002'))).toBe('open')
  })

  it.each([
    ['a document that ends too early', document.subarray(0, document.length - 100)],
    ['another kind of document', Buffer.from('<rss><channel/></rss>')],
  ])('refuses %s', async (_name, bytes) => {
    const error = await readFeed(focal, mirrorOf({ [path]: bytes })).catch((thrown: unknown) => thrown)
    expect(isChiaroError(error, 'FEED_FAILED'), String(error)).toBe(true)
  })
})

const numbers = { trusty: '14.04', xenial: '16.04', bionic: '18.04', focal: '20.04' } as const

/** Looked up by hand in the documents of 2021-08-31: the criterion about the package in the definition of the vulnerability. */
const realStatements = {
  trusty: [
    ['dbus', 'CVE-2019-12749', 'fixed 1.6.18-0ubuntu4.5+esm1 (needs Ubuntu Pro)'],
    ['sudo', 'CVE-2021-3156', 'fixed 1.8.9p5-1ubuntu1.5+esm6 (needs Ubuntu Pro)'],
  ],
  xenial: [
    ['openssl', 'CVE-2021-3712', 'fixed 1.0.2g-1ubuntu4.20+esm1 (needs Ubuntu Pro)'],
    ['systemd', 'CVE-2021-33910', 'fixed 229-4ubuntu21.31+esm1 (needs Ubuntu Pro)'],
    ['glibc', 'CVE-2018-20796', 'will-not-fix'],
    ['gcc-4.7', 'CVE-2002-2439', 'will-not-fix'],
    ['gcc-4.7-armel-cross', 'CVE-2002-2439', 'end-of-life (end of standard support, was needs-triage)'],
  ],
  bionic: [
    ['linux', 'CVE-2021-33909', 'fixed 4.15.0-151.157'],
    ['linux-aws', 'CVE-2021-33909', 'fixed 4.15.0-1109.116'],
    ['linux-hwe-5.4', 'CVE-2021-33909', 'fixed 5.4.0-80.90~18.04.1'],
    ['firefox', 'CVE-2021-29955', 'undetermined (it is fixed, but Ubuntu does not state in which version)'],
  ],
  focal: [
    ['openssl', 'CVE-2021-3711', 'fixed 1.1.1f-1ubuntu2.8'],
    ['systemd', 'CVE-2021-33910', 'fixed 245.4-4ubuntu3.10'],
    ['coreutils', 'CVE-2016-2781', 'deferred'],
    ['bash', 'CVE-2019-18276', 'open'],
    ['glibc', 'CVE-2021-38604', 'undetermined'],
    ['fig2dev', 'CVE-2019-19555', 'fixed 1:3.2.7b-3 (the update with the fix is not published yet)'],
    ['gcc-snapshot', 'CVE-2002-2439', 'fixed 20140405-0ubuntu1'],
    ['linux-hwe-5.11', 'CVE-2012-4542', 'undetermined'],
  ],
} as const
const counts = { trusty: 21_935, xenial: 60_873, bionic: 68_320, focal: 30_878 } as const

describe.skipIf(feeds === undefined)('OVAL data of Ubuntu, real data (skipped without CHIARO_FEEDS)', () => {
  it.each(['trusty', 'xenial', 'bionic', 'focal'] as const)('%s', async (codename) => {
    const real = await readFeed(feedOf({ number: numbers[codename], codename }), feeds!)
    expect(real.gaps).toEqual([])
    expect(real.advisories.flatMap(({ statements }) => statements).length).toBe(counts[codename])
    for (const [name, id, expected] of realStatements[codename]) {
      expect(shown(real.statement(name, id, `ubuntu:${numbers[codename]}`)), `${name} ${id}`).toBe(expected)
    }
  })
})
