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
