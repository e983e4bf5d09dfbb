import { describe, expect, it } from 'vitest'
import { releaseNamed } from '../../test/support/matched.ts'
import { packageOf, reportOf } from '../../test/support/reports.ts'
import type { Ecosystem } from '../core/ecosystem.ts'
import { limits } from '../core/limits.ts'
import type { Release } from '../core/package.ts'
import { alma } from '../ecosystems/alma/index.ts'
import { alpine } from '../ecosystems/alpine/index.ts'
import { amazon } from '../ecosystems/amazon/index.ts'
import { azurelinux } from '../ecosystems/azurelinux/index.ts'
import { oracle } from '../ecosystems/oracle/index.ts'
import { photon } from '../ecosystems/photon/index.ts'
import { rhel } from '../ecosystems/rhel/index.ts'
import { rocky } from '../ecosystems/rocky/index.ts'
import { suse } from '../ecosystems/suse/index.ts'
import { assess } from './assess.ts'

it.each([
  ['CentOS Stream 9', '9', ['distribution-approximate']],
  ['CentOS Stream 8', '8', ['distribution-approximate', 'distribution-end-of-life']],
  ['CentOS Linux 8', '8', ['distribution-end-of-life']],
])('says of %s what its data is worth', (prettyName, versionId, codes) => {
  const release = { id: 'centos', versionId, codename: '', prettyName, idLike: ['rhel', 'fedora'], cpe: '' }
  const packages = [packageOf('bash', '5.1.8-9.el9', { type: 'rpm' })]
  const { gaps, ecosystem } = assess({ ...reportOf(), release, packages, gaps: [] }, [rhel], new Date('2026-03-01'))
  expect(ecosystem).toBe(rhel)
  expect(gaps.map(({ code }) => code)).toEqual(codes)
  expect(gaps.map(({ where }) => where)).toEqual(codes.map(() => prettyName))
})

describe('Alpine mixed branches', () => {
  const v320 = ['v3.20/community', 'v3.20/main']
  const assessed = (versionId: string, layers: readonly (readonly string[])[]) => {
    const packages = layers.map((repositories, layer) => ({
      ...packageOf(`sample${layer}`, '1-r0', { type: 'apk', layer }),
      repositories,
    }))
    return assess(
      { ...reportOf(), release: releaseNamed('alpine', versionId), packages, gaps: [] },
      [alpine],
      new Date(0),
    ).gaps
  }
  const from = (names: string) => `The image names this repository, which may have brought ${names}.`

  it('are no gap where all repositories are of the branch that os-release states', () => {
    expect(assessed('3.20.3', [v320, [], ['v3.20/main']])).toEqual([])
    expect(assessed('3.23_alpha20250612', [['edge/main', 'edge/community']])).toEqual([])
  })

  it('are a gap for each other one, with the packages of the layers that name it', () => {
    expect(assessed('3.20.3', [v320, [...v320, 'edge/community'], [...v320, 'edge/community', 'v3.21/main']])).toEqual([
      {
        code: 'distribution-approximate',
        where: 'edge/community',
        detail: `${from('sample1, sample2')} The data of 3.20 was used, where fixes have other versions.`,
      },
      {
        code: 'distribution-approximate',
        where: 'v3.21/main',
        detail: `${from('sample2')} The data of 3.20 was used, where fixes have other versions.`,
      },
    ])
  })

  it.each(['3.20.3', '3.23_alpha20250612'])('have no data for testing, beside %s', (versionId) => {
    const branch = versionId === '3.20.3' ? '3.20' : 'edge'
    expect(assessed(versionId, [['edge/testing']])).toEqual([
      {
        code: 'distribution-approximate',
        where: 'edge/testing',
        detail: `${from('sample0')} It has no security data; that of ${branch} was used.`,
      },
    ])
  })

  it('are not what third parties have: those have no data at all', () => {
    const where = 'https://packages.example.org/apk/main'
    const detail = `${from('sample0')} The data for Alpine Linux does not cover what others made.`
    expect(assessed('3.20.3', [[where, ...v320]])).toEqual([{ code: 'vendor-unsupported', where, detail }])
  })

  it('are as many gaps as limits.thirdParties allows, and one for the others', () => {
    const many = Array.from({ length: limits.thirdParties + 2 }, (_, index) => `/packages/${index}`)
    const gaps = assessed('3.20.3', [many])
    expect(gaps).toHaveLength(limits.thirdParties + 1)
    expect(gaps.at(-1)?.where).toBe('other repositories')
  })
})

