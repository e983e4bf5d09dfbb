import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { noFacts } from '../../core/ecosystem.ts'
import type { Release } from '../../core/package.ts'
import { alpine } from './index.ts'

const release: Release = {
  id: 'alpine',
  versionId: '3.18.4',
  codename: '',
  prettyName: 'Alpine Linux v3.18',
  idLike: [],
  cpe: '',
}
const libcrypto = {
  type: 'apk',
  name: 'libcrypto3',
  version: '3.1.4-r0',
  arch: 'x86_64',
  source: { name: 'openssl', version: '3.1.4-r0' },
}

testEcosystem(alpine, {
  release,
  derivative: { ...release, id: 'postmarketos', idLike: ['alpine'] },
  package: libcrypto,
  versions: ['1.0_rc1-r0', '1.0-r0', '1.0-r1', '1.0_p1-r0', '1.10-r0'],
})

describe('the coverage of Alpine Linux', () => {
  it.each([
    ['a release', '3.18.4', 'Alpine Linux v3.18', ['alpine-3.18-main', 'alpine-3.18-community'], '2025-05-09'],
    [
      'a release with a long number',
      '3.9.10',
      'Alpine Linux v3.9',
      ['alpine-3.9-main', 'alpine-3.9-community'],
      '2020-11-01',
    ],
    [
      'a release candidate',
      '3.23.0_rc1',
      'Alpine Linux v3.23',
      ['alpine-3.23-main', 'alpine-3.23-community'],
      '2027-11-01',
    ],
    ['edge', '3.23_alpha20250612', 'Alpine Linux edge', ['alpine-edge-main', 'alpine-edge-community'], undefined],
    [
      'a branch that is not known',
      '3.99.0',
      'Alpine Linux v3.99',
      ['alpine-3.99-main', 'alpine-3.99-community'],
      undefined,
    ],
    [
      'a branch older than the data',
      '3.1.4',
      'Alpine Linux v3.1',
      ['alpine-3.1-main', 'alpine-3.1-community'],
      '2016-11-01',
    ],
    ['a still older one', '2.7.9', 'Alpine Linux v2.7', ['alpine-2.7-main', 'alpine-2.7-community'], '2016-11-01'],
    ['the first branch that has data', '3.2.3', 'Alpine Linux v3.2', ['alpine-3.2-main'], '2017-05-01'],
  ])('%s', (_name, versionId, prettyName, feeds, endOfLife) => {
    const coverage = alpine.coverage({ ...release, versionId, prettyName })
    expect(coverage?.feeds.map(({ id }) => id)).toEqual(feeds)
    expect(coverage?.scopes).toEqual([feeds[0]!.replace(/-main$/, '').replace('alpine-', 'alpine:')])
    expect(coverage?.endOfLife).toBe(endOfLife)
  })

  it('is none where no version is stated, so that this is said', () => {
    expect(alpine.coverage({ ...release, versionId: '', prettyName: 'Alpine Linux' })).toBeUndefined()
  })

  it('looks packages up by what they were built from', () => {
    expect(alpine.keys(libcrypto, alpine.coverage(release)!, noFacts)).toEqual([
      { scope: 'alpine:3.18', name: 'openssl' },
    ])
  })
})
