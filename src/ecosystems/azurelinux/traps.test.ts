import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { mirrorOf } from '../../../test/support/feeds.ts'
import { judgeBy, type Reported, releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { feedOf } from './feed.ts'
import { azurelinux } from './index.ts'
import { azureLinuxReleases } from './releases.ts'

const path = 'raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/cbl-mariner-2.0-oval.xml'
const mirror = mirrorOf({ [path]: readFileSync(join(import.meta.dirname, 'testdata', 'mariner-2.0-oval.xml')) })

describe('traps of Azure Linux', () => {
  let reported: Reported
  beforeAll(async () => {
    const release = azureLinuxReleases.find(({ name }) => name === 'mariner-2.0')!
    reported = await judgeBy(azurelinux, releaseNamed('mariner', '2.0'), [feedOf(release)], mirror)
  })

  it('Advisories are keyed by source package; the binary version may differ from the source version', () => {
    const part = (source: string) => rpmPackage('fixed-part 0.3-9.cm2', { source })
    expect(reported(part('fixed 1.0-1.cm2'), 'CVE-2099-0001')).toBe('fixed 1.0-2.cm2')
    expect(reported(part('fixed 1.0-2.cm2'), 'CVE-2099-0001')).toBe('-')
    expect(reported(rpmPackage('fixed 0.3-9.cm2', { source: 'other 0.3-9.cm2' }), 'CVE-2099-0001')).toBe('-')
  })

  it('Missing epoch: the data has none, so that of the package is left out', () => {
    expect(reported(rpmPackage('fixed 4:1.0-1.cm2'), 'CVE-2099-0001')).toBe('fixed 1.0-2.cm2')
    expect(reported(rpmPackage('fixed 4:1.0-2.cm2'), 'CVE-2099-0001')).toBe('-')
  })

  it('Not affected and no version are said by words, and are no versions', () => {
    expect(reported(rpmPackage('never 0.1-1.cm2'), 'CVE-2099-0001')).toBe('-')
    expect(reported(rpmPackage('versionless 9-1.cm2'), 'CVE-2099-0002')).toMatch(/^undetermined \(it is fixed/)
    expect(reported(rpmPackage('releaseless 29.3-1.cm2'), 'CVE-2099-0002')).toBe('-')
    expect(reported(rpmPackage('releaseless 29.2-9.cm2'), 'CVE-2099-0002')).toBe('fixed 29.3')
  })

  it('Unfixed vulnerabilities are reported, up to the last version that is known to be vulnerable', () => {
    expect(reported(rpmPackage('open 1.0-2.cm2'), 'CVE-2099-0001')).toBe('open')
    expect(reported(rpmPackage('open 1.0-3.cm2'), 'CVE-2099-0001')).toBe('-')
    expect(reported(rpmPackage('open-again 1.0-1.cm2'), 'CVE-2099-0001')).toBe('open')
  })
})
