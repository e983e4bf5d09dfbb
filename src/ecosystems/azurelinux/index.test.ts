import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { noFacts } from '../../core/ecosystem.ts'
import { azurelinux } from './index.ts'

const three = releaseNamed('azurelinux', '3.0')

testEcosystem(azurelinux, {
  release: three,
  derivative: { ...three, id: 'derivative', idLike: ['azurelinux'] },
  package: rpmPackage('curl-libs 8.8.0-1.azl3', { source: 'curl' }),
  versions: ['6.6.43.1-1.azl3', '6.6.47.1-1.azl3', '6.6.47.1-2.azl3', '6.6.100.1-1.azl3'],
})

describe('the coverage of Azure Linux', () => {
  it.each([
    ['azurelinux', '3.0', 'azurelinux:3.0', 'azurelinux-3.0', undefined],
    ['azurelinux', '3.0.20241005', 'azurelinux:3.0', 'azurelinux-3.0', undefined],
    ['azurelinux', '4.0', 'azurelinux:4.0', 'azurelinux-4.0', undefined],
    ['mariner', '2.0', 'azurelinux:mariner-2.0', 'azurelinux-mariner-2.0', '2025-08-01'],
    ['mariner', '1.0', 'azurelinux:mariner-1.0', 'azurelinux-mariner-1.0', '2023-08-01'],
  ])('%s %s', (id, versionId, scope, feed, endOfLife) => {
    const coverage = azurelinux.coverage({ ...three, id, versionId })!
    expect(coverage.scopes).toEqual([scope])
    expect(coverage.feeds.map(({ id }) => id)).toEqual([feed])
    expect(coverage.endOfLife).toBe(endOfLife)
  })

  it.each(['', '3', '../3.0'])('is none for the version %j, so that this is said', (versionId) => {
    expect(azurelinux.coverage({ ...three, versionId })).toBeUndefined()
  })
})

it('looks a package up by its source', () => {
  const pkg = rpmPackage('curl-libs 8.8.0-1.azl3', { source: 'curl' })
  const keys = azurelinux.keys(pkg, azurelinux.coverage(three)!, noFacts)
  expect(keys).toEqual([{ scope: 'azurelinux:3.0', name: 'curl' }])
})
