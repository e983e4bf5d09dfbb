import { describe, expect, it } from 'vitest'
import { type Ecosystem, noFacts } from '../../src/core/ecosystem.ts'
import type { Package } from '../../src/core/package.ts'
import { readFeed, shown } from '../support/feeds.ts'
import { judgeBy, releaseNamed } from '../support/matched.ts'
import { testEcosystem } from './ecosystem.ts'

/** A distribution of apk packages without releases whose one feed is a security database; `mirror` has the sample of it. */
export interface RollingSecdb {
  readonly ecosystem: Ecosystem
  readonly mirror: string
  /** The id of a distribution that is made from it, or it from that. */
  readonly related: string
}

const libcrypto: Package = {
  type: 'apk',
  name: 'libcrypto3',
  version: '3.0.8-r0',
  arch: 'x86_64',
  source: { name: 'openssl', version: '3.0.8-r0' },
}

/** What every such distribution must keep, by a sample document of which all have the same records. */
export function testRollingSecdb({ ecosystem, mirror, related }: RollingSecdb): void {
  const { id, title } = ecosystem
  const release = releaseNamed(id, '20230201')
  const scope = `${id}:rolling`
  const [feed, ...others] = ecosystem.feeds()

  testEcosystem(ecosystem, {
    release,
    derivative: { ...release, id: related, idLike: [id, 'alpine'] },
    package: libcrypto,
    versions: ['1.0_rc1-r0', '1.0-r0', '1.0-r1', '1.10-r0'],
  })

  it(`${title} looks packages up by what they were built from, in its one feed`, () => {
    expect(ecosystem.keys(libcrypto, ecosystem.coverage(release)!, noFacts)).toEqual([{ scope, name: 'openssl' }])
    expect(others).toEqual([])
  })

  describe(`the security database of ${title}`, async () => {
    const { advisories, gaps, statement } = await readFeed(feed!, mirror)

    it.each([
      ['several versions: the highest one', 'openssl', 'CVE-2099-0001', 'fixed 3.1.0-r2'],
      ['one version', 'openssl', 'CVE-2099-0002', 'fixed 3.0.7-r0'],
      ['fixed version 0 = never affected', 'apko', 'CVE-2099-0003', 'not-affected'],
      ['the same under an id of another kind', 'apko', 'GHSA-aaaa-bbbb-cccc', 'not-affected'],
      ['no CVE id', 'apko', 'GHSA-dddd-eeee-ffff', 'fixed 0.7.3-r1'],
    ])('%s', (_what, name, vulnerability, expected) => {
      expect(shown(statement(name, vulnerability, scope))).toBe(expected)
    })

    it('links to where the id is from', () => {
      const links = new Map(advisories.map(({ vulnerability }) => [vulnerability.id, vulnerability.links]))
      expect(links.get('CVE-2099-0001')).toEqual(['https://www.cve.org/CVERecord?id=CVE-2099-0001'])
      expect(links.get('GHSA-dddd-eeee-ffff')).toEqual(['https://github.com/advisories/GHSA-dddd-eeee-ffff'])
    })

    it('leaves a gap for what cannot be read', () => {
      expect(gaps.map(({ where }) => where)).toEqual(['damaged 1.0-r0'])
    })
  })

  describe(`packages of ${title}`, async () => {
    const judged = await judgeBy(ecosystem, release, [feed!], mirror)

    it.each([
      ['older than the fix', 'openssl', '3.0.8-r0', 'CVE-2099-0001', 'fixed 3.1.0-r2'],
      ['older than the second fix', 'openssl', '3.1.0-r1', 'CVE-2099-0001', 'fixed 3.1.0-r2'],
      ['the version of the fix', 'openssl', '3.1.0-r2', 'CVE-2099-0001', '-'],
      ['newer than the fix', 'openssl', '3.0.8-r0', 'CVE-2099-0002', '-'],
      ['never affected', 'apko', '0.1-r0', 'CVE-2099-0003', '-'],
      ['built from another package', 'curl', '0.1-r0', 'CVE-2099-0001', '-'],
    ])('%s', (_what, origin, version, vulnerability, expected) => {
      expect(judged({ ...libcrypto, version, source: { name: origin, version } }, vulnerability)).toBe(expected)
    })
  })
}
