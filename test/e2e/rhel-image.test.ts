import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scan } from '../../src/index.ts'
import { corpus, feeds } from '../support/corpus.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-rhel-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const image = join(corpus ?? '', 'rpm-rhel9-sqlite')
const ready = corpus !== undefined && feeds !== undefined && existsSync(image)

/** An image of RHEL 9.2 with content sets, epochs and a module, scanned with the documents of Red Hat that there are. */
describe.skipIf(!ready)('an image of RHEL (skipped without CHIARO_CORPUS and CHIARO_FEEDS)', () => {
  let report: Awaited<ReturnType<typeof scan>>
  beforeAll(async () => {
    const options = { database: join(folder, 'chiaro.db'), mirror: feeds!, offline: true, enrich: false }
    report = await scan(`oci-layout:${image}`, { ...options, maxDataAge: Number.POSITIVE_INFINITY })
  }, 60_000)

  it('has no gaps', () => {
    expect(report.gaps).toEqual([])
    expect(report.data.map(({ feed }) => feed)).toEqual(['rhel-vex', 'rhel-repositories', 'rhel-containers'])
  })

  it('names the repositories of every package', () => {
    expect(report.packages.length).toBe(18)
    for (const { name, repositories } of report.packages) {
      expect(repositories, name).toEqual(['rhel-9-for-x86_64-appstream-rpms', 'rhel-9-for-x86_64-baseos-rpms'])
    }
  })

  it('has the findings that the documents say, with the advisory that fixes each', () => {
    expect(
      report.findings.map(({ id, package: name, version, fixedIn, severity, severitySource, advisory, why }) =>
        [id, name, version, fixedIn, severity, severitySource, advisory, why.scope].join(' | '),
      ),
    ).toEqual([
      'CVE-2023-38545 | curl | 7.76.1-23.el9_2.1 | 7.76.1-23.el9_2.4 | high | redhat | RHSA-2023:5763 | rhel:cpe:/o:redhat:enterprise_linux:9::appstream',
      'CVE-2023-38545 | libcurl | 7.76.1-23.el9_2.1 | 7.76.1-23.el9_2.4 | high | redhat | RHSA-2023:5763 | rhel:cpe:/o:redhat:enterprise_linux:9::appstream',
      'CVE-2024-50602 | expat | 2.5.0-1.el9 | 2.5.0-3.el9_5.1 | medium | redhat | RHSA-2024:9541 | rhel:cpe:/o:redhat:enterprise_linux:9::appstream',
      'CVE-2024-0727 | openssl | 1:3.0.7-6.el9_2 | 1:3.0.7-27.el9 | low | redhat | RHSA-2024:2447 | rhel:cpe:/o:redhat:enterprise_linux:9::appstream',
      'CVE-2024-0727 | openssl-libs | 1:3.0.7-6.el9_2 | 1:3.0.7-27.el9 | low | redhat | RHSA-2024:2447 | rhel:cpe:/o:redhat:enterprise_linux:9::appstream',
    ])
    for (const { advisory, advisoryLink } of report.findings) {
      expect(advisoryLink).toBe(`https://access.redhat.com/errata/${advisory}`)
    }
  })
})
