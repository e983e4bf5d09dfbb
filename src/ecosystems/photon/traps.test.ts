import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { mirrorOf } from '../../../test/support/feeds.ts'
import { judgeBy, type Reported, releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { feedOf } from './feed.ts'
import { photon } from './index.ts'

const path = 'packages.vmware.com/photon/photon_oval_definitions/com.vmware.phsa-photon3.xml'
const mirror = mirrorOf({ [path]: readFileSync(join(import.meta.dirname, 'testdata', 'photon3.oval.xml')) })

describe('traps of Photon OS', () => {
  let reported: Reported
  beforeAll(async () => {
    reported = await judgeBy(photon, releaseNamed('photon', '3.0'), [feedOf({ number: '3.0' })], mirror)
  })

  it('Missing epoch: none is epoch 0, on both sides', () => {
    const fixed = 'fixed 3.27.2-5.ph3 by PHSA-2099:00001'
    expect(reported(rpmPackage('sample 3.27.2-4.ph3'), 'CVE-2099-0001')).toBe(fixed)
    expect(reported(rpmPackage('sample 0:3.27.2-4.ph3'), 'CVE-2099-0001')).toBe(fixed)
    expect(reported(rpmPackage('sample 3.27.2-5.ph3'), 'CVE-2099-0001')).toBe('-')
  })

  it('Tilde/caret: before and behind the version', () => {
    const by = (version: string) => reported(rpmPackage(`sample ${version}`), 'CVE-2099-0003')
    expect(by('3.28~rc1-9.ph3')).toBe('fixed 3.28-1.ph3 by PHSA-2099:00002')
    expect(by('3.28^git1-0.ph3')).toBe('-')
  })

  it('Names are those of binary packages: one that the update does not name is not meant', () => {
    const tools = rpmPackage('sample-tools 3.27.2-4.ph3', { source: 'sample' })
    expect(reported(tools, 'CVE-2099-0001')).toBe('-')
  })
})
