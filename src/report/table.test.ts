import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { testReportWriter } from '../../test/contract/report-writer.ts'
import {
  findingOf,
  hostileReport,
  largeReport,
  packageOf,
  reportOf,
  sampleReport,
  writerOptions,
} from '../../test/support/reports.ts'
import type { Gap } from '../core/gap.ts'
import type { VulnerabilityReport } from '../core/report.ts'
import type { WriterOptions } from '../core/report-writer.ts'
import { displayWidth } from './layout.ts'
import { riskText } from './table/rows.ts'
import { table } from './table.ts'

testReportWriter(table)

const written = (report: VulnerabilityReport, options: Partial<WriterOptions> = {}) =>
  [...table.write(report, writerOptions(options))].join('')
const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)

const ended: Gap = { code: 'distribution-end-of-life', where: 'debian:12', detail: 'Free updates ended.' }
const unreadable: Gap = { code: 'database-unreadable', where: 'var/lib/dpkg/status', detail: 'Line 3 has no colon.' }

/** Versions of Debian as far as these tests need: compared as numbers and text. */
const numeric = {
  id: 'dpkg',
  compare: (left: string, right: string) => Math.sign(left.localeCompare(right, 'en', { numeric: true })) as -1 | 0 | 1,
}

it('says as of when the data is, and which generation of each feed', () => {
  const text = written(sampleReport({ asOf: '2026-03-01T00:00:00.000Z' }), { width: 100 })
  expect(text).toContain('As of         2026-03-01T00:00:00.000Z, with the data of then\n')
  expect(text).toContain('Data          debian: generation 3 of 2026-02-28T09:00Z, 412,345 statements\n')
})

