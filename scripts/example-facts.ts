// The facts that the example is made from. Sample data: the packages carry the names of real ones, but the vulnerabilities
// are invented (CVE-2099-…), so that nobody takes them for real.

interface DebPackage {
  readonly name: string
  readonly version: string
  readonly source?: string
}

const debianBase: readonly DebPackage[] = [
  { name: 'base-files', version: '13.8' },
  { name: 'bash', version: '5.2.37-2' },
  { name: 'curl', version: '8.14.1-1' },
  { name: 'libc6', version: '2.41-12', source: 'glibc' },
  { name: 'libc-bin', version: '2.41-12', source: 'glibc' },
  { name: 'libcurl4t64', version: '8.14.1-1', source: 'curl' },
  { name: 'libssl3t64', version: '3.5.0-1', source: 'openssl' },
  { name: 'openssl', version: '3.5.0-1' },
  { name: 'tzdata', version: '2025b-4' },
  { name: 'wget', version: '1.25.0-2' },
  { name: 'zlib1g', version: '1:1.3.dfsg+really1.3.1-1', source: 'zlib' },
]

/** The second layer upgrades curl, the third removes wget with its program (a whiteout). */
const curlVersion = '8.14.1-2+deb13u2'
const debianUpgraded = debianBase.map((pkg) => (/curl/.test(pkg.name) ? { ...pkg, version: curlVersion } : pkg))
const debianFinal = debianUpgraded.filter((pkg) => pkg.name !== 'wget')

/** What dpkg keeps, one version of the database a layer. */
export const debianLayers = [debianBase, debianUpgraded, debianFinal].map(statusFile)

function statusFile(packages: readonly DebPackage[]): string {
  return packages
    .map(({ name, version, source }) =>
      [
        `Package: ${name}`,
        'Status: install ok installed',
        'Priority: optional',
        'Section: misc',
        'Maintainer: Sample Data <sample@example.org>',
        'Architecture: amd64',
        ...(source === undefined ? [] : [`Source: ${source}`]),
        `Version: ${version}`,
        'Description: sample data of Chiaro',
        ' An entry of the example image; there is no such package in it.',
        '',
      ].join('\n'),
    )
    .join('\n')
}

const alpinePackages = [
  ['alpine-baselayout', '3.7.0-r0', 'alpine-baselayout'],
  ['busybox', '1.37.0-r18', 'busybox'],
  ['libcrypto3', '3.5.0-r0', 'openssl'],
  ['libssl3', '3.5.0-r0', 'openssl'],
  ['musl', '1.2.5-r10', 'musl'],
  ['zlib', '1.3.1-r2', 'zlib'],
] as const

const alpineUpgraded = alpinePackages.map(
  ([name, version, origin]) => [name, origin === 'openssl' ? '3.5.4-r0' : version, origin] as const,
)

/** What apk keeps, one version of the database a layer: the second layer upgrades openssl. */
export const alpineLayers = [alpinePackages, alpineUpgraded].map((packages) =>
  packages
    .map(([name, version, origin]) => `P:${name}\nV:${version}\nA:x86_64\nT:sample data of Chiaro\no:${origin}\n`)
    .join('\n'),
)

export const debianRelease = `PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
NAME="Debian GNU/Linux"
VERSION_ID="13"
VERSION="13 (trixie)"
VERSION_CODENAME=trixie
ID=debian
`

export const alpineRelease = `NAME="Alpine Linux"
ID=alpine
VERSION_ID=3.22.0
PRETTY_NAME="Alpine Linux v3.22"
`

const resolved = (version: string, urgency = 'not yet assigned') => ({
  trixie: { status: 'resolved', repositories: { trixie: version }, fixed_version: version, urgency },
})

/** The lists of advisories, in their real form. */
export const debianAdvisories = {
  DSA: `[02 Jan 2099] DSA-9002-1 curl - security update
	{CVE-2099-1002}
	[trixie] - curl 8.14.1-2+deb13u3
[01 Jan 2099] DSA-9001-1 openssl - security update
	{CVE-2099-1004}
	[trixie] - openssl 3.5.1-1+deb13u1
`,
  DLA: `[01 Jan 2099] DLA-9001-1 sample - security update
	{CVE-2099-1001}
	[bookworm] - sample 1.0-1+deb12u1
`,
}

/** The security tracker's document, in its real form: package, vulnerability, release. */
export const debianTracker = {
  curl: {
    'CVE-2099-1001': {
      description: 'Sample data: curl sends credentials to the wrong host after a redirect.',
      scope: 'remote',
      releases: resolved('8.14.1-2+deb13u2', 'medium'),
    },
    'CVE-2099-1002': {
      description: 'Sample data: curl follows a link into a local file.',
      scope: 'remote',
      releases: resolved('8.14.1-2+deb13u3', 'high'),
    },
  },
  glibc: {
    'CVE-2099-1003': {
      description: 'Sample data: glibc reads one byte beyond a buffer in a seldom used locale.',
      scope: 'local',
      releases: { trixie: { status: 'open', repositories: { trixie: '2.41-12' }, urgency: 'unimportant' } },
    },
  },
  openssl: {
    'CVE-2099-1004': {
      description: 'Sample data: OpenSSL accepts a certificate whose name it did not check.',
      scope: 'remote',
      releases: resolved('3.5.1-1+deb13u1', 'high'),
    },
    'CVE-2099-1005': {
      description: 'Sample data: OpenSSL needs much time for a long key.',
      scope: 'remote',
      releases: {
        trixie: {
          status: 'open',
          repositories: { trixie: '3.5.0-1' },
          urgency: 'low',
          nodsa: 'Minor issue',
          nodsa_reason: 'postponed',
        },
      },
    },
  },
  wget: {
    'CVE-2099-1006': {
      description:
        'Sample data: wget writes outside its directory. The third layer removed wget, so nothing is reported.',
      scope: 'remote',
      releases: resolved('1.25.0-3', 'high'),
    },
  },
  zlib: {
    'CVE-2099-1007': {
      description: 'Sample data: zlib loses track of its window. This release never had the faulty code.',
      scope: 'remote',
      releases: resolved('0', 'unimportant'),
    },
  },
} as const

