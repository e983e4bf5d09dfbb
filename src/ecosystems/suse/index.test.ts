import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { suse } from './index.ts'

const sles = releaseNamed('sles', '15.5')

testEcosystem(suse, {
  release: sles,
  derivative: { ...sles, id: 'gecko', idLike: ['suse', 'opensuse'] },
  package: rpmPackage('libcurl4 8.0.1-150400.5.56.1'),
  versions: ['8.0.1-11.92.1', '8.0.1-150400.5.9.1', '8.0.1-150400.5.56.1', '8.6.0-150600.4.12.1'],
})

describe('the coverage of SUSE and openSUSE', () => {
  it.each([
    ['sles', '15.5', ['suse:sles:15.5'], '2025-01-01'],
    ['sles', '15', ['suse:sles:15'], '2020-01-01'],
    ['sles', '12.5', ['suse:sles:12.5', 'suse:sles-modules:12'], '2024-11-01'],
    ['sles', '16.0', ['suse:sles:16.0'], undefined],
    ['sles_sap', '15.6', ['suse:sles:15.6'], '2026-01-01'],
    ['sled', '15.7', ['suse:sles:15.7'], '2031-08-01'],
    ['sle-micro', '5.5', ['suse:sle-micro:5.5'], '2027-11-01'],
    ['sl-micro', '6.1', ['suse:sle-micro:6.1'], undefined],
    ['suse-microos', '5.1', ['suse:sle-micro:5.1'], '2025-11-01'],
    ['opensuse-leap', '15.6', ['suse:leap:15.6'], '2026-05-01'],
    ['opensuse-leap', '17.3', ['suse:leap:17.3'], undefined],
    ['opensuse', '42.3', ['suse:leap:42.3'], '2019-07-01'],
    ['opensuse', '20180101', ['suse:tumbleweed'], undefined],
    ['opensuse-tumbleweed', '20241119', ['suse:tumbleweed'], undefined],
    ['opensuse-tumbleweed', '', ['suse:tumbleweed'], undefined],
    ['opensuse-leap-micro', '5.5', ['suse:leap-micro:5.5'], undefined],
  ])('%s %s', (id, versionId, scopes, endOfLife) => {
    const coverage = suse.coverage({ ...sles, id, versionId })!
    expect(coverage.scopes).toEqual(scopes)
    expect(coverage.feeds.map(({ id }) => id)).toEqual(['suse'])
    expect(coverage.endOfLife).toBe(endOfLife)
  })

  it.each(['', 'x', '15.5:1'])('is none for the version %j, so that this is said', (versionId) => {
    expect(suse.coverage({ ...sles, versionId })).toBeUndefined()
  })
})

describe('links to updates', () => {
  it.each([
    ['SUSE-SU-2024:3105-1', 'https://www.suse.com/support/update/announcement/2024/suse-su-20243105-1/'],
    ['SUSE-RU-2024:0029-1', 'https://www.suse.com/support/update/announcement/2024/suse-ru-20240029-1/'],
    ['openSUSE-SU-2024:14333-1', undefined],
    ['SUSE-SU-2024:../x', undefined],
  ])('%s', (id, link) => {
    expect(suse.advisoryLink!(id, 'suse:sles:15.5')).toBe(link)
  })
})
