import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { noFacts } from '../../core/ecosystem.ts'
import { rocky } from './index.ts'

const release = releaseNamed('rocky', '9.4')
const libs = rpmPackage('openssl-libs 1:3.0.7-27.el9', { source: 'openssl 1:3.0.7-27.el9' })

testEcosystem(rocky, {
  release,
  derivative: { ...release, id: 'rlc', idLike: ['rocky', 'rhel'] },
  package: libs,
  versions: ['1.0~rc1-1.el9', '1.0-1.el9', '1.0-1.el9.rocky.0.1', '1.0-1.el9_1', '1:0.9-1.el9'],
})

describe('the coverage of Rocky Linux', () => {
  it.each([
    ['8.10', 'rocky:8', '2029-06-01'],
    ['9.4', 'rocky:9', '2032-06-01'],
    ['10.0', 'rocky:10', '2035-06-01'],
    ['11', 'rocky:11', undefined],
  ])('%s', (versionId, scope, endOfLife) => {
    const coverage = rocky.coverage(releaseNamed('rocky', versionId))!
    expect([coverage.scopes, coverage.endOfLife]).toEqual([[scope], endOfLife])
  })

  it('is none where no version is stated', () => {
    expect(rocky.coverage(releaseNamed('rocky', ''))).toBeUndefined()
  })

  it('looks packages up by what they were built from, and with their module stream', () => {
    const coverage = rocky.coverage(release)!
    expect(rocky.keys(libs, coverage, noFacts)).toEqual([{ scope: 'rocky:9', name: 'openssl' }])
    const npm = rpmPackage('npm 1:8-1.el9', { source: 'nodejs', module: 'nodejs:18' })
    expect(rocky.keys(npm, coverage, noFacts)).toEqual([
      { scope: 'rocky:9', name: 'nodejs' },
      { scope: 'rocky:9', name: 'nodejs module=nodejs:18' },
    ])
  })

  it('links errata', () => {
    expect(rocky.advisoryLink!('RLSA-2023:0954', 'rocky:9')).toBe('https://errata.rockylinux.org/RLSA-2023:0954')
  })
})