const secdb = (
  reponame: string,
  packages: readonly { name: string; secfixes: Record<string, readonly string[]> }[],
) => ({
  apkurl: '{{urlprefix}}/{{distroversion}}/{{reponame}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk',
  archs: ['x86_64'],
  reponame,
  urlprefix: 'https://dl-cdn.alpinelinux.org/alpine',
  distroversion: 'v3.22',
  packages: packages.map((pkg) => ({ pkg })),
})

/** The security database of the branch, in its real form, one document a repository. */
export const alpineMain = secdb('main', [
  { name: 'busybox', secfixes: { '1.37.0-r19': ['CVE-2099-2001'], '0': ['CVE-2099-2002'] } },
  {
    name: 'openssl',
    secfixes: { '3.5.4-r0': ['CVE-2099-1004', 'CVE-2099-1005 CVE-2099-2003'], '3.5.5-r0': ['CVE-2099-2004'] },
  },
  { name: 'zlib', secfixes: { '1.3.1-r2': ['CVE-2099-1007'] } },
])
export const alpineCommunity = secdb('community', [{ name: 'sample', secfixes: { '1.0-r1': ['CVE-2099-2005'] } }])

const v31 = (vector: string, baseScore: number, source = 'nvd@nist.gov', type = 'Primary') => ({
  cvssMetricV31: [{ source, type, cvssData: { version: '3.1', vectorString: `CVSS:3.1/${vector}`, baseScore } }],
})
const v40 = (vector: string, baseScore: number) => ({
  cvssMetricV40: [
    {
      source: 'cna@example.org',
      type: 'Secondary',
      cvssData: { version: '4.0', vectorString: `CVSS:4.0/${vector}`, baseScore },
    },
  ],
})

const scored = [
  ['CVE-2099-1001', 'CWE-200', v31('AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:N/A:N', 6.5)],
  ['CVE-2099-1002', 'CWE-59', v31('AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N', 9.1)],
  ['CVE-2099-1003', 'CWE-125', v31('AV:L/AC:H/PR:L/UI:N/S:U/C:L/I:N/A:N', 2.5)],
  [
    'CVE-2099-1004',
    'CWE-297',
    {
      ...v31('AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N', 7.4),
      ...v40('AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N', 9.1),
    },
  ],
  ['CVE-2099-1005', 'CWE-400', v31('AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L', 5.3)],
  ['CVE-2099-2001', 'CWE-787', v31('AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H', 7.8)],
  ['CVE-2099-2004', 'CWE-416', v31('AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L', 5.3)],
] as const

/** The file of a year of NVD, in its real form. */
export const nvdYear = {
  resultsPerPage: scored.length,
  startIndex: 0,
  totalResults: scored.length,
  format: 'NVD_CVE',
  version: '2.0',
  timestamp: '2099-01-01T03:00:00.000',
  vulnerabilities: scored.map(([id, weakness, metrics]) => ({
    cve: {
      id,
      sourceIdentifier: 'cna@example.org',
      published: '2099-01-01T00:00:00.000',
      lastModified: '2099-01-01T00:00:00.000',
      vulnStatus: 'Analyzed',
      descriptions: [{ lang: 'en', value: 'Sample data: there is no such vulnerability.' }],
      metrics,
      weaknesses: [{ source: 'nvd@nist.gov', type: 'Primary', description: [{ lang: 'en', value: weakness }] }],
    },
  })),
}

/** The scores of a day of EPSS, in their real form. */
export const epssScores = `#model_version:v2025.03.14,score_date:2099-01-01T12:00:00Z
cve,epss,percentile
CVE-2099-1001,0.02310,0.84200
CVE-2099-1002,0.73150,0.98700
CVE-2099-1003,0.00043,0.12100
CVE-2099-1004,0.14220,0.94100
CVE-2099-1005,0.00310,0.53000
CVE-2099-2001,0.00062,0.19400
CVE-2099-2004,0.00980,0.76100
`

/** CISA's catalog, in its real form. */
export const kevCatalog = {
  title: 'CISA Catalog of Known Exploited Vulnerabilities',
  catalogVersion: '2099.01.01',
  dateReleased: '2099-01-01T17:00:00.0000Z',
  count: 1,
  vulnerabilities: [
    {
      cveID: 'CVE-2099-1002',
      vendorProject: 'Sample',
      product: 'Sample',
      vulnerabilityName: 'Sample data: there is no such vulnerability',
      dateAdded: '2099-01-01',
      shortDescription: 'Sample data.',
      requiredAction: 'None.',
      dueDate: '2099-01-22',
      knownRansomwareCampaignUse: 'Unknown',
      notes: '',
      cwes: ['CWE-59'],
    },
  ],
}
