import { describe, expect, it } from 'vitest'
import { releaseNamed } from '../../test/support/matched.ts'
import { packageOf, reportOf } from '../../test/support/reports.ts'
import type { Ecosystem } from '../core/ecosystem.ts'
import { limits } from '../core/limits.ts'
import type { Release } from '../core/package.ts'
import { alma } from '../ecosystems/alma/index.ts'
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
    [amazon, releaseNamed('amzn', '2023'), ['Amazon Linux']],
    [suse, releaseNamed('sles', '15.6'), ['SUSE LLC <https://www.suse.com/>']],
    [suse, releaseNamed('opensuse-leap', '15.6'), ['openSUSE', 'SUSE LLC <https://www.suse.com/>']],
    [photon, releaseNamed('photon', '4.0'), ['VMware, Inc.']],
    [azurelinux, releaseNamed('azurelinux', '3.0'), ['Microsoft Corporation']],
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

  it('names limits.thirdParties of them, and limits.thirdPartyPackages of what each made', () => {
    const many = Array.from({ length: limits.thirdParties + 2 }, (_, index) => `Maker ${index}`)
    const gaps = assessed(rhel, releaseNamed('rhel', '9.2'), many)
    expect(gaps).toHaveLength(limits.thirdParties + 1)
    expect(gaps.at(-1)?.where).toBe('other third parties')
    const [gap] = assessed(rhel, releaseNamed('rhel', '9.2'), Array(limits.thirdPartyPackages + 2).fill('Docker'))
    expect(gap?.detail).toMatch(/^It made (?:sample\d+, ){9}sample9 and 2 more\. /)
  })
})
