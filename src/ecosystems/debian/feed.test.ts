import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed, shown } from '../../../test/support/feeds.ts'
import { trackerFeed } from './feed.ts'

const sample = await readFeed(trackerFeed, join(import.meta.dirname, 'testdata'))

describe('the tracker feed', () => {
  it.each([
    ['debian:10', 'CVE-2099-0001', 'end-of-life [unknown: end-of-life]'],
    ['debian:11', 'CVE-2099-0001', 'fixed 1.1.1w-0+deb11u2 [high: high**]'],
    ['debian:12', 'CVE-2099-0001', 'open [medium: medium]'],
    ['debian:13', 'CVE-2099-0001', 'not-affected [low: low]'],
    ['debian:sid', 'CVE-2099-0001', 'fixed 3.5.4-1 [negligible: unimportant]'],
    ['debian:11', 'CVE-2099-0002', 'deferred [unknown: not yet assigned] (Minor issue)'],
    ['debian:12', 'CVE-2099-0002', 'deferred [unknown: not yet assigned] (Minor issue, revisit when fixed upstream)'],
    ['debian:13', 'CVE-2099-0002', 'will-not-fix [unknown: not yet assigned] (Too intrusive to backport)'],
    ['debian:sid', 'CVE-2099-0002', 'undetermined [unknown: not yet assigned]'],
    ['debian:zurg', 'CVE-2099-0002', 'open [low: low*]'],
  ])('%s, %s: %s', (scope, id, expected) => {
    expect(shown(sample.statement('openssl', id, scope))).toBe(expected)
  })

  it('tells what is known of a vulnerability', () => {
    expect(sample.advisories.map(({ vulnerability }) => vulnerability)).toEqual([
      {
        id: 'CVE-2099-0001',
        aliases: [],
        description: 'A buffer over-read in the sample parser.',
        ratings: [],
        links: ['https://security-tracker.debian.org/tracker/CVE-2099-0001'],
      },
      expect.objectContaining({ id: 'CVE-2099-0002', description: '' }),
      expect.objectContaining({ id: 'TEMP-0000000-0CA7E3' }),
    ])
  })

  it('makes a gap of each record that cannot be read, and of nothing else', () => {
    expect(sample.gaps).toEqual([
      {
        code: 'data-record-unreadable',
        where: 'openssl CVE-2099-0003',
        detail: 'It was left out: /releases must be object.',
      },
      { code: 'data-record-unreadable', where: 'damaged', detail: 'It was left out: it is not an object.' },
    ])
  })
})

/**
 * Looked up by hand in the document, which was made from Debian's OSV export of 2025-02-12 and so has no `sid`, no version 0 and
 * no `nodsa`: `zcat json.gz | jq '.["openssl"]["CVE-2023-5678"].releases'`.
 */
const realStatements = [
  ['openssl', 'CVE-2023-5678', 'debian:11', 'fixed 1.1.1w-0+deb11u2 [unknown: not yet assigned]'],
  ['openssl', 'CVE-2023-5678', 'debian:12', 'fixed 3.0.13-1~deb12u1 [unknown: not yet assigned]'],
  ['openssl', 'CVE-2023-5678', 'debian:13', 'fixed 3.0.12-2 [unknown: not yet assigned]'],
  ['openssl', 'CVE-2024-13176', 'debian:12', 'open [unknown: not yet assigned]'],
  ['curl', 'CVE-2023-38545', 'debian:12', 'fixed 7.88.1-10+deb12u4 [unknown: not yet assigned]'],
  ['curl', 'CVE-2024-2379', 'debian:12', 'open [negligible: unimportant]'],
  ['curl', 'CVE-2024-2379', 'debian:13', 'fixed 8.7.1-1 [negligible: unimportant]'],
  ['glibc', 'CVE-2023-4911', 'debian:11', 'fixed 2.31-13+deb11u7 [unknown: not yet assigned]'],
  ['glibc', 'CVE-2018-20796', 'debian:12', 'open [negligible: unimportant]'],
  ['zlib', 'CVE-2023-45853', 'debian:12', 'open [unknown: not yet assigned]'],
  ['zlib', 'CVE-2023-45853', 'debian:13', 'fixed 1:1.3.dfsg-2 [unknown: not yet assigned]'],
  ['bash', 'CVE-2022-3715', 'debian:11', 'open [unknown: not yet assigned]'],
  ['abiword', 'CVE-2005-2964', 'debian:11', 'fixed 2.2.10-1 [medium: medium]'],
  ['chromium', 'CVE-2024-6774', 'debian:11', 'end-of-life [unknown: end-of-life]'],
] as const

describe.skipIf(feeds === undefined)('the tracker feed, real data (skipped without CHIARO_FEEDS)', async () => {
  const real = feeds === undefined ? undefined : await readFeed(trackerFeed, feeds)

  it('reads all of it', () => {
    expect(real!.gaps).toEqual([])
    expect(real!.advisories.length).toBe(37_651)
    expect(real!.advisories.reduce((sum, { statements }) => sum + statements.length, 0)).toBe(100_051)
  })

  it.each(realStatements)('%s %s %s: %s', (name, id, scope, expected) => {
    expect(shown(real!.statement(name, id, scope))).toBe(expected)
  })

  it('reads the part of the original document that there is', async () => {
    const path = 'security-tracker.debian.org/tracker/data/json'
    const excerpt = await readFeed(trackerFeed, mirrorOf({ [path]: readFileSync(join(feeds!, `${path}.excerpt`)) }))
    expect(excerpt.gaps).toEqual([])
    const ignored = excerpt.statement('389-ds-base', 'CVE-2016-5416', 'debian:11')
    expect(shown(ignored)).toBe('will-not-fix [unknown: not yet assigned] (Minor issue)')
    expect(shown(excerpt.statement('389-ds-base', 'CVE-2016-5416', 'debian:sid'))).toBe(
      'open [unknown: not yet assigned]',
    )
    const never = excerpt.statement('wordpress', 'TEMP-0000000-0CA7E3', 'debian:11')
    expect(shown(never)).toBe('not-affected [negligible: unimportant]')
  })
})