describe('the width of the table report', () => {
  const reports = {
    sample: sampleReport({ gaps: [ended, unreadable] }),
    hostile: hostileReport(),
    large: largeReport(300),
  }
  for (const [name, report] of Object.entries(reports)) {
    it.each([40, 41, 57, 71, 72, 80, 99, 120, 139, 160, 200])(`of ${name} is at most %i columns`, (width) => {
      for (const color of [false, true]) {
        const text = stripVTControlCharacters(written(report, { width, color }))
        for (const line of text.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(width)
      }
    })
  }

  it('colours change nothing but colours', () => {
    const report = sampleReport({ gaps: [ended] })
    const colored = written(report, { width: 100, color: true })
    expect(colored).toContain('\u001b[')
    expect(stripVTControlCharacters(colored)).toBe(written(report, { width: 100 }))
  })

  it('there are never two blank lines', () => {
    const findings = sampleReport().findings.filter(({ state, note }) => state === 'fixed' && note === null)
    const oneLayer = { ...sampleReport().image, layers: sampleReport().image.layers.slice(0, 1) }
    for (const report of [sampleReport(), sampleReport({ findings, image: oneLayer, gaps: [ended] }), reportOf()]) {
      for (const width of [40, 100]) expect(written(report, { width })).not.toMatch(/\n\n\n/)
    }
  })

  it('no line ends with blanks', () => {
    for (const width of [40, 80, undefined]) expect(written(sampleReport(), { width })).not.toMatch(/ \n/)
  })

  it('a table where it fits, with summaries where there is room, else one below the other', () => {
    expect(written(sampleReport(), { width: 80 })).toMatch(
      /SEVERITY +RISK +VULNERABILITY +PACKAGE +INSTALLED +FIXED IN +LAYER\n/,
    )
    expect(written(sampleReport(), { width: 200 })).toMatch(/LAYER +SUMMARY\n/)
    const narrow = written(sampleReport(), { width: 40 })
    expect(narrow).not.toContain('SEVERITY')
    expect(narrow).toContain(
      'CRITICAL  CVE-2023-38545\n  curl, libcurl4 in layer #2\n  risk 100, known to be exploited\n  7.88.1-10 → 7.88.1-10+deb12u4\n',
    )
  })

  it.each([40, 60, 80, 120, undefined])('every package and vulnerability can be read at width %s', (width) => {
    const text = written(sampleReport(), { width }).replace(/\s+/g, '')
    for (const { id, package: name } of sampleReport().findings) {
      expect(text).toContain(name)
      if (width !== undefined && width < (id.startsWith('CVE') ? 60 : 120)) continue
      expect(written(sampleReport(), { width })).toContain(id)
    }
  })
})

describe('the rows of the table report', () => {
  it('are in the order of the report, one for the packages that share everything', () => {
    const rows = written(sampleReport())
      .split('\n')
      .filter((line) => /^[A-Z]+ +([0-9.]+ +)?(CVE|TEMP)-/.test(line))
    expect(
      rows.map((line) =>
        line
          .replace(/^([A-Z]+) +[0-9.]+ /, '$1 ')
          .split(/ {2,}/)
          .slice(0, 3),
      ),
    ).toEqual([
      ['CRITICAL', 'CVE-2023-38545', 'curl, libcurl4'],
      ['CRITICAL', 'CVE-2019-8457', 'libdb5.3'],
      ['HIGH', 'CVE-2023-5363', 'libssl3, openssl'],
      ['HIGH', 'CVE-2024-6119', 'libssl3, openssl'],
      ['MEDIUM', 'CVE-2023-47038', 'perl-base'],
      ['MEDIUM', 'CVE-2023-31484', 'perl-base'],
      ['LOW', 'CVE-2024-28085', 'bsdutils'],
      ['LOW', 'CVE-2024-28085', 'libblkid1, libmount1, libsmartcols1,'],
      ['NEGLIGIBLE', 'CVE-2022-0563', 'bsdutils'],
      ['NEGLIGIBLE', 'CVE-2022-0563', 'libblkid1, libmount1, libsmartcols1,'],
      ['NEGLIGIBLE', 'CVE-2005-2541', 'tar'],
      ['UNKNOWN', 'TEMP-0290435-0B57B5', 'tar'],
    ])
  })

  it('have a column of risks where there are some, and say what is exploited', () => {
    const text = written(sampleReport(), { width: 80 })
    expect(text).toMatch(/^CRITICAL +100 +CVE-2023-38545 .*\n +KEV /m)
    expect(text).toMatch(/^HIGH +34 +CVE-2023-5363 /m)
    expect(text).toMatch(/^HIGH +CVE-2024-6119 /m)
    const findings = sampleReport().findings.map((finding) => ({ ...finding, risk: null, kev: null, epss: null }))
    expect(written(sampleReport({ findings }), { width: 80 })).not.toContain('RISK')
    expect(written(sampleReport(), { width: 74 })).toMatch(/^SEVERITY +VULNERABILITY /m)
  })

  it.each([
    [100, '100'],
    [33.6, '34'],
    [9.96, '10'],
    [9.94, '9.9'],
    [0.05, '0.1'],
    [0.049, '<0.1'],
    [0, '<0.1'],
  ])('tell a risk of %f as %s', (risk, shown) => {
    expect(riskText(risk)).toBe(shown)
  })

  it('say the architecture of a package that is there in several', () => {
    const packages = ['amd64', 'i386'].map((arch) => packageOf('libc6', '2.36-9', { arch }))
    const findings = packages.map((pkg) => findingOf(pkg, 'CVE-2023-4911', 'high', '2.36-9+deb12u3'))
    expect(written(reportOf({ packages, findings }))).toContain('libc6:amd64, libc6:i386')
  })

  it('do not repeat a long list of packages from row to row', () => {
    const packages = ['perl', 'perl-base', 'libperl5.36'].map((name) => packageOf(name, '5.36'))
    const findings = ['CVE-1', 'CVE-2'].flatMap((id) => packages.map((pkg) => findingOf(pkg, id, 'low', '6')))
    const shared = findings.map((finding) => ({ ...finding, why: { ...finding.why, name: 'perl' } }))
    const text = written(reportOf({ packages, findings: shared }))
    expect(text).toMatch(/CVE-1 +perl, perl-base, libperl5.36 /)
    expect(text).toMatch(/CVE-2 +perl \+2 as above /)
    const raised = shared.map((finding) =>
      finding.id === 'CVE-1' ? { ...finding, severity: 'high' as const } : finding,
    )
    expect(written(reportOf({ packages, findings: raised }))).not.toContain('as above')
  })

  it('keep packages of different layers and different versions apart', () => {
    const packages = [packageOf('a', '1'), packageOf('b', '1', { layer: 1 }), packageOf('c', '2')]
    const source = {
      feed: 'debian',
      scope: 'debian:12',
      name: 's',
      scheme: 'dpkg',
      compared: '1',
      because: '',
      path: '',
    }
    const findings = packages.map((pkg) =>
      findingOf(pkg, 'CVE-1', 'low', null, {
        why: { ...source, layer: pkg.layer, layerDigest: undefined, createdBy: '' },
      }),
    )
    expect(written(reportOf({ packages, findings })).match(/^LOW/gm)).toHaveLength(3)
  })
})

describe('the header of the table report', () => {
  it('says what was scanned', () => {
    const text = written(sampleReport())
    expect(text).toMatch(/^Image +registry\.example\/shop\/web:4\.2\nDigest +sha256:c{64}\nPlatform +linux\/amd64\n/)
    expect(text).toContain('Distribution  Debian GNU/Linux 12 (bookworm)\nPackages      14 deb\nLayers        2\n')
    expect(text).toContain('Data          debian: checked 3 hours ago, 412,345 statements\n')
  })

  it('says what findings were enriched with, and whether that is all', () => {
    const [data] = reportOf().data
    const feeds = ['nvd-2023', 'nvd-2024', 'epss'].map((feed) => ({ ...data!, feed }))
    const enrichment = [...feeds, { ...data!, feed: 'kev', checkedAt: '2026-03-01T07:00:00.000Z' }]
    const gap: Gap = { code: 'enrichment-missing', where: 'nvd', detail: 'Findings may lack CVSS scores.' }
    const text = (more: Partial<VulnerabilityReport>) => written(reportOf(more))
    expect(text({ enrichment })).toContain('Enrichment    nvd (2 feeds), epss, kev: checked 5 hours ago\n')
    expect(text({ enrichment, gaps: [gap] })).toContain('kev: checked 5 hours ago, incomplete\n')
    expect(text({ gaps: [gap] })).toContain('Enrichment    none was used\n')
    expect(text({})).not.toContain('Enrichment')
  })

  it('says the end of life, missing data and stale data', () => {
    const [data] = reportOf().data
    const never = { ...data!, feed: 'other', generation: 0, checkedAt: null }
    const stale: Gap = { code: 'data-stale', where: 'debian', detail: 'Old.' }
    const text = written(reportOf({ gaps: [ended, stale], data: [data!, never] }))
    expect(text).toContain('Debian GNU/Linux 12 (bookworm), end of life\n')
    expect(text).toContain('412,345 statements, out of date\n')
    expect(text).toContain('other: never loaded\n')
    expect(written(reportOf({ data: [], release: undefined }))).toMatch(
      /Distribution +unknown\n[\s\S]*Data +none was used\n/,
    )
  })
})

describe('the summary of the table report', () => {
  it('names what is exploited, and what soon may be', () => {
    const text = written(sampleReport())
    expect(text).toContain('\n\n  1 is known to be exploited (CISA KEV): CVE-2023-38545.\n')
    expect(text).toContain('  1 is likely to be exploited within 30 days (EPSS, 10 % or more): CVE-2023-5363.\n\n')
  })

  it('names five of them, and counts the others', () => {
    const kev = { dateAdded: '2026-01-01', dueDate: null, ransomware: false }
    const findings = [1, 2, 3, 4, 5, 6, 7].map((digit) => {
      const pkg = packageOf('sample', '1')
      return findingOf(pkg, `CVE-2099-000${digit}`, 'low', null, { kev, risk: 20 })
    })
    expect(written(reportOf({ findings })).replace(/\s+/g, ' ')).toContain(
      '7 are known to be exploited (CISA KEV): CVE-2099-0001, CVE-2099-0002, CVE-2099-0003, CVE-2099-0004, CVE-2099-0005 and 2 more.',
    )
  })
})

describe('what to do', () => {
  it('names the upgrades with the newest of the fixed versions', () => {
    const text = written(sampleReport(), { versions: () => numeric })
    expect(text).toContain('Upgrading these 11 packages fixes 13 of 25 findings (2 critical, 4 high, 7 low):\n')
    expect(text).toMatch(/libssl3, openssl +3\.0\.9-1 +3\.0\.14-1~deb12u2 +4 high\n/)
  })

  it('names all fixed versions where they cannot be compared', () => {
    for (const versions of [() => undefined, () => ({ id: 'none', compare: () => undefined })]) {
      expect(written(sampleReport(), { versions })).toMatch(/3\.0\.11-1~deb12u2 +4 high\n +3\.0\.14-1~deb12u2\n/)
    }
  })

  it('gives a command, but none with a name that a shell could take for something else', () => {
    const command = 'RUN apt-get update && apt-get install -y --only-upgrade bsdutils curl'
    expect(written(sampleReport())).toContain(command)
    const evil = packageOf('$(id)', '1')
    const findings = [findingOf(evil, 'CVE-1', 'high', '2'), ...sampleReport().findings]
    expect(written(sampleReport({ findings }))).not.toContain('RUN apt-get update && apt-get install -y --only-upgrade')
  })

  it('names the layer that brought most of what can be closed', () => {
    expect(written(sampleReport())).toContain('11 of them come from layer #1 (# debian.sh')
  })

  it('says what remains, by state and condition', () => {
    const text = written(sampleReport())
    expect(text).toContain('1 has a fix with a condition: needs Ubuntu Pro (esm-infra).')
    expect(text).toContain('7 will not be fixed:')
    expect(text).toContain('1 has no fix yet:')
  })

  it('starts with the release when that is at its end', () => {
    expect(written(sampleReport({ gaps: [ended] }))).toContain('What to do\n  Move to a release that is supported')
  })
})

describe('the last line', () => {
  const { packages } = sampleReport()

  it('calls an image clean that was seen whole', () => {
    expect(lastLine(written(reportOf({ packages })))).toBe('No known vulnerabilities found in 14 packages.')
  })

  it('never calls an image clean when there are gaps', () => {
    const text = written(reportOf({ packages, gaps: [ended, unreadable] }))
    expect(lastLine(text)).toBe(
      'No known vulnerabilities found, but 2 gaps: distribution-end-of-life and database-unreadable.',
    )
    expect(text).toContain('    - var/lib/dpkg/status: Line 3 has no colon.\n    → ')
  })

  it('never calls an image clean when findings are hidden', () => {
    const text = written(reportOf({ packages }), {
      shown: { severity: 'high', onlyFixed: true, hidden: 2, setAside: [] },
    })
    expect(text).toContain('2 more findings are hidden by --severity high and --only-fixed.\n')
    expect(lastLine(text)).toBe('No other known vulnerabilities found in 14 packages.')
  })

  it('counts by severity', () => {
    const text = written(sampleReport({ gaps: [unreadable] }))
    const counts = '3 critical, 4 high, 2 medium, 7 low, 8 negligible, 1 unknown'
    expect(text.trimEnd().replaceAll('\n', ' ')).toMatch(
      new RegExp(`25 findings \\(${counts}\\), 14 with a fix; 1 gap: database-unreadable\\.$`),
    )
  })

  it('lists five gaps of a kind and counts the rest', () => {
    const gaps = Array.from({ length: 8 }, (_, index): Gap => ({ ...unreadable, where: `file-${index}` }))
    const text = written(reportOf({ gaps }))
    expect(text).toContain('database-unreadable (8)\n')
    expect(text).toContain('- file-4: ')
    expect(text).not.toContain('- file-5: ')
    expect(text).toContain('and 3 more: --format json has them all.')
  })
})
