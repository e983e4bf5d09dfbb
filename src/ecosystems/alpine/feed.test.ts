import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed, shown } from '../../../test/support/feeds.ts'
import { isChiaroError } from '../../core/errors.ts'
import { feedsOf } from './feed.ts'

const [main, community] = feedsOf('3.18')

describe('the feeds of a branch', () => {
  it('are one a repository', () => {
    expect(feedsOf('3.18').map(({ id, url, scopes }) => [id, url, scopes])).toEqual([
      ['alpine-3.18-main', 'https://secdb.alpinelinux.org/v3.18/main.json', ['alpine:3.18']],
      ['alpine-3.18-community', 'https://secdb.alpinelinux.org/v3.18/community.json', ['alpine:3.18']],
    ])
    expect(feedsOf('edge')[0]!.url).toBe('https://secdb.alpinelinux.org/edge/main.json')
    expect(feedsOf('3.2').map(({ id }) => id)).toEqual(['alpine-3.2-main'])
  })
})

describe('the security database', async () => {
  const sample = await readFeed(main!, join(import.meta.dirname, 'testdata'))

  it.each([
    ['several vulnerabilities in one entry', 'xen', 'CVE-2099-0001', 'fixed 4.13.0-r3'],
    ['the second of them', 'xen', 'CVE-2099-0002', 'fixed 4.13.0-r3'],
    ['no CVE id', 'xen', 'XSA-207', 'fixed 4.7.1-r5'],
    ['version 0', 'xen', 'CVE-2099-0003', 'not-affected'],
    ['version 0 and another one', 'xen', 'CVE-2099-0004', 'fixed 4.17.0-r0'],
    ['several versions: the highest one', 'runc', 'CVE-2099-0005', 'fixed 1.1.4-r10'],
    ['the same vulnerability in another package', 'runc', 'CVE-2099-0001', 'fixed 1.1.4-r7'],
    ['a remark', 'tcpdump', 'CVE-2099-0006', 'fixed 4.9.3-r0'],
    ['a slip', 'tcpdump', 'CVE-2099-0007', 'fixed 4.9.3-r0'],
  ])('%s', (_what, name, id, expected) => {
    expect(shown(sample.statement(name, id, 'alpine:3.18'))).toBe(expected)
  })

  it('gathers what is known of a vulnerability from all packages', () => {
    const found = sample.advisories.filter(({ vulnerability }) => vulnerability.id === 'CVE-2099-0001')
    expect(found.map(({ vulnerability }) => vulnerability)).toEqual([
      {
        id: 'CVE-2099-0001',
        aliases: ['XSA-313', 'GHSA-aaaa-bbbb-cccc'],
        description: '',
        ratings: [],
        links: ['https://security.alpinelinux.org/vuln/CVE-2099-0001'],
      },
    ])
  })

  it('makes a gap of each record that cannot be read, and of nothing else', () => {
    expect(sample.gaps.map(({ where }) => where)).toEqual(['tcpdump 4.9.3-r0', 'versionless', 'damaged', 'package 8'])
    expect(sample.gaps[0]!.detail).toBe('It was left out: "N/A (nothing)" is no id.')
  })

  it('refuses a document of another form', async () => {
    const mirror = mirrorOf({ 'secdb.alpinelinux.org/v3.18/main.json': '{"openssl": {}}' })
    const error = await readFeed(main!, mirror).catch((thrown: unknown) => thrown)
    expect(isChiaroError(error, 'FEED_FAILED')).toBe(true)
    expect(String(error)).toContain('there is no "packages" in it')
  })
})

/** Looked up by hand in the documents of 2025-01-04: `jq '.packages[].pkg | select(.name == "openssl")' v3.18/main.json`. */
const realStatements = [
  ['3.18', 'main', 'openssl', 'CVE-2023-5363', 'fixed 3.1.4-r0'],
  ['3.18', 'main', 'openssl', 'CVE-2024-0727', 'fixed 3.1.4-r5'],
  ['3.18', 'main', 'busybox', 'CVE-2023-42366', 'fixed 1.36.1-r6'],
  ['3.18', 'main', 'busybox', 'ALPINE-13661', 'fixed 1.35.0-r7'],
  ['3.18', 'main', 'zlib', 'CVE-2023-45853', 'not-affected'],
  ['3.18', 'main', 'curl', 'CVE-2023-38545', 'fixed 8.4.0-r0'],
  ['3.18', 'main', 'xen', 'CVE-2020-11741', 'fixed 4.13.0-r3'],
  ['3.18', 'main', 'xen', 'XSA-207', 'fixed 4.7.1-r5'],
  ['3.18', 'community', 'runc', 'CVE-2023-27561', 'fixed 1.1.4-r7'],
  ['3.20', 'main', 'libxml2', 'CVE-2024-34459', 'fixed 2.12.7-r0'],
  ['3.20', 'community', 'tailscale', 'CVE-2022-41925', 'not-affected'],
  ['3.20', 'community', 'tailscale', 'TS-2024-005', 'fixed 1.66.1-r0'],
  ['3.9', 'community', 'openjdk7', 'CVE-2019-2426', 'fixed 7.211.2.6.17-r0'],
  ['edge', 'community', 'nodejs-current', 'CVE-2022-32222', 'fixed 18.9.1-r0'],
] as const

describe.skipIf(feeds === undefined)('the security database, real data (skipped without CHIARO_FEEDS)', () => {
  it.each(realStatements)('%s %s %s %s: %s', async (branch, repository, name, id, expected) => {
    const feed = feedsOf(branch).find(({ url }) => url.includes(repository))!
    const real = await readFeed(feed, feeds!)
    expect(real.gaps).toEqual([])
    expect(shown(real.statement(name, id, `alpine:${branch}`))).toBe(expected)
  })

  it('Alpine "potentially vulnerable, no fix": is not in it, so that nothing is ever said to be open', async () => {
    const { advisories } = await readFeed(main!, feeds!)
    const said = new Set(advisories.flatMap(({ statements }) => statements).map(({ fix }) => fix))
    expect(said).toEqual(new Set(['fixed', 'not-affected']))
  })

  it('reads community too', async () => {
    const { gaps, advisories } = await readFeed(community!, feeds!)
    expect(gaps).toEqual([])
    expect(advisories.flatMap(({ statements }) => statements).length).toBe(4995)
  })
})
