import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed, shown } from '../../../test/support/feeds.ts'
import { judgeBy, releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { zipFolder } from '../../../test/support/zip.ts'
import { errataFeed } from './feed.ts'
import { rocky } from './index.ts'

const archive = zipFolder(join(import.meta.dirname, 'testdata', 'Rocky Linux'))
const mirror = mirrorOf({ 'osv-vulnerabilities.storage.googleapis.com/Rocky Linux/all.zip': archive })

describe('the errata of Rocky Linux', async () => {
  const { advisories, gaps, statement } = await readFeed(errataFeed, mirror)

  it('tell what is known of an erratum, and which vulnerabilities it covers', () => {
    expect(gaps).toEqual([])
    expect(advisories[0]!.vulnerability).toEqual({
      id: 'RLSA-2099:0001',
      covers: ['CVE-2099-0001'],
      aliases: [],
      description: 'Moderate: perl security and bug fix update',
      ratings: [
        {
          severity: 'medium',
          source: 'rocky',
          original: 'Moderate',
          vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N',
          score: 6.1,
        },
      ],
      links: ['https://errata.rockylinux.org/RLSA-2099:0001'],
      published: '2099-01-02T00:00:00Z',
      modified: '2099-02-03T04:05:06Z',
    })
  })

  it('name source packages', () => {
    expect(shown(statement('perl', 'RLSA-2099:0001', 'rocky:8'))).toBe('fixed 4:5.26.3-420.el8')
    expect(shown(statement('nodejs module=nodejs:18', 'RLSA-2099:0002', 'rocky:9'))).toBe(
      'fixed 1:18.20.4-1.module+el9.4.0+2+b1e8296f',
    )
  })
})

describe('the rule for packages and their sources', async () => {
  const on8 = await judgeBy(rocky, releaseNamed('rocky', '8.10'), [errataFeed], mirror)
  const on9 = await judgeBy(rocky, releaseNamed('rocky', '9.4'), [errataFeed], mirror)
  const perl = 'fixed 4:5.26.3-420.el8 by RLSA-2099:0001'

  it.each([
    ['in the version of its source', 'perl-libs 4:5.26.3-419.el8', 'perl 4:5.26.3-419.el8', perl],
    ['the same, fixed', 'perl-libs 4:5.26.3-420.el8', 'perl 4:5.26.3-420.el8', '-'],
    [
      'Missing epoch: in a version of its own, without the epoch',
      'perl-Errno 1.28-419.el8',
      'perl 5.26.3-419.el8',
      perl,
    ],
    ['the same, fixed', 'perl-Errno 1.28-420.el8', 'perl 5.26.3-420.el8', '-'],
    ['in a version of its own that is higher', 'perl-Time 9:9.9-419.el8', 'perl 9:5.26.3-419.el8', perl],
  ])('%s: %s', (_what, pkg, source, expected) => {
    expect(on8(rpmPackage(pkg, { source }), 'CVE-2099-0001')).toBe(expected)
  })

  it.each([
    ['a plain kernel, and a fix of the cloud group', '5.14.0-427.28.1.el9_4', '-'],
    [
      'a kernel of the cloud group',
      '5.14.0-427.26.1.el9_4.cloud.1.0',
      'fixed 0:5.14.0-427.28.1.el9_4.cloud.1.0 by RXSA-2099:0003',
    ],
    ['a fixed one', '5.14.0-427.28.1.el9_4.cloud.1.0', '-'],
  ])('flavour of fix must equal flavour of package: %s', (_what, version, expected) => {
    expect(on9(rpmPackage(`kernel-core ${version}`, { source: `kernel ${version}` }), 'CVE-2099-0003')).toBe(expected)
  })

  it('RHEL modularity: a fix of a module is for its stream only', () => {
    const version = '1:16.20.2-8.el9_4'
    expect(on9(rpmPackage(`nodejs ${version}`, { source: `nodejs ${version}` }), 'CVE-2099-0002')).toBe('-')
    const built = '1:18.19.0-1.module+el9.4.0+1+12345678'
    const of = (module: string) => rpmPackage(`nodejs ${built}`, { source: `nodejs ${built}`, module })
    expect(on9(of('nodejs:18'), 'CVE-2099-0002')).toBe('fixed 1:18.20.4-1.module+el9.4.0+2+b1e8296f by RLSA-2099:0002')
    expect(on9(of('nodejs:20'), 'CVE-2099-0002')).toBe('-')
  })
})

describe.skipIf(feeds === undefined)('the errata of Rocky Linux, real data (skipped without CHIARO_FEEDS)', () => {
  it('reads all of it', async () => {
    const { advisories, gaps } = await readFeed(errataFeed, feeds!)
    expect(gaps).toEqual([])
    expect(advisories.length).toBe(1491)
    expect(advisories.every(({ vulnerability: { covers } }) => covers !== undefined)).toBe(true)
  })
})
