import type { Digest } from '../../src/core/digest.ts'
import type { LayerIndex } from '../../src/core/layer-index.ts'
import type { Match } from '../../src/core/match.ts'
import { hashPath, PathSet } from '../../src/core/path-set.ts'
import type { Found, IndexReport } from '../../src/core/report.ts'
import { advisory, statement } from '../support/records.ts'
import { findingOf, packageOf } from '../support/reports.ts'

/** A digest of one digit. */
export function digest(digit: string): Digest {
  return `sha256:${digit.repeat(64)}`
}

/** A layer of digests 1 and 2, with something in every property. */
export const layerIndex: LayerIndex = {
  digest: digest('1'),
  diffId: digest('2'),
  files: [
    {
      path: 'var/lib/dpkg/status',
      type: 'file',
      observations: [
        {
          kind: 'package',
          package: { type: 'deb', name: 'zlib1g', version: '1', arch: 'amd64', source: { name: 'zlib', version: '1' } },
        },
        { kind: 'gap', code: 'database-unreadable', detail: 'One entry has no name.' },
      ],
    },
    { path: 'usr/lib/os-release', type: 'link', target: '../../etc/os-release', observations: [] },
  ],
  whiteouts: ['etc/motd', 'größe'],
  opaques: ['srv'],
  nonDirectories: PathSet.of(['etc/passwd', 'var/lib/dpkg/status'].map(hashPath)),
  gaps: [{ code: 'file-too-large', where: 'var/lib/rpm/Packages', detail: 'It has 300 MB.' }],
}

/** An image of digest 5. */
export const indexReport: IndexReport = {
  image: {
    reference: 'debian:12',
    tags: [],
    digest: digest('5'),
    configDigest: digest('6'),
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [{ digest: digest('1'), diffId: digest('2'), createdBy: '/bin/sh -c #(nop) ADD file:…' }],
  },
  release: {
    id: 'debian',
    versionId: '12',
    codename: 'bookworm',
    prettyName: 'Debian GNU/Linux 12 (bookworm)',
    idLike: [],
    cpe: '',
  },
  packages: [
    {
      type: 'deb',
      name: 'zlib1g',
      version: '1',
      arch: 'amd64',
      source: { name: 'zlib', version: '1' },
      purl: 'pkg:deb/debian/zlib1g@1?arch=amd64&distro=debian-12',
      path: 'var/lib/dpkg/status',
      layer: 0,
    },
  ],
  gaps: [],
}

/** Three matches of one package: two that have their statement and verdict in common, and one that could not be judged. */
export const matches: readonly Match[] = ['CVE-1', 'CVE-2', 'CVE-3'].map((id, place) => {
  const claim = statement('debian:12', 'zlib', '2', { note: 'größer', rating: { severity: 'high', source: 'debian' } })
  const described = advisory(id, [], ['größer, 安全, 🦀', '', 'a\0b'][place]).vulnerability
  const vulnerability =
    place === 0
      ? { ...described, covers: ['CVE-4'], weaknesses: ['CWE-79'], published: '2024', cpes: ['cpe:/a'] }
      : described
  return place < 2
    ? {
        pkg: 0,
        candidate: { statement: claim, vulnerability, feed: 'debian' },
        verdict: { state: 'affected', fix: 'fixed', fixedIn: '2', because: '1 is older than 2' },
      }
    : {
        pkg: 0,
        candidate: { statement: statement('debian:12', 'zlib', '\0'), vulnerability, feed: 'other' },
        verdict: { state: 'unknown', because: '1 and \0 cannot be compared' },
      }
})

/** Findings that have much in common, with something in every property, and one that has nothing. */
export const found: Found = {
  findings: [
    findingOf(packageOf('zlib1g', '1'), 'CVE-1', 'high', '2', {
      aliases: ['GHSA-1'],
      cvss: [{ source: 'nvd', version: '3.1', vector: 'CVSS:3.1/AV:N', score: 9.8 }],
      weaknesses: ['CWE-79'],
      epss: { score: 0.5, percentile: 0.9, date: '2026-03-01' },
      kev: { dateAdded: '2026-02-01', dueDate: null, ransomware: true },
      risk: 12.5,
      description: 'größer, 安全, 🦀',
      advisory: 'DSA-1',
      advisoryLink: 'https://example.org/DSA-1',
      note: 'größer',
      setAside: 'a\0b',
    }),
    findingOf(packageOf('zlib1g-dev', '1', { layer: 1 }), 'CVE-1', 'high', '2', { description: 'größer, 安全, 🦀' }),
    findingOf(packageOf('libssl3', '\0', { layer: 7 }), 'CVE-2', 'unknown', null, { description: '', links: [] }),
    findingOf(packageOf('libssl3', '\0', { layer: 7 }), 'CVE-3', 'unknown', null, { description: 'a\0b' }),
  ],
  gaps: [{ code: 'version-unreadable', where: 'libssl3 CVE-4', detail: '1 and \0 cannot be compared.' }],
}
