import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mirrorOf } from '../../../test/support/feeds.ts'
import { judgeBy, releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { tarArchive } from '../../../test/support/tar.ts'
import { updatesFeed } from './feed.ts'
import { suse } from './index.ts'

const folder = join(import.meta.dirname, 'testdata', 'osv')
const members = readdirSync(folder).map((name) => ({ name: `osv/${name}`, body: readFileSync(join(folder, name)) }))
const mirror = mirrorOf({ 'ftp.suse.com/pub/projects/security/osv.tar.bz2': tarArchive(members) })

async function reported(id: string, versionId: string, text: string, vulnerability: string): Promise<string> {
  const judged = await judgeBy(suse, releaseNamed(id, versionId), [updatesFeed], mirror)
  return judged(rpmPackage(text), vulnerability)
}

describe('traps of SUSE and openSUSE', () => {
  it('SUSE: exact service pack as release key', async () => {
    const old = 'libsample1 1.0-150400.3.1.1'
    const extended = '(needs long-term support (LTSS, ESPOS or SLES for SAP))'
    expect(await reported('sles', '15.4', old, 'CVE-2099-0001')).toBe(
      `fixed 1.0-150400.3.2.1 by SUSE-SU-2099:0001-1 ${extended}`,
    )
    expect(await reported('sles', '15.6', old, 'CVE-2099-0001')).toBe('fixed 2.0-150600.3.2.1 by SUSE-SU-2099:0001-1')
    expect(await reported('sles', '15.5', old, 'CVE-2099-0001')).toBe('-')
    expect(await reported('sles', '15.4', 'libsample1 1.0-150400.3.2.1', 'CVE-2099-0001')).toBe('-')
  })

  it('SUSE: SL Micro is a separate family', async () => {
    const old = 'libsample1 1.5-150500.3.1.1'
    expect(await reported('sle-micro', '5.5', old, 'CVE-2099-0001')).toBe(
      'fixed 1.5-150500.3.2.1 by SUSE-SU-2099:0001-1',
    )
    expect(await reported('opensuse-leap-micro', '5.5', old, 'CVE-2099-0001')).toBe('-')
  })

  it('SUSE: one advisory lists siblings with unrelated versions', async () => {
    const bios = (version: string) => reported('sles', '15.6', `sample-bios ${version}`, 'CVE-2099-0001')
    expect(await bios('1.15.0_0_g2dd-150600.3.1.1')).toBe('fixed 1.15.0_0_g2dd-150600.3.2.1 by SUSE-SU-2099:0001-1')
    expect(await bios('1.15.0_0_g2dd-150600.3.2.1')).toBe('-')
  })

  it('SUSE: binary names: a package that the update does not name for the product is not meant', async () => {
    expect(await reported('sles', '15.6', 'sample-doc 1.0-1.1', 'CVE-2099-0001')).toBe('-')
    expect(await reported('opensuse-leap', '15.6', 'sample-doc 1.0-1.1', 'CVE-2099-0001')).not.toBe('-')
  })

  it('Missing epoch: the data has none, so that of the package is left out', async () => {
    const tumbleweed = (text: string) => reported('opensuse-tumbleweed', '20990101', text, 'CVE-2099-0004')
    expect(await tumbleweed('libsample1 1:2.9-1.1')).toBe('fixed 3.0-1.1 by openSUSE-SU-2099:10000-1')
    expect(await tumbleweed('libsample1 1:3.0-1.1')).toBe('-')
  })

  it('Modules of version 12 count for every service pack', async () => {
    const web = 'web16 16.0-8.1.1'
    const fixed = 'fixed 16.0-8.2.1 by SUSE-SU-2099:0002-1'
    expect(await reported('sles', '12.5', web, 'CVE-2099-0003')).toBe(fixed)
    expect(await reported('sles', '12.4', web, 'CVE-2099-0003')).toBe(fixed)
    expect(await reported('sles', '12.4', 'other 0.9-4.1.1', 'CVE-2099-0003')).toBe('-')
  })

  it('An update without a CVE is reported by its own id', async () => {
    expect(await reported('opensuse-leap', '15.6', 'libsample1 2.0-150600.3.2.1', 'SUSE-SU-2099:0003-1')).toBe(
      'fixed 2.0-150600.3.3.1',
    )
  })
})
