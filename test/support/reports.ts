import type { Digest } from '../../src/core/digest.ts'
import type { Gap } from '../../src/core/gap.ts'
import type { Release } from '../../src/core/package.ts'
import type { FeedData, Finding, IndexedPackage, ReportLayer, VulnerabilityReport } from '../../src/core/report.ts'
import type { WriterOptions } from '../../src/core/report-writer.ts'
import type { Severity } from '../../src/core/severity.ts'

/** Reports made by hand, for tests of what writes and judges reports. */

export const digestOf = (digit: string): Digest => `sha256:${digit.repeat(64)}`

export const bookworm: Release = {
  id: 'debian',
  versionId: '12',
  codename: 'bookworm',
  prettyName: 'Debian GNU/Linux 12 (bookworm)',
  idLike: [],
  cpe: '',
}

const layers: readonly ReportLayer[] = [
  {
    digest: digestOf('a'),
    diffId: digestOf('1'),
    createdBy: "# debian.sh --arch 'amd64' out/ 'bookworm' '@1700000000'",
  },
  {
    digest: digestOf('b'),
    diffId: digestOf('2'),
    createdBy: 'RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit',
  },
]

const debianData: FeedData = {
  feed: 'debian',
  url: 'https://security-tracker.debian.org/tracker/data/json',
  generation: 3,
  checkedAt: '2026-03-01T09:00:00.000Z',
  importedAt: '2026-02-28T09:00:00.000Z',
  dataTime: null,
  records: 412345,
  gaps: 0,
}

export function packageOf(name: string, version: string, more: Partial<IndexedPackage> = {}): IndexedPackage {
  return {
    type: 'deb',
    name,
    version,
    arch: 'amd64',
    source: { name, version },
    purl: `pkg:deb/debian/${encodeURIComponent(name.toWellFormed())}@${encodeURIComponent(version.toWellFormed())}?arch=amd64&distro=debian-12`,
    path: 'var/lib/dpkg/status',
    layer: 0,
    ...more,
  }
}

/** A finding of `pkg`; with `fixedIn` its state is `fixed` unless `more` says otherwise. */
export function findingOf(
  pkg: IndexedPackage,
  id: string,
  severity: Severity,
  fixedIn: string | null = null,
  more: Partial<Finding> = {},
): Finding {
  return {
    id,
    aliases: [],
    package: pkg.name,
    version: pkg.version,
    arch: pkg.arch,
    purl: pkg.purl,
    fixedIn,
    state: fixedIn === null ? 'open' : 'fixed',
    setAside: null,
    severity,
    severitySource: 'debian',
    cvss: [],
    weaknesses: [],
    epss: null,
    kev: null,
    risk: null,
    description: `A vulnerability of ${pkg.source.name}.`,
    links: [`https://security-tracker.debian.org/tracker/${encodeURIComponent(id.toWellFormed())}`],
    advisory: null,
    advisoryLink: null,
    note: null,
    why: {
      feed: 'debian',
      scope: 'debian:12',
      name: pkg.source.name,
      scheme: 'dpkg',
      compared: pkg.source.version,
      because: fixedIn === null ? 'every version is affected' : `${pkg.source.version} is older than ${fixedIn}`,
      path: pkg.path,
      layer: pkg.layer,
      layerDigest: layers[pkg.layer]?.digest,
      createdBy: layers[pkg.layer]?.createdBy ?? '',
    },
    ...more,
  }
}

/** A finding of which nobody wanted the details. */
export function withoutDetails(finding: Finding): Finding {
  return { ...finding, cvss: [], weaknesses: [], description: '', links: [] }
}

export function reportOf(more: Partial<VulnerabilityReport> = {}): VulnerabilityReport {
  return {
    schemaVersion: 1,
    generator: { name: 'chiaro', version: '1.2.3' },
    image: {
      reference: 'registry.example/shop/web:4.2',
      tags: ['registry.example/shop/web:4.2'],
      digest: digestOf('c'),
      configDigest: digestOf('d'),
      platform: { os: 'linux', architecture: 'amd64' },
      layers,
    },
    release: bookworm,
    packages: [],
    findings: [],
    gaps: [],
    data: [debianData],
    enrichment: [],
    ...more,
  }
}

const exploited: Partial<Finding> = {
  cvss: [{ source: 'nvd', version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 }],
  weaknesses: ['CWE-787'],
  epss: { score: 0.26, percentile: 0.96, date: '2026-03-01' },
  kev: { dateAdded: '2026-02-01', dueDate: '2026-02-22', ransomware: true },
  risk: 100,
}
const likely: Partial<Finding> = {
  cvss: [{ source: 'redhat', version: '4.0', vector: 'CVSS:4.0/AV:N', score: null }],
  epss: { score: 0.42, percentile: 0.97, date: null },
  risk: 33.6,
}

