import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { noFacts } from '../../core/ecosystem.ts'
import type { Package } from '../../core/package.ts'
import { oracle } from './index.ts'

const ol8 = releaseNamed('ol', '8.8')

testEcosystem(oracle, {
  release: ol8,
  derivative: { ...ol8, id: 'rocky', idLike: ['rhel', 'centos', 'fedora'] },
  package: rpmPackage('glibc 2.28-225.0.3.el8'),
  versions: ['2.28-225.0.3.el8', '2.28-225.0.4.el8', '2.28-225.0.4.el8_8.6', '2:2.28-225.0.4.ksplice1.el8'],
})

describe('the coverage of Oracle Linux', () => {
  const thisYear = new Date().getUTCFullYear()
  it.each([
    ['8.8', 'oracle:8', 2019, '2029-08-01'],
    ['9', 'oracle:9', 2022, '2032-07-01'],
    ['10.0', 'oracle:10', 2025, '2035-07-01'],
    ['6.10', 'oracle:6', 2010, '2021-04-01'],
    ['11.2', 'oracle:11', 2025, undefined],
    ['4.9', 'oracle:4', 2007, undefined],
  ])('%s', (versionId, scope, firstYear, endOfLife) => {
    const coverage = oracle.coverage({ ...ol8, versionId })!
    expect(coverage.scopes).toEqual([scope])
    expect(coverage.feeds[0]!.id).toBe(`oracle-${firstYear}`)
    expect(coverage.feeds.length).toBe(thisYear - firstYear + 1)
    expect(coverage.endOfLife).toBe(endOfLife)
  })

  it.each(['', 'developer'])('is none for the version %j, so that this is said', (versionId) => {
    expect(oracle.coverage({ ...ol8, versionId })).toBeUndefined()
  })
})

describe('the names that a package of Oracle Linux is looked up by', () => {
  const coverage = oracle.coverage(ol8)!
  const names = (pkg: Package) => oracle.keys(pkg, coverage, noFacts).map(({ name }) => name)

  it.each([
    ['a plain build', rpmPackage('glibc 2.28-225.0.3.el8'), ['glibc', 'glibc arch=x86_64']],
    [
      'a build for Ksplice',
      rpmPackage('glibc 2:2.28-225.0.4.ksplice1.el8'),
      ['glibc build=ksplice', 'glibc build=ksplice arch=x86_64'],
    ],
    [
      'a build for FIPS',
      rpmPackage('openssl-libs 10:1.0.2k-26.el7_9_fips aarch64'),
      ['openssl-libs build=fips', 'openssl-libs build=fips arch=aarch64'],
    ],
    ['a 32-bit package', rpmPackage('glibc 2.28-1.el8 i686'), ['glibc', 'glibc arch=i686', 'glibc arch=x86_64']],
    [
      'a package of no architecture',
      rpmPackage('tzdata 2023c-1.el8 noarch'),
      ['tzdata', 'tzdata arch=x86_64', 'tzdata arch=aarch64', 'tzdata arch=i686'],
    ],
    [
      'a package of a module',
      rpmPackage('npm 1:8.19.3-1.module+el8 x86_64', { module: 'nodejs:16' }),
      [
        'npm module=nodejs:16',
        'npm module=nodejs:16 arch=x86_64',
        'npm module=*:16',
        'npm module=*:16 arch=x86_64',
        'npm module=*:*',
        'npm module=*:* arch=x86_64',
      ],
    ],
  ])('%s', (_name, pkg, expected) => {
    expect(names(pkg)).toEqual(expected)
  })
})

it('links an erratum, and nothing else', () => {
  expect(oracle.advisoryLink!('ELSA-2023-5455', 'oracle:8')).toBe('https://linux.oracle.com/errata/ELSA-2023-5455.html')
  expect(oracle.advisoryLink!('ELSA-2023/../x', 'oracle:8')).toBeUndefined()
})
