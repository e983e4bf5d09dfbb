import { releaseNamed, testCheckedRows } from '../../../test/support/matched.ts'
import type { Package, Release } from '../../core/package.ts'
import { feedsOf } from './feed.ts'
import { alpine } from './index.ts'

function pkg(name: string, version: string, origin = name): Package {
  return { type: 'apk', name, version, arch: 'x86_64', source: { name: origin, version } }
}

/** Looked up by hand in the documents of 2025-01-04: `jq '.packages[].pkg | select(.name == "curl")' v3.20/main.json`. */
testCheckedRows(alpine, releaseNamed('alpine', '3.20.3'), feedsOf('3.20'), [
  [pkg('libcrypto3', '3.3.1-r0', 'openssl'), 'CVE-2024-6119', 'fixed 3.3.2-r0', 'main openssl 3.3.2-r0'],
  [pkg('libcrypto3', '3.3.2-r0', 'openssl'), 'CVE-2024-9143', 'fixed 3.3.2-r1', 'main openssl 3.3.2-r1: r0 < r1'],
  [pkg('libcrypto3', '3.3.1-r0', 'openssl'), 'CVE-2024-4741', '-', 'main openssl 3.3.0-r3'],
  [pkg('libcurl', '8.9.0-r0', 'curl'), 'CVE-2024-7264', 'fixed 8.9.1-r0', 'main curl 8.9.1-r0'],
  [pkg('libcurl', '8.9.0-r0', 'curl'), 'CVE-2024-9681', 'fixed 8.11.0-r0', 'main curl 8.11.0-r0: 9 < 11'],
  [pkg('libexpat', '2.6.2-r0', 'expat'), 'CVE-2024-45490', 'fixed 2.6.3-r0', 'main expat 2.6.3-r0'],
  [pkg('libexpat', '2.6.2-r0', 'expat'), 'CVE-2024-28757', '-', 'main expat 2.6.2-r0: the version itself'],
  [pkg('openssh-server', '9.7_p1-r3', 'openssh'), 'CVE-2024-6387', 'fixed 9.7_p1-r4', 'main openssh 9.7_p1-r4'],
  [pkg('git', '2.45.0-r0'), 'CVE-2024-32002', 'fixed 2.45.1-r0', 'main git 2.45.1-r0'],
  [pkg('gnutls', '3.8.4-r0'), 'CVE-2024-28834', 'fixed 3.8.5-r0', 'main gnutls 3.8.5-r0'],
  [
    pkg('gnutls', '3.6.12-r0'),
    'CVE-2020-11501',
    'fixed 3.6.13-r0',
    'main gnutls 3.6.13-r0: CVE-2020-11501 GNUTLS-SA-2020-03-31',
  ],
  [pkg('busybox-binsh', '1.36.1-r25', 'busybox'), 'CVE-2023-42363', 'fixed 1.36.1-r27', 'main busybox 1.36.1-r27'],
  [pkg('busybox-binsh', '1.36.1-r25', 'busybox'), 'CVE-2023-42366', '-', 'main busybox 1.36.1-r25: the version itself'],
  [pkg('go', '1.22.6-r0'), 'CVE-2024-34156', 'fixed 1.22.7-r0', 'community go 1.22.7-r0'],
])

testCheckedRows(alpine, releaseNamed('alpine', '3.19.4'), feedsOf('3.19'), [
  [pkg('python3', '3.11.10-r0'), 'CVE-2024-9287', 'fixed 3.11.11-r0', 'main python3 3.11.11-r0: 10 < 11'],
  [pkg('python3', '3.11.10-r0'), 'CVE-2024-6232', '-', 'main python3 3.11.10-r0: the version itself'],
  [pkg('postgresql16', '16.4-r0'), 'CVE-2024-10976', 'fixed 16.5-r0', 'main postgresql16 16.5-r0'],
])

const edge: Release = { ...releaseNamed('alpine', '3.22_alpha20250108'), prettyName: 'Alpine Linux edge' }

testCheckedRows(alpine, edge, feedsOf('edge'), [
  [pkg('xz-libs', '5.6.1-r1', 'xz'), 'CVE-2024-3094', 'fixed 5.6.1-r2', 'main xz 5.6.1-r2'],
  [
    pkg('libssl3', '3.3.2-r2', 'openssl'),
    'CVE-2024-9143',
    'fixed 3.3.2-r3',
    'main openssl 3.3.2-r3, which is r1 in 3.20',
  ],
  [pkg('curl', '8.11.0-r2'), 'CVE-2024-11053', 'fixed 8.11.1-r0', 'main curl 8.11.1-r0'],
  [pkg('go', '1.22.7-r0'), 'CVE-2024-34156', 'fixed 1.23.1-r0', 'community go 1.23.1-r0, which is 1.22.7-r0 in 3.20'],
  [pkg('go', '1.22.7-r0'), 'CVE-2024-24790', '-', 'community go 1.22.4-r0'],
  [pkg('containerd', '1.6.12-r1'), 'CVE-2023-25153', 'fixed 1.6.18-r0', 'community containerd 1.6.18-r0'],
  [pkg('containerd', '1.6.12-r1'), 'CVE-2022-23471', '-', 'community containerd 1.6.12-r0'],
])

testCheckedRows(alpine, releaseNamed('alpine', '3.3.3'), feedsOf('3.3'), [
  [pkg('libssl1.0', '1.0.2g-r0', 'openssl'), 'CVE-2016-2107', 'fixed 1.0.2h-r0', 'main openssl 1.0.2h-r0: g < h'],
  [pkg('libssl1.0', '1.0.2h-r2', 'openssl'), 'CVE-2016-2180', '-', 'main openssl 1.0.2h-r2: the version itself'],
])

// The traps, each with a record of the real documents.
const release = releaseNamed('alpine', '3.20.3')

testCheckedRows(alpine, { ...release, prettyName: 'Alpine origin package; one fix per origin' }, feedsOf('3.20'), [
  [pkg('libcrypto3', '3.3.1-r0', 'openssl'), 'CVE-2024-6119', 'fixed 3.3.2-r0', 'what is built from openssl has it'],
  [
    pkg('openssl', '3.3.1-r0', 'other'),
    'CVE-2024-6119',
    '-',
    'a package of that name which is built from something else has not',
  ],
])

testCheckedRows(alpine, { ...release, prettyName: 'Alpine secdb fixed version 0 = never affected' }, feedsOf('3.20'), [
  [pkg('libcrypto3', '0.9-r0', 'openssl'), 'CVE-2023-4807', '-', 'main openssl 0'],
  [pkg('libcurl', '7.0-r0', 'curl'), 'CVE-2021-22897', '-', 'main curl 0'],
  [pkg('xen', '4.0.0-r0'), 'CVE-2020-29568', '-', 'main xen 0: CVE-2020-29568 XSA-349'],
])

testCheckedRows(alpine, { ...release, prettyName: 'Alpine mixed branches' }, feedsOf('3.20'), [
  [
    pkg('go', '1.22.7-r0'),
    'CVE-2024-34156',
    '-',
    'the branch that os-release states is what counts: 1.22.7-r0 there, 1.23.1-r0 in edge',
  ],
])