describe('Packages from third-party repositories', () => {
  const assessed = (ecosystem: Ecosystem, release: Release, vendors: readonly string[]) => {
    const packages = vendors.map((vendor, index) => packageOf(`sample${index}`, '1', { type: 'rpm', vendor }))
    return assess({ ...reportOf(), release, packages, gaps: [] }, [ecosystem], new Date('2020-03-01')).gaps
  }

  it.each([
    [rhel, releaseNamed('rhel', '9.2'), ['Red Hat, Inc.']],
    [rhel, releaseNamed('centos', '7'), ['CentOS']],
    [alma, releaseNamed('almalinux', '9.4'), ['AlmaLinux', 'AlmaLinux OS Foundation']],
    [rocky, releaseNamed('rocky', '9.4'), ['Rocky Enterprise Software Foundation']],
    [oracle, releaseNamed('ol', '8.8'), ['Oracle America']],
    [amazon, releaseNamed('amzn', '2018.03'), ['Amazon.com']],
    [amazon, releaseNamed('amzn', '2023'), ['Amazon Linux']],
    [suse, releaseNamed('sles', '15.6'), ['SUSE LLC <https://www.suse.com/>']],
    [suse, releaseNamed('opensuse-leap', '15.6'), ['openSUSE', 'SUSE LLC <https://www.suse.com/>']],
    [photon, releaseNamed('photon', '4.0'), ['VMware, Inc.']],
    [azurelinux, releaseNamed('azurelinux', '3.0'), ['Microsoft Corporation']],
    [azurelinux, releaseNamed('mariner', '2.0'), ['Microsoft Corporation']],
  ])('$title: what its own vendors made is no gap, what others did is one for each', (ecosystem, release, own) => {
    const gaps = assessed(ecosystem, release, [...own, 'Fedora Project', 'Docker', 'Docker', 'NodeSource'])
    const from = own.length
    const detail = (names: string) =>
      `It made ${names}. The data for ${ecosystem.title} does not cover what others made.`
    expect(gaps).toEqual([
      { code: 'vendor-unsupported', where: 'Fedora Project', detail: detail(`sample${from}`) },
      { code: 'vendor-unsupported', where: 'Docker', detail: detail(`sample${from + 1}, sample${from + 2}`) },
      { code: 'vendor-unsupported', where: 'NodeSource', detail: detail(`sample${from + 3}`) },
    ])
  })

  it.each(['Oracle and/or its affiliates', 'Oracle Corporation'])(
    'are those of MySQL and Java on Oracle Linux, too: %s',
    (vendor) => {
      expect(assessed(oracle, releaseNamed('ol', '8.8'), [vendor]).map(({ where }) => where)).toEqual([vendor])
    },
  )

  it('names limits.thirdParties of them, and limits.thirdPartyPackages of what each made', () => {
    const many = Array.from({ length: limits.thirdParties + 2 }, (_, index) => `Maker ${index}`)
    const gaps = assessed(rhel, releaseNamed('rhel', '9.2'), many)
    expect(gaps).toHaveLength(limits.thirdParties + 1)
    expect(gaps.at(-1)?.where).toBe('other third parties')
    const [gap] = assessed(rhel, releaseNamed('rhel', '9.2'), Array(limits.thirdPartyPackages + 2).fill('Docker'))
    expect(gap?.detail).toMatch(/^It made (?:sample\d+, ){9}sample9 and 2 more\. /)
  })
})
