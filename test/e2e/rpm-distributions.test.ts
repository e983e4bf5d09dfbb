import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scan, type VulnerabilityReport } from '../../src/index.ts'
import { corpus, feeds } from '../support/corpus.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-rpm-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Why an image of the corpus cannot be scanned with real feeds here, if so. */
function missing(image: string): boolean {
  return feeds === undefined || corpus === undefined || !existsSync(join(corpus, image, 'index.json'))
}

function scanned(image: string): Promise<VulnerabilityReport> {
  return scan(`oci-layout:${join(corpus!, image)}`, {
    database: join(folder, `${image}.db`),
    mirror: feeds!,
    offline: true,
    enrich: false,
    maxDataAge: Number.POSITIVE_INFINITY,
  })
}

/** The versions that a package is fixed in, by what was found. */
function fixes({ findings }: VulnerabilityReport, name: string): readonly (string | null)[] {
  return [...new Set(findings.filter((finding) => finding.package === name).map(({ fixedIn }) => fixedIn))].sort()
}

describe.skipIf(missing('rpm-oracle8-bdb'))(
  'an image of Oracle Linux 8 (skipped without CHIARO_CORPUS and CHIARO_FEEDS)',
  () => {
    let report: VulnerabilityReport
    beforeAll(async () => {
      report = await scanned('rpm-oracle8-bdb')
    }, 120_000)

    it('is recognised, and needs the errata of each year since the release', () => {
      expect(report.release).toMatchObject({ id: 'ol', versionId: '8.8' })
      const years = Array.from({ length: new Date().getUTCFullYear() - 2018 }, (_, index) => `oracle-${2019 + index}`)
      const absent = report.gaps.filter(({ code }) => code === 'data-missing').map(({ where }) => where)
      expect(absent.sort()).toEqual(years.filter((year) => !existsSync(join(feeds!, errataOf(year)))))
      expect(report.gaps.filter(({ code }) => code !== 'data-missing')).toEqual([])
    })

    it('has the findings of its packages, and of its module stream only', () => {
      expect(fixes(report, 'glibc')).toEqual(expect.arrayContaining(['2.28-225.0.4.el8_8.6']))
      expect(fixes(report, 'libcurl')).toEqual(['7.61.1-30.el8_8.3'])
      expect(fixes(report, 'systemd-libs')).toEqual(['239-74.0.4.el8_8.2'])
      expect(fixes(report, 'nodejs')).toEqual([
        '1:16.20.1-1.module+el8.8.0+21143+178952bb',
        '1:16.20.2-2.module+el8.8.0+21172+0baa0bae',
        '1:16.20.2-3.0.1.module+el8.8.0+21192+e43554c6',
      ])
      expect(fixes(report, 'openssl-libs')).toEqual([])
      expect(fixes(report, 'bash')).toEqual([])
    })
  },
)

function errataOf(year: string): string {
  return `linux.oracle.com/security/oval/com.oracle.elsa-${year.replace('oracle-', '')}.xml.bz2`
}

describe.skipIf(missing('rpm-suse15-ndb'))(
  'an image of SLES 15 SP4 (skipped without CHIARO_CORPUS and CHIARO_FEEDS)',
  () => {
    let report: VulnerabilityReport
    beforeAll(async () => {
      report = await scanned('rpm-suse15-ndb')
    }, 120_000)

    it('is recognised, and out of general support', () => {
      expect(report.release).toMatchObject({ id: 'sles', versionId: '15.4' })
      expect(report.gaps.map(({ code }) => code)).toEqual(['distribution-end-of-life'])
    })

    it('has the findings of its packages, which need long-term support', () => {
      expect(fixes(report, 'glibc')).toEqual(expect.arrayContaining(['2.31-150300.83.1']))
      expect(fixes(report, 'libopenssl1_1')).toEqual(expect.arrayContaining(['1.1.1l-150400.7.78.1']))
      expect(fixes(report, 'libcurl4')).toEqual(expect.arrayContaining(['8.0.1-150400.5.62.1']))
      expect(fixes(report, 'sles-release')).toEqual([])
      const notes = report.findings.filter(({ fixedIn }) => fixedIn === '8.0.1-150400.5.62.1').map(({ note }) => note)
      expect(new Set(notes)).toEqual(new Set(['needs long-term support (LTSS, ESPOS or SLES for SAP)']))
    })
  },
)
