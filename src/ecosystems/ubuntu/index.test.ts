import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { noFacts } from '../../core/ecosystem.ts'
import type { Package, Release } from '../../core/package.ts'
import { ubuntu } from './index.ts'
import { ubuntuReleases } from './releases.ts'

const focal: Release = {
  id: 'ubuntu',
  versionId: '20.04',
  codename: 'focal',
  prettyName: 'Ubuntu 20.04.6 LTS',
  idLike: ['debian'],
  cpe: '',
}

function builtFrom(name: string, version = '1.0-1'): Package {
  return { type: 'deb', name: `${name}-bin`, version, arch: 'amd64', source: { name, version } }
}

testEcosystem(ubuntu, {
  release: focal,
  derivative: { ...focal, id: 'linuxmint', versionId: '20.3', idLike: ['ubuntu'] },
  package: builtFrom('openssl', '1.1.1f-1ubuntu2.8'),
  versions: ['1.0-1ubuntu1~20.04.1', '1.0-1ubuntu1', '1.0-1ubuntu1+esm1', '1.0-1ubuntu1.1', '1:0.9-1'],
})

describe('the coverage of Ubuntu', () => {
  it.each([
    ['a release', '20.04', 'focal', 'ubuntu:20.04', 'ubuntu-focal', '2025-05-30'],
    ['a release without a codename', '14.04', '', 'ubuntu:14.04', 'ubuntu-trusty', '2019-04-26'],
    ['a codename alone', '', 'noble', 'ubuntu:24.04', 'ubuntu-noble', '2029-06-01'],
    ['a release that is not known', '31.04', 'zesty', 'ubuntu:31.04', 'ubuntu-zesty', undefined],
  ])('%s', (_name, versionId, codename, scope, feed, endOfLife) => {
    const coverage = ubuntu.coverage({ ...focal, versionId, codename })
    expect(coverage?.scopes).toEqual([scope])
    expect(coverage?.feeds.map(({ id }) => id)).toEqual([feed])
    expect(coverage?.endOfLife).toBe(endOfLife)
  })

  it.each([
    ['no version', '', ''],
    ['a version that is none', 'rolling', 'devel'],
    ['a codename that could be a path', '31.04', '../../x'],
  ])('is none for %s, so that this is said', (_name, versionId, codename) => {
    expect(ubuntu.coverage({ ...focal, versionId, codename })).toBeUndefined()
  })

  it.each([
    ['openssl', ['openssl']],
    ['linux', ['linux']],
    ['linux-aws', ['linux-aws']],
    ['linux-signed', ['linux-signed', 'linux']],
    ['linux-signed-aws-5.4', ['linux-signed-aws-5.4', 'linux-aws-5.4']],
    ['linux-meta-aws', ['linux-meta-aws']],
    ['linux-signedness', ['linux-signedness']],
  ])('looks packages up by their source, and by their own name for data of Clair: %s', (source, names) => {
    const coverage = ubuntu.coverage(focal)!
    expect(ubuntu.keys(builtFrom(source), coverage, noFacts)).toEqual(
      [...names, `${source}-bin kind=binary`].map((name) => ({ scope: 'ubuntu:20.04', name })),
    )
  })

  it('lists each release once, in order', () => {
    const numbers = ubuntuReleases.map(({ number }) => number)
    expect([...new Set(numbers)].sort()).toEqual(numbers)
    expect(new Set(ubuntuReleases.map(({ codename }) => codename)).size).toBe(ubuntuReleases.length)
  })
})
