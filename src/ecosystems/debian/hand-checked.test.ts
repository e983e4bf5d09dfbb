import { releaseNamed, testCheckedRows } from '../../../test/support/matched.ts'
import type { Package } from '../../core/package.ts'
import { trackerFeed } from './feed.ts'
import { debian } from './index.ts'

// Findings that were checked by hand, with whole images, are in test/e2e/findings.test.ts. Here are the traps, each with records of the
// real document: `zcat json.gz | jq '.lvm2["CVE-2020-8991"].releases.bookworm'`.
const release = releaseNamed('debian', '12')

/** A binary package; its source has the version that is given, or its own. */
function pkg(name: string, version: string, source = name, sourceVersion = version): Package {
  return { type: 'deb', name, version, arch: 'amd64', source: { name: source, version: sourceVersion } }
}

const keyedBySource =
  'Debian/Ubuntu advisories are keyed by source package; binary version may differ from source version'

testCheckedRows(
  debian,
  { ...release, prettyName: keyedBySource },
  [trackerFeed],
  [
    [
      pkg('libc6', '2.36-9+deb12u5', 'glibc'),
      'CVE-2024-2961',
      'fixed 2.36-9+deb12u6',
      'glibc bookworm resolved 2.36-9+deb12u6',
    ],
    [
      pkg('dmsetup', '2:1.02.185-2', 'lvm2', '2.02.168-2'),
      'CVE-2020-8991',
      'fixed 2.03.01-2',
      'lvm2 bookworm resolved 2.03.01-2; the epoch of the binary package would hide it',
    ],
    [pkg('dmsetup', '2:1.02.185-2', 'lvm2', '2.03.16-2'), 'CVE-2020-8991', '-', 'lvm2 bookworm resolved 2.03.01-2'],
    [pkg('glibc', '2.36-9+deb12u5', 'something-else'), 'CVE-2024-2961', '-', 'built from something else'],
  ],
)

testCheckedRows(
  debian,
  { ...release, prettyName: 'Tilde/caret' },
  [trackerFeed],
  [
    [
      pkg('libc6', '2.36-9+deb12u6~bpo11+1', 'glibc'),
      'CVE-2024-2961',
      'fixed 2.36-9+deb12u6',
      'glibc bookworm resolved 2.36-9+deb12u6: what follows a tilde is before it',
    ],
    [pkg('libc6', '2.36-9+deb12u6+b1', 'glibc'), 'CVE-2024-2961', '-', 'a build of it again is behind it'],
  ],
)

testCheckedRows(
  debian,
  { ...release, prettyName: 'Missing epoch' },
  [trackerFeed],
  [
    [
      pkg('bind9', '9.18.33-1~deb12u2'),
      'CVE-2024-12705',
      'fixed 1:9.18.33-1~deb12u2',
      'bind9 bookworm resolved 1:9.18.33-1~deb12u2: none is epoch 0, as for dpkg itself',
    ],
    [pkg('bind9', '1:9.18.33-1~deb12u2'), 'CVE-2024-12705', '-', 'the version itself'],
    [pkg('openssl', '0:3.0.14-1~deb12u2'), 'CVE-2024-6119', '-', 'openssl bookworm resolved 3.0.14-1~deb12u2'],
  ],
)
