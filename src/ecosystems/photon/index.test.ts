import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { photon } from './index.ts'

const three = releaseNamed('photon', '3.0')

testEcosystem(photon, {
  release: three,
  derivative: { ...three, id: 'derivative', idLike: ['photon'] },
  package: rpmPackage('sqlite-libs 3.27.2-4.ph3'),
  versions: ['4.9.60-1.ph2', '4.19.97-1.ph3', '4.19.97-2.ph3', '4.19.104-1.ph3'],
})

describe('the coverage of Photon OS', () => {
  it.each([
    ['3.0', 'photon:3.0', 'photon-3.0', '2024-03-02'],
    ['5.0', 'photon:5.0', 'photon-5.0', undefined],
    ['6', 'photon:6.0', 'photon-6.0', undefined],
  ])('%s', (versionId, scope, feed, endOfLife) => {
    const coverage = photon.coverage({ ...three, versionId })!
    expect(coverage.scopes).toEqual([scope])
    expect(coverage.feeds.map(({ id }) => id)).toEqual([feed])
    expect(coverage.endOfLife).toBe(endOfLife)
  })

  it.each(['', 'dev', '../3'])('is none for the version %j, so that this is said', (versionId) => {
    expect(photon.coverage({ ...three, versionId })).toBeUndefined()
  })
})

it('links an advisory, and nothing else', () => {
  const page = 'https://github.com/vmware/photon/wiki/Security-Updates-3.0-0036'
  expect(photon.advisoryLink!('PHSA-2019-3.0-0036', 'photon:3.0')).toBe(page)
  expect(photon.advisoryLink!('PHSA-2020:00001', 'photon:3.0')).toBeUndefined()
})
