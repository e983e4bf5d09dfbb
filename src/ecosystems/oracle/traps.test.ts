import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { mirrorOf } from '../../../test/support/feeds.ts'
import { judgeBy, type Reported, releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { feedOf } from './feed.ts'
import { oracle } from './index.ts'

const path = 'linux.oracle.com/security/oval/com.oracle.elsa-2099.xml.bz2'
const mirror = mirrorOf({ [path]: readFileSync(join(import.meta.dirname, 'testdata', 'elsa-2099.xml')) })

describe('traps of Oracle Linux', () => {
  let reported: Reported
  beforeAll(async () => {
    reported = await judgeBy(oracle, releaseNamed('ol', '8.10'), [feedOf(2099)], mirror)
  })

  it('Oracle ksplice / FIPS builds: flavour of fix must equal flavour of package', () => {
    const by = (version: string) => reported(rpmPackage(`plain ${version}`), 'CVE-2099-0001')
    expect(by('1.0-1.el8')).toBe('fixed 1.0-2.el8 by ELSA-2099-0001')
    expect(by('1.0-2.el8')).toBe('-')
    expect(by('2:0.9-1.ksplice1.el8')).toBe('fixed 2:1.0-1.ksplice1.el8 by ELSA-2099-0002')
    expect(by('2:1.0-1.ksplice1.el8')).toBe('-')
    expect(by('10:0.9-1.el8_fips')).toBe('fixed 10:1.0-1.el8_fips by ELSA-2099-0003')
    expect(by('10:1.0-1.el8_fips')).toBe('-')
  })

  it('RHEL modularity: a different module never, and a package of a module is not one outside of modules', () => {
    const by = (version: string, module?: string) =>
      reported(rpmPackage(`web ${version}`, module === undefined ? {} : { module }), 'CVE-2099-0003')
    expect(by('2.0-1.module+el8.9.0+1+abc', 'web:2')).toBe('fixed 2.0-2.module+el8.9.0+1+abc by ELSA-2099-0004')
    expect(by('2.0-2.module+el8.9.0+1+abc', 'web:2')).toBe('-')
    expect(by('3.0-1.module+el8.9.0+2+abc', 'web:3')).toBe('fixed 3.0-2.module+el8.9.0+2+abc by ELSA-2099-0005')
    expect(by('1.0-1.module+el8.9.0+2+abc', 'web:1')).toBe('-')
    expect(by('1.0-1.el8')).toBe('-')
    expect(reported(rpmPackage('plain 0.9-1.module+el8', { module: 'plain:1' }), 'CVE-2099-0001')).toBe('-')
  })

  it('Missing epoch: none is epoch 0, on both sides', () => {
    expect(reported(rpmPackage('plain-libs 1.9-1.el8'), 'CVE-2099-0001')).toBe('fixed 1:1.0-2.el8 by ELSA-2099-0001')
    expect(reported(rpmPackage('plain-libs 1:1.9-1.el8'), 'CVE-2099-0001')).toBe('-')
    expect(reported(rpmPackage('plain 0:1.0-2.el8'), 'CVE-2099-0001')).toBe('-')
  })

  it('Several RHSAs for one CVE: of two versions in one erratum the later one counts', () => {
    expect(reported(rpmPackage('twice 1.0-23.el8'), 'CVE-2099-0007')).toBe('fixed 1.0-23.el8_2.1 by ELSA-2099-0011')
    expect(reported(rpmPackage('twice 1.0-23.el8_2.1'), 'CVE-2099-0007')).toBe('-')
  })

  it('Several kernels under one name: a fix counts for versions of its branch only', () => {
    const by = (version: string) => reported(rpmPackage(`kernel-uek ${version}`), 'CVE-2099-0005')
    expect(by('5.4.17-2136.1.el8uek')).toBe('fixed 5.4.17-2136.2.el8uek by ELSA-2099-0007')
    expect(by('5.4.17-2136.2.el8uek')).toBe('-')
    expect(by('5.15.0-7.1.el8uek')).toBe('fixed 5.15.0-7.2.el8uek by ELSA-2099-0008')
    expect(by('4.18.0-1.el8uek')).toBe('-')
  })

  it('Versions that differ between architectures: each machine has its own', () => {
    const by = (pkg: string) => reported(rpmPackage(pkg), 'CVE-2099-0006')
    expect(by('unequal 1.0-2.el8 x86_64')).toBe('fixed 1.0-3.el8 by ELSA-2099-0009')
    expect(by('unequal 1.0-2.el8 aarch64')).toBe('-')
    expect(by('onearm 1.0-1.el8 aarch64')).toBe('fixed 1.0-2.el8 by ELSA-2099-0010')
    expect(by('onearm 1.0-1.el8 x86_64')).toBe('-')
  })
})
