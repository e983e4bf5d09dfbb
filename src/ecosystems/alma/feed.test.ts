import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed, shown } from '../../../test/support/feeds.ts'
import { judgeBy, releaseNamed, rpmPackage } from '../../../test/support/matched.ts'
import { zipFolder } from '../../../test/support/zip.ts'
import { noFacts } from '../../core/ecosystem.ts'
import { rpm } from '../../versions/rpm.ts'
import { errataFeed } from './feed.ts'
import { alma } from './index.ts'

const archive = zipFolder(join(import.meta.dirname, 'testdata', 'AlmaLinux'))
const mirror = mirrorOf({ 'osv-vulnerabilities.storage.googleapis.com/AlmaLinux/all.zip': archive })
const sample = await readFeed(errataFeed, mirror)

describe('the errata of AlmaLinux', () => {
  it('tell what is known of an erratum, and which vulnerabilities it covers', () => {
    const { vulnerability } = sample.advisories.find(({ vulnerability: { id } }) => id === 'ALSA-2099:0001')!
    expect(vulnerability).toEqual({
      id: 'ALSA-2099:0001',
      covers: ['CVE-2099-0001', 'CVE-2099-0002'],
      aliases: [],
      description: 'Important: sample security update',
      ratings: [{ severity: 'high', source: 'alma', original: 'Important' }],
      links: ['https://errata.almalinux.org/9/ALSA-2099-0001.html', 'https://access.redhat.com/errata/RHSA-2099:0001'],
      published: '2099-01-02T00:00:00Z',
      modified: '2099-02-03T04:05:06Z',
    })
  })

  it.each([
    ['an epoch', 'alma:9', 'sample', 'ALSA-2099:0001', 'fixed 1:1.0-3.el9_1.alma.1'],
    [
      'a module stream: of the highest version the lowest rebuild',
      'alma:8',
      'sample module=sample:18',
      'ALSA-2099:0002',
      'fixed 1:18.2-1.module_el8.9.0+2+12345678',
    ],
    [
      'the other stream that is named',
      'alma:8',
      'sample module=other:stream',
      'ALSA-2099:0002',
      'fixed 1:18.2-1.module_el8.9.0+2+12345678',
    ],
    ['no module in the same erratum', 'alma:8', 'sample-data', 'ALSA-2099:0002', 'fixed 1.0-1.el8'],
    [
      'a module whose stream nobody names',
      'alma:8',
      'tool',
      'ALSA-2099:0003',
      'fixed 2.0-1.module_el8.10.0+4+12345678',
    ],
    ['what looks like a stream and is a version', 'alma:8', 'kernel', 'ALSA-2099:0004', 'fixed 4.18.0-553.el8_10'],
    ['a bug fix that fixes a vulnerability', 'alma:10', 'sample', 'ALBA-2099:0007', 'fixed 1:1.0-5.el10_0'],
  ])('%s', (_what, scope, name, id, expected) => {
    expect(shown(sample.statement(name, id, scope))).toBe(expected)
  })

  it('leave out what is not about security, and debug packages', () => {
    expect(sample.advisories.map(({ vulnerability }) => vulnerability.id)).toEqual([
      'ALBA-2099:0007',
      'ALSA-2099:0001',
      'ALSA-2099:0002',
      'ALSA-2099:0003',
      'ALSA-2099:0004',
    ])
    expect(() => sample.statement('sample-debuginfo', 'ALSA-2099:0001')).toThrow('0 statements')
  })

  it('leave a gap for one that names no release', () => {
    expect(sample.gaps.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
      'ALSA-2099:0005: It was left out: it does not say for which release sample is.',
    ])
  })
})

describe('RHEL modularity', async () => {
  const reported = await judgeBy(alma, releaseNamed('almalinux', '8.10'), [errataFeed], mirror)

  it.each([
    [
      'a package of the stream',
      'sample 1:18.1-1.module_el8.9.0+1+12345678',
      'sample:18',
      'CVE-2099-0003',
      'fixed 1:18.2-1.module_el8.9.0+2+12345678 by ALSA-2099:0002',
    ],
    ['a fixed one', 'sample 1:18.2-1.module_el8.9.0+2+12345678', 'sample:18', 'CVE-2099-0003', '-'],
    ['a package of another stream', 'sample 1:16.0-1.module_el8.9.0+1+12345678', 'sample:16', 'CVE-2099-0003', '-'],
    ['a package of no module', 'sample 1:16.0-1.el8', undefined, 'CVE-2099-0003', '-'],
    [
      'a stream that nobody names',
      'tool 1.0-1.module_el8.9.0+1+12345678',
      'tool:rhel8',
      'CVE-2099-0004',
      'fixed 2.0-1.module_el8.10.0+4+12345678 by ALSA-2099:0003',
    ],
    [
      'the same without its label',
      'tool 1.0-1.module_el8.9.0+1+12345678',
      undefined,
      'CVE-2099-0004',
      'fixed 2.0-1.module_el8.10.0+4+12345678 by ALSA-2099:0003',
    ],
    ['the same of no module', 'tool 1.0-1.el8', undefined, 'CVE-2099-0004', '-'],
    [
      'a modular package, and a fix of plain ones',
      'kernel 4.17-1.module_el8.9.0+1+12345678',
      'kernel:x',
      'ALSA-2099:0004',
      '-',
    ],
  ])('%s', (_what, pkg, module, id, expected) => {
    expect(reported(rpmPackage(pkg, module === undefined ? {} : { module }), id)).toBe(expected)
  })
})

describe('AlmaLinux builds have lower module counters than RHEL for the same fix', () => {
  it('so that they are compared with AlmaLinux errata only', () => {
    // RHSA-2024:10834 and ALSA-2024:10834, which bring the same fix.
    const rhel = '3.1.5-144.module+el8.10.0+22580+b97d9670'
    const ours = rpmPackage('ruby 3.1.5-144.module_el8.10.0+3933+43481280', { module: 'ruby:3.1' })
    expect(rpm.compare(ours.version, rhel)).toBe(-1)
    expect(alma.feeds().map(({ id }) => id)).toEqual(['alma'])
    const keys = alma.keys(ours, alma.coverage(releaseNamed('almalinux', '8.10'))!, noFacts)
    expect(keys.every(({ scope }) => scope === 'alma:8')).toBe(true)
  })
})

describe.skipIf(feeds === undefined)('the errata of AlmaLinux, real data (skipped without CHIARO_FEEDS)', () => {
  it('reads all that is about security', async () => {
    const { advisories, gaps } = await readFeed(errataFeed, feeds!)
    expect(gaps).toEqual([])
    // 4,437 of security, and 3 other ones that name CVEs.
    expect(advisories.length).toBe(4440)
    expect(advisories.filter(({ vulnerability: { covers } }) => covers === undefined).length).toBe(9)
    expect(advisories.flatMap(({ vulnerability: { ratings } }) => ratings).length).toBe(4437)
  })
})
