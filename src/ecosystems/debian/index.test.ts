import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { noFacts } from '../../core/ecosystem.ts'
import type { Release } from '../../core/package.ts'
import { debian } from './index.ts'
import { debianReleases } from './releases.ts'

const bookworm: Release = {
  id: 'debian',
  versionId: '12',
  codename: 'bookworm',
  prettyName: 'Debian GNU/Linux 12 (bookworm)',
  idLike: [],
  cpe: '',
}
const zlib = {
  type: 'deb',
  name: 'zlib1g',
  version: '1:1.2.13.dfsg-1',
  arch: 'amd64',
  source: { name: 'zlib', version: '1:1.2.13.dfsg-1' },
}

testEcosystem(debian, {
  release: bookworm,
  derivative: { ...bookworm, id: 'raspbian', idLike: ['debian'] },
  package: zlib,
  versions: ['1.0~rc1-1', '1.0-1', '1.0-1+deb12u1', '1:0.9-1'],
})

describe('the coverage of Debian', () => {
  it.each([
    ['a release', '12', 'bookworm', 'debian:12', '2028-07-01'],
    ['a release that only LTS supports', '11', 'bullseye', 'debian:11', '2026-09-01'],
    ['a release without a codename', '10', '', 'debian:10', '2024-07-01'],
    ['a point release', '9.13', '', 'debian:9', '2022-07-01'],
    ['testing or unstable', '', 'forky', 'debian:sid', undefined],
    ['testing of long ago', '', 'bookworm', 'debian:12', '2028-07-01'],
    ['unstable', '', 'sid', 'debian:sid', undefined],
    ['nothing but the name', '', '', 'debian:sid', undefined],
    ['a release that is yet to come', '14', 'forky', 'debian:14', undefined],
    ['a release that is not known', '17', 'zurg', 'debian:zurg', undefined],
  ])('%s', (_name, versionId, codename, scope, endOfLife) => {
    const coverage = debian.coverage({ ...bookworm, versionId, codename })
    expect(coverage?.scopes).toEqual([scope])
    expect(coverage?.endOfLife).toBe(endOfLife)
  })

  it('looks packages up by their source', () => {
    expect(debian.keys(zlib, debian.coverage(bookworm)!, noFacts)).toEqual([{ scope: 'debian:12', name: 'zlib' }])
  })

  it.each([
    ['linux-signed-amd64', ['linux-signed-amd64', 'linux']],
    ['linux-signed-6.1-arm64', ['linux-signed-6.1-arm64', 'linux-6.1']],
    ['linux', ['linux']],
    ['linux-6.1', ['linux-6.1']],
  ])('looks kernels up by what they were signed from: %s', (name, names) => {
    const kernel = { ...zlib, source: { name, version: '6.1.170+3' } }
    const keys = debian.keys(kernel, debian.coverage(bookworm)!, noFacts)
    expect(keys).toEqual(names.map((name) => ({ scope: 'debian:12', name })))
  })

  it('lists each release once', () => {
    expect(new Set(debianReleases.map(({ number }) => number)).size).toBe(debianReleases.length)
    expect(new Set(debianReleases.map(({ codename }) => codename)).size).toBe(debianReleases.length)
  })
})
