import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { readFeed, shown } from '../../../test/support/feeds.ts'
import { judgeBy, releaseNamed } from '../../../test/support/matched.ts'
import { noFacts } from '../../core/ecosystem.ts'
import { secdbFeed } from './feed.ts'
import { chainguard } from './index.ts'

const release = releaseNamed('chainguard', '20230201')
const libcrypto = {
  type: 'apk',
  name: 'libcrypto3',
  version: '3.0.8-r0',
  arch: 'x86_64',
  source: { name: 'openssl', version: '3.0.8-r0' },
}

testEcosystem(chainguard, {
  release,
  derivative: { ...release, id: 'wolfi', idLike: ['chainguard', 'alpine'] },
  package: libcrypto,
  versions: ['1.0_rc1-r0', '1.0-r0', '1.0-r1', '1.10-r0'],
})

it('Chainguard looks packages up by what they were built from', () => {
  expect(chainguard.keys(libcrypto, chainguard.coverage(release)!, noFacts)).toEqual([
    { scope: 'chainguard:rolling', name: 'openssl' },
  ])
})

describe('the security database of Chainguard', async () => {
  const { advisories, gaps, statement } = await readFeed(secdbFeed, join(import.meta.dirname, 'testdata'))

  it.each([
    ['several versions: the highest one', 'openssl', 'CVE-2099-0001', 'fixed 3.1.0-r2'],
    ['one version', 'openssl', 'CVE-2099-0002', 'fixed 3.0.7-r0'],
    ['fixed version 0 = never affected', 'apko', 'CVE-2099-0003', 'not-affected'],
    ['the same under an id of another kind', 'apko', 'GHSA-aaaa-bbbb-cccc', 'not-affected'],
    ['no CVE id', 'apko', 'GHSA-dddd-eeee-ffff', 'fixed 0.7.3-r1'],
  ])('%s', (_what, name, id, expected) => {
    expect(shown(statement(name, id, 'chainguard:rolling'))).toBe(expected)
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

describe('packages of Chainguard', async () => {
  const judged = await judgeBy(chainguard, release, [secdbFeed], join(import.meta.dirname, 'testdata'))

  it.each([
    ['older than the fix', 'openssl', '3.0.8-r0', 'CVE-2099-0001', 'fixed 3.1.0-r2'],
    ['older than the second fix', 'openssl', '3.1.0-r1', 'CVE-2099-0001', 'fixed 3.1.0-r2'],
    ['the version of the fix', 'openssl', '3.1.0-r2', 'CVE-2099-0001', '-'],
    ['newer than the fix', 'openssl', '3.0.8-r0', 'CVE-2099-0002', '-'],
    ['never affected', 'apko', '0.1-r0', 'CVE-2099-0003', '-'],
    ['built from another package', 'curl', '0.1-r0', 'CVE-2099-0001', '-'],
  ])('%s', (_what, origin, version, id, expected) => {
    expect(judged({ ...libcrypto, version, source: { name: origin, version } }, id)).toBe(expected)
  })
})
