import { describe, expect, it } from 'vitest'
import { testEcosystem } from '../../../test/contract/ecosystem.ts'
import { noFacts } from '../../core/ecosystem.ts'
import type { Package, Release } from '../../core/package.ts'
import { rhel } from './index.ts'

const release: Release = {
  id: 'rhel',
  versionId: '9.2',
  codename: 'plow',
  prettyName: 'Red Hat Enterprise Linux 9.2 (Plow)',
  idLike: ['fedora'],
  cpe: 'cpe:/o:redhat:enterprise_linux:9::baseos',
}
const libs: Package = {
  type: 'rpm',
  name: 'openssl-libs',
  version: '1:3.0.7-6.el9_2',
  arch: 'x86_64',
  source: { name: 'openssl', version: '1:3.0.7-6.el9_2' },
}

testEcosystem(rhel, {
  release,
  derivative: { ...release, id: 'almalinux', idLike: ['rhel', 'centos', 'fedora'] },
  package: libs,
  versions: ['1.0~rc1-1.el9', '1.0-1.el9', '1.0-1.el9_2', '1.0-1.el9_2.4', '1.0-1.el9_3.1', '1:0.9-1.el9'],
})

describe('the coverage of RHEL and CentOS', () => {
  it.each<[string, Partial<Release>, string, string | undefined, string | undefined, boolean]>([
    ['a release', {}, '9', '2032-06-01', '9.2', false],
    ['the first release of a major one', { versionId: '10.0' }, '10', '2035-06-01', '10.0', false],
    ['one that only ELS supports', { versionId: '7.9' }, '7', '2024-07-01', '7.9', false],
    ['one of the future', { versionId: '11.0' }, '11', undefined, '11.0', false],
    [
      'CentOS Linux',
      { id: 'centos', versionId: '7', prettyName: 'CentOS Linux 7 (Core)' },
      '7',
      '2024-07-01',
      undefined,
      false,
    ],
    [
      'CentOS by its release file',
      { id: 'centos', versionId: '6.10', prettyName: 'CentOS release 6.10 (Final)' },
      '6',
      '2020-12-01',
      undefined,
      false,
    ],
    [
      'CentOS Linux 8',
      { id: 'centos', versionId: '8', prettyName: 'CentOS Linux 8' },
      '8',
      '2022-01-01',
      undefined,
      false,
    ],
    [
      'CentOS Stream 8',
      { id: 'centos', versionId: '8', prettyName: 'CentOS Stream 8' },
      '8',
      '2024-06-01',
      undefined,
      true,
    ],
    [
      'CentOS Stream',
      { id: 'centos', versionId: '9', prettyName: 'CentOS Stream 9' },
      '9',
      '2027-06-01',
      undefined,
      true,
    ],
  ])('%s', (_name, os, major, endOfLife, minor, approximate) => {
    const coverage = rhel.coverage({ ...release, ...os })
    expect(coverage?.scopes).toEqual([`rhel:cpe:/o:redhat:enterprise_linux:${major}`])
    expect(coverage?.feeds.map(({ id }) => id)).toEqual(['rhel-vex', 'rhel-repositories', 'rhel-containers'])
    expect(coverage?.endOfLife).toBe(endOfLife)
    expect(coverage?.minorRelease).toBe(minor)
    expect(coverage?.approximate !== undefined).toBe(approximate)
  })

  it('is none where no version is stated', () => {
    expect(rhel.coverage({ ...release, versionId: '' })).toBeUndefined()
  })
})

describe('the keys of a package', () => {
  const coverage = rhel.coverage(release)!
  const namesIn = (pkg: Package, scope: string) =>
    rhel
      .keys({ ...pkg, repositories: ['cpe:/o:redhat:enterprise_linux:9::baseos'] }, coverage, noFacts)
      .filter((key) => key.scope === `rhel:cpe:/o:redhat:enterprise_linux:${scope}`)
      .map(({ name }) => name)

  it('are its name, also for its architecture, and its source where that can be spoken of', () => {
    expect(namesIn(libs, '9')).toEqual(['openssl-libs', 'openssl-libs arch=x86_64', 'openssl arch=src'])
    expect(namesIn(libs, '9::baseos')).toEqual(['openssl-libs', 'openssl-libs arch=x86_64'])
  })

  it('name the module stream', () => {
    const npm = { ...libs, name: 'npm', source: { name: 'nodejs', version: '1' }, module: 'nodejs:18' }
    expect(namesIn(npm, '9')).toEqual([
      'npm module=nodejs:18',
      'npm module=nodejs:18 arch=x86_64',
      'npm',
      'nodejs module=nodejs:18 arch=src',
    ])
  })

  it.each([
    ['kernel-core', 'kernel', true],
    ['kernel-rt-modules-extra', 'kernel-rt', true],
    ['kernel-uki-virt', 'kernel', true],
    ['kernel-headers', 'kernel', false],
    ['kernel-devel', 'kernel', false],
    ['kernel-debug', 'kernel', false],
    ['perf', 'kernel', false],
    ['bpftool', 'kernel', false],
    ['kernel-srpm-macros', 'kernel-srpm-macros', true],
    ['openssl-debuginfo', 'openssl', false],
    ['gcc-debuginfo-common', 'gcc', false],
    ['openssl-debugsource', 'openssl', false],
  ])('are there for what has the code: %s of %s: %s', (name, source, some) => {
    expect(namesIn({ ...libs, name, source: { name: source, version: '1' } }, '9').length > 0).toBe(some)
  })
})

describe('the keys of a container', () => {
  const container: Package = {
    type: 'oci',
    name: 'amq-broker-7/amq-broker-710-init-rhel8',
    version: '7.10-31',
    arch: 'x86_64',
    source: { name: 'amq-broker-init-rhel8-container', version: '7.10-31' },
  }

  it('are the repositories it is published in, its name and its component', () => {
    expect(rhel.facts!([container, libs])).toEqual([{ feed: 'rhel-containers', names: [container.name] }])
    const facts = () => ['amq7/amq-broker-init-rhel8']
    expect(rhel.keys(container, rhel.coverage(release)!, facts)).toEqual(
      ['amq7/amq-broker-init-rhel8', container.name, 'amq-broker-init-rhel8-container'].map((name) => ({
        scope: 'rhel:containers',
        name,
      })),
    )
  })
})

it.each([
  ['RHSA-2023:5763', 'https://access.redhat.com/errata/RHSA-2023:5763'],
  ['RHBA-2023:5763', 'https://access.redhat.com/errata/RHBA-2023:5763'],
  ['RHSA-2023:5763, RHSA-2023:6745', undefined],
  ['DSA-1', undefined],
])('the link of %s is %s', (advisory, link) => {
  expect(rhel.advisoryLink!(advisory, 'rhel:cpe:/o:redhat:enterprise_linux:9')).toBe(link)
})
