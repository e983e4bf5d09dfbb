import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { noFacts } from '../../core/ecosystem.ts'
import { alma } from './index.ts'

const release = releaseNamed('almalinux', '9.5')

testEcosystem(alma, {
  release,
  derivative: { ...release, id: 'cloudlinux', idLike: ['rhel', 'almalinux'] },
  package: rpmPackage('openssl-libs 1:3.2.2-6.el9_5', { source: 'openssl' }),
  versions: ['1.0~rc1-1.el9', '1.0-1.el9', '1.0-1.el9.alma.1', '1.0-1.el9_1', '1:0.9-1.el9'],
})

describe('the coverage of AlmaLinux', () => {
  it.each([
    ['8.10', 'alma:8', '2029-06-01'],
    ['9.5', 'alma:9', '2032-06-01'],
    ['10.0', 'alma:10', '2035-06-01'],
    ['11', 'alma:11', undefined],
  ])('%s', (versionId, scope, endOfLife) => {
    expect(alma.coverage(releaseNamed('almalinux', versionId))).toMatchObject({ scopes: [scope] })
    expect(alma.coverage(releaseNamed('almalinux', versionId))!.endOfLife).toBe(endOfLife)
  })

  it('is none for the preview Kitten, nor where no version is stated', () => {
    const kitten = { ...releaseNamed('almalinux', '10'), prettyName: 'AlmaLinux Kitten 10 (Lion Cub)' }
    expect(alma.coverage(kitten)).toBeUndefined()
    expect(alma.coverage(releaseNamed('almalinux', ''))).toBeUndefined()
  })

  it('looks packages up by their own name, and with their module stream', () => {
    const coverage = alma.coverage(release)!
    expect(alma.keys(rpmPackage('openssl-libs 1:3.2.2-6.el9_5', { source: 'openssl' }), coverage, noFacts)).toEqual([
      { scope: 'alma:9', name: 'openssl-libs' },
    ])
    expect(alma.keys(rpmPackage('npm 1:8-1.el9', { module: 'nodejs:18' }), coverage, noFacts)).toEqual([
      { scope: 'alma:9', name: 'npm' },
      { scope: 'alma:9', name: 'npm module=nodejs:18' },
    ])
  })

  it('links errata', () => {
    expect(alma.advisoryLink!('ALSA-2023:0954', 'alma:9')).toBe('https://errata.almalinux.org/9/ALSA-2023-0954.html')
  })
})