/** A report with every state, severity and kind of row that there is. */
export function sampleReport(more: Partial<VulnerabilityReport> = {}): VulnerabilityReport {
  const openssl = { source: { name: 'openssl', version: '3.0.9-1' } }
  const util = { source: { name: 'util-linux', version: '2.38.1-5' } }
  const curl = { source: { name: 'curl', version: '7.88.1-10' }, layer: 1 }
  const libssl3 = packageOf('libssl3', '3.0.9-1', openssl)
  const tool = packageOf('openssl', '3.0.9-1', openssl)
  const libdb = packageOf('libdb5.3', '5.3.28+dfsg2-1', { source: { name: 'db5.3', version: '5.3.28+dfsg2-1' } })
  const curls = [packageOf('curl', '7.88.1-10', curl), packageOf('libcurl4', '7.88.1-10', curl)]
  const utils = ['bsdutils', 'libblkid1', 'libmount1', 'libsmartcols1', 'libuuid1', 'mount', 'util-linux'].map((name) =>
    packageOf(name, name === 'bsdutils' ? '1:2.38.1-5+b1' : '2.38.1-5+b1', util),
  )
  const tar = packageOf('tar', '1.34+dfsg-1.2')
  const perl = packageOf('perl-base', '5.36.0-7', { source: { name: 'perl', version: '5.36.0-7' } })
  const packages = [tool, libssl3, libdb, ...curls, ...utils, tar, perl]
  const findings: readonly Finding[] = [
    ...curls.map((pkg) =>
      findingOf(pkg, 'CVE-2023-38545', 'critical', '7.88.1-10+deb12u4', {
        advisory: 'DSA-5523-1',
        advisoryLink: 'https://security-tracker.debian.org/tracker/DSA-5523-1',
        ...exploited,
      }),
    ),
    findingOf(libdb, 'CVE-2019-8457', 'critical', null, { state: 'deferred' }),
    findingOf(libssl3, 'CVE-2023-5363', 'high', '3.0.11-1~deb12u2', likely),
    findingOf(tool, 'CVE-2023-5363', 'high', '3.0.11-1~deb12u2', likely),
    findingOf(libssl3, 'CVE-2024-6119', 'high', '3.0.14-1~deb12u2'),
    findingOf(tool, 'CVE-2024-6119', 'high', '3.0.14-1~deb12u2'),
    findingOf(perl, 'CVE-2023-47038', 'medium', '5.36.0-7+deb12u1', { note: 'needs Ubuntu Pro (esm-infra)' }),
    findingOf(perl, 'CVE-2023-31484', 'medium'),
    ...utils.map((pkg) => findingOf(pkg, 'CVE-2024-28085', 'low', '2.38.1-5+deb12u1')),
    ...utils.map((pkg) => findingOf(pkg, 'CVE-2022-0563', 'negligible', null, { state: 'will-not-fix' })),
    findingOf(tar, 'CVE-2005-2541', 'negligible', null, { state: 'end-of-life' }),
    findingOf(tar, 'TEMP-0290435-0B57B5', 'unknown', null, { state: 'undetermined', severitySource: '' }),
  ]
  return reportOf({ packages, findings, ...more })
}

/** A report in which every text that comes from outside tries to break out. */
export function hostileReport(): VulnerabilityReport {
  const evil = [
    '\u001b[2J\u001b]0;pwned\u0007',
    'a\r\nfake row\u2028x',
    '\u202egnp.exe\u2066',
    '\u009b31m',
    '表\u0301👩‍👩‍👧‍👦🏳️‍🌈',
    '\ud800lone',
    '\u200b\ufeff',
    `${'long'.repeat(1024)}`,
    '$(touch /tmp/x); `id` && rm',
    '',
  ]
  const packages = evil.map((name, index) =>
    packageOf(name, evil[(index + 1) % evil.length]!, { arch: name, path: name, layer: index, type: name }),
  )
  return reportOf({
    generator: { name: 'chiaro', version: evil[0]! },
    image: {
      reference: evil[0]!,
      tags: evil,
      digest: undefined,
      configDigest: undefined,
      platform: { os: evil[0]!, architecture: evil[1]!, variant: evil[2]! },
      layers: evil.map((createdBy) => ({ digest: undefined, diffId: undefined, createdBy })),
    },
    release: {
      id: evil[0]!,
      versionId: evil[1]!,
      codename: evil[2]!,
      prettyName: evil.join(''),
      idLike: evil,
      cpe: evil[3]!,
    },
    packages,
    findings: packages.map((pkg, index) => {
      const text = evil[index]!
      return findingOf(pkg, text, 'high', index % 2 === 0 ? text : null, {
        aliases: evil,
        description: evil.join('\n'),
        links: evil,
        note: text,
        advisory: text,
        severitySource: text,
      })
    }),
    gaps: evil.map((text): Gap => ({ code: 'database-unreadable', where: text, detail: `${text} happened.` })),
    data: evil.map(
      (text): FeedData => ({ ...debianData, feed: text, url: text, dataTime: text, checkedAt: null, gaps: 3 }),
    ),
  })
}

/** A report with `count` findings of a thousand packages. */
export function largeReport(count: number): VulnerabilityReport {
  const names = Array.from({ length: 1000 }, (_, index) => `package-${index}`)
  const packages = names.map((name) => packageOf(name, '1.0-1'))
  const levels: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown']
  const findings = Array.from({ length: count }, (_, index) =>
    findingOf(
      packages[index % packages.length]!,
      `CVE-2024-${10000 + index}`,
      levels[Math.floor((index * levels.length) / count)]!,
      index % 2 === 0 ? `1.0-${2 + (index % 7)}` : null,
    ),
  )
  return reportOf({ packages, findings })
}

/** Options of a writer: a pipe, no colour, ages as of noon of 1 March 2026, and no filters. */
export function writerOptions(more: Partial<WriterOptions> = {}): WriterOptions {
  return {
    width: undefined,
    color: false,
    now: new Date('2026-03-01T12:00:00.000Z'),
    versions: () => undefined,
    shown: { severity: undefined, onlyFixed: false, hidden: 0, setAside: [] },
    ...more,
  }
}
