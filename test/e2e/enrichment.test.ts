import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scan, type VulnerabilityReport } from '../../src/index.ts'
import { feeds } from '../support/corpus.ts'
import { writeDebianRoot } from '../support/roots.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-enrichment-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/**
 * Checked by hand against the feeds: `jq '.systemd["CVE-2017-15908"].releases.bookworm.urgency'` of the tracker, and
 * `jq '.vulnerabilities[].cve | select(.id == "CVE-2017-15908") | .metrics, .weaknesses'` of NVD's file of 2017. Debian rates
 * `unimportant` and `low` itself; of `not yet assigned` the severity is NVD's.
 */
const rows = [
  ['ghostscript', 'CVE-2017-8291', 'high (nvd)', ['3.1 7.8', '2.0 6.8'], 'CWE-843', 78],
  ['systemd', 'CVE-2017-15908', 'high (nvd)', ['3.1 7.5', '2.0 5'], 'CWE-835', 3.75],
  ['systemd', 'CVE-2017-18078', 'negligible (debian)', ['3.1 7.8', '2.0 4.6'], 'CWE-59', 0.25],
  ['coreutils', 'CVE-2017-18018', 'negligible (debian)', ['3.0 4.7', '2.0 1.9'], 'CWE-362', 0.25],
  ['binutils', 'CVE-2017-7614', 'low (debian)', ['3.0 9.8', '2.0 7.5'], 'CWE-476', 1],
] as const

describe.skipIf(feeds === undefined)('findings with real NVD, EPSS and KEV data (skipped without CHIARO_FEEDS)', () => {
  let report: VulnerabilityReport
  beforeAll(async () => {
    const root = join(folder, 'root')
    writeDebianRoot(root, 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', [
      { name: 'ghostscript', version: '9.20~dfsg-3' },
      { name: 'systemd', version: '232-1' },
      { name: 'coreutils', version: '9.1-1' },
      { name: 'binutils', version: '2.28-3' },
    ])
    report = await scan(`rootfs:${root}`, { database: join(folder, 'chiaro.db'), mirror: feeds!, offline: true })
  })

  it.each(rows)('%s %s: %s', (name, id, severity, scores, weakness, risk) => {
    const finding = report.findings.find((each) => each.package === name && each.id === id)!
    expect(`${finding.severity} (${finding.severitySource})`).toBe(severity)
    expect(finding.cvss.map(({ version, score }) => `${version} ${score}`)).toEqual(scores)
    expect(finding.weaknesses).toEqual([weakness])
    expect(finding.risk).toBe(risk)
  })

  it('knows what is exploited', () => {
    const exploited = report.findings.filter(({ kev }) => kev !== null)
    expect(exploited.find(({ id }) => id === 'CVE-2017-8291')!.kev).toEqual({
      dateAdded: '2022-05-24',
      dueDate: '2022-06-14',
      ransomware: false,
    })
    expect(exploited.length).toBeLessThan(report.findings.length / 10)
  })

  it('says which years of NVD the mirror does not have', () => {
    const gaps = report.gaps.filter(({ code }) => code === 'enrichment-missing')
    expect(gaps.map(({ where }) => where)).toEqual(['nvd'])
    expect(gaps[0]!.detail).toMatch(
      /^Findings may lack CVSS scores and kinds of weakness; never loaded: nvd-2\d{3}, .* and \d+ more\. The last attempt failed: The mirror does not have this file \(.*\.meta\)$/,
    )
    expect(report.enrichment.map(({ feed }) => feed)).toEqual(expect.arrayContaining(['nvd-2017', 'epss', 'kev']))
  })
})
