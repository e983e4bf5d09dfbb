import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scan } from '../../src/index.ts'
import { corpus, feeds } from '../support/corpus.ts'
import { writeAlpineRoot, writeDebianRoot } from '../support/roots.ts'

/**
 * Findings and non-findings checked by hand against the raw feeds. Every row: package, vulnerability, what has to be reported of
 * it, and the record of the feed that says so. The roots are written here, so that the versions stay what they are.
 *
 * Debian: `zcat json.gz | jq '.openssl["CVE-2024-6119"].releases.bookworm'`; Alpine: `jq '.packages[].pkg | select(.name == "openssl")'`;
 * Ubuntu: `bzcat … | grep -n 'comment="sudo package'`, the CVE is in the title above it.
 */
type Row = readonly [name: string, id: string, reported: string, record: string]

/** Not reported. */
const no = '-'
const pro = '(needs Ubuntu Pro)'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-findings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `fixed 1.2-3`, `open`, with a note in brackets if there is one; by package and vulnerability. */
async function reported(reference: string): Promise<ReadonlyMap<string, string>> {
  const { findings, gaps } = await scan(reference, {
    database: join(folder, 'chiaro.db'),
    mirror: feeds!,
    offline: true,
    maxDataAge: Number.POSITIVE_INFINITY,
    enrich: false,
  })
  expect(gaps.filter(({ code }) => code !== 'distribution-end-of-life')).toEqual([])
  return new Map(
    findings.map((finding) => {
      const { id, state, fixedIn, note } = finding
      const parts = [state, fixedIn, note === null ? null : `(${note})`]
      return [`${finding.package} ${id}`, parts.filter((part) => part !== null).join(' ')]
    }),
  )
}

function testRows(reference: () => string, rows: readonly Row[]): void {
  let findings: ReadonlyMap<string, string>
  beforeAll(async () => {
    findings = await reported(reference())
  })
  it.each(rows)('%s %s: %s', (name, id, expected) => {
    expect(findings.get(`${name} ${id}`) ?? no).toBe(expected)
  })
}

describe.skipIf(feeds === undefined)('hand-checked findings (skipped without CHIARO_FEEDS)', () => {
  describe('Debian 11', () => {
    const root = join(folder, 'debian-11')
    writeDebianRoot(root, 'ID=debian\nVERSION_ID="11"\nVERSION_CODENAME=bullseye\n', [
      { name: 'libssl1.1', version: '1.1.1v-0~deb11u1', source: 'openssl' },
      { name: 'bsdutils', version: '1:2.36.1-8+deb11u1', source: 'util-linux (2.36.1-8+deb11u1)' },
      { name: 'dmsetup', version: '2:1.02.155-3', source: 'lvm2 (2.02.168-2)' },
      { name: 'libc6', version: '2.31-13+deb11u9', source: 'glibc' },
      { name: 'zlib1g', version: '1:1.2.11.dfsg-2+deb11u2', source: 'zlib' },
      { name: 'redis-server', version: '5:6.0.16-1+deb11u4', source: 'redis' },
      { name: 'chromium', version: '121.0.6167.85-1' },
      { name: 'coreutils', version: '8.32-4+b1', source: 'coreutils (8.32-4)' },
      { name: 'dpkg', version: '1.20.9' },
      { name: 'bind9', version: '1:9.16.22-1~deb11u1', status: 'deinstall ok config-files' },
      { name: 'bash', version: '5.1-2+deb11u1', status: 'hold ok installed' },
    ])
    testRows(
      () => `rootfs:${root}`,
      [
        ['libssl1.1', 'CVE-2024-9143', 'fixed 1.1.1w-0+deb11u2', 'openssl bullseye resolved 1.1.1w-0+deb11u2'],
        ['libssl1.1', 'CVE-2024-13176', 'open', 'openssl bullseye open'],
        ['libssl1.1', 'CVE-2023-3817', no, 'openssl bullseye resolved 1.1.1v-0~deb11u1: the version itself'],
        ['libssl1.1', 'CVE-2024-6119', no, 'openssl has it in bookworm only: 3.0.14-1~deb12u2'],
        // with its own version, the epoch would hide the finding
        ['bsdutils', 'CVE-2024-28085', 'fixed 2.36.1-8+deb11u2', 'util-linux bullseye resolved 2.36.1-8+deb11u2'],
        ['bsdutils', 'CVE-2021-3996', no, 'util-linux bullseye resolved 2.36.1-8+deb11u1'],
        ['bsdutils', 'CVE-2022-0563', 'open', 'util-linux bullseye open, unimportant'],
        ['dmsetup', 'CVE-2020-8991', 'fixed 2.03.01-2', 'lvm2 bullseye resolved 2.03.01-2'],
        ['libc6', 'CVE-2024-33602', 'fixed 2.31-13+deb11u10', 'glibc bullseye resolved 2.31-13+deb11u10: u9 < u10'],
        ['libc6', 'CVE-2024-2961', no, 'glibc bullseye resolved 2.31-13+deb11u9'],
        ['libc6', 'CVE-2023-4911', no, 'glibc bullseye resolved 2.31-13+deb11u7'],
        [
          'zlib1g',
          'CVE-2022-37434',
          no,
          'zlib bullseye resolved 1:1.2.11.dfsg-2+deb11u2: the epoch counts on both sides',
        ],
        ['zlib1g', 'CVE-2023-45853', 'open', 'zlib bullseye open'],
        ['redis-server', 'CVE-2024-46981', 'fixed 5:6.0.16-1+deb11u5', 'redis bullseye resolved 5:6.0.16-1+deb11u5'],
        ['redis-server', 'CVE-2024-31228', no, 'redis bullseye resolved 5:6.0.16-1+deb11u4'],
        ['chromium', 'CVE-2024-0804', 'end-of-life', 'chromium bullseye open, urgency end-of-life'],
        ['coreutils', 'CVE-2016-2781', 'open', 'coreutils bullseye open, low'],
        ['dpkg', 'CVE-2022-1664', 'fixed 1.20.10', 'dpkg bullseye resolved 1.20.10: 9 < 10'],
        [
          'bind9',
          'CVE-2024-11187',
          no,
          'bind9 bullseye resolved 1:9.16.50-1~deb11u3, but only its configuration is left',
        ],
        ['bash', 'CVE-2022-3715', 'open', 'bash bullseye open; a package on hold is installed'],
      ],
    )
  })

  describe('Debian 12', () => {
    const root = join(folder, 'debian-12')
    writeDebianRoot(root, 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', [
      { name: 'libssl3', version: '3.0.14-1~deb12u1', source: 'openssl' },
      { name: 'libldb2', version: '2:2.6.2+samba4.17.12+dfsg-0+deb12u1', source: 'samba (2:4.17.12+dfsg-0+deb12u1)' },
      { name: 'fonts-opensymbol', version: '2:102.12+LibO7.4.7-1+deb12u5', source: 'libreoffice (4:7.4.7-1+deb12u5)' },
      { name: 'zlib1g', version: '1:1.2.13.dfsg-1', source: 'zlib' },
      { name: 'perl-base', version: '5.36.0-7+deb12u1', source: 'perl' },
      { name: 'gcc-12-base', version: '12.2.0-14', source: 'gcc-12' },
      { name: 'libdb5.3', version: '5.3.28+dfsg2-1', source: 'db5.3' },
      { name: 'libgnutls30', version: '3.7.9-2+deb12u1', source: 'gnutls28' },
      { name: 'linux-image-6.1.0-28-amd64', version: '6.1.119-1', source: 'linux-signed-amd64 (6.1.119+1)' },
    ])
    testRows(
      () => `rootfs:${root}`,
      [
        ['libssl3', 'CVE-2024-6119', 'fixed 3.0.14-1~deb12u2', 'openssl bookworm resolved 3.0.14-1~deb12u2'],
        ['libssl3', 'CVE-2024-4741', no, 'openssl bookworm resolved 3.0.14-1~deb12u1'],
        ['libssl3', 'CVE-2024-9143', 'fixed 3.0.15-1~deb12u1', 'openssl bookworm resolved 3.0.15-1~deb12u1'],
        // with its own version, 2:2.6.2 would be older than the fix
        ['libldb2', 'CVE-2023-42669', no, 'samba bookworm resolved 2:4.17.12+dfsg-0+deb12u1'],
        ['fonts-opensymbol', 'CVE-2024-7788', no, 'libreoffice bookworm resolved 4:7.4.7-1+deb12u5'],
        [
          'fonts-opensymbol',
          'CVE-2024-12425',
          'fixed 4:7.4.7-1+deb12u6',
          'libreoffice bookworm resolved 4:7.4.7-1+deb12u6',
        ],
        ['zlib1g', 'CVE-2022-37434', no, 'zlib bookworm resolved 1:1.2.11.dfsg-4.1'],
        ['zlib1g', 'CVE-2023-45853', 'open', 'zlib bookworm open'],
        ['perl-base', 'CVE-2023-47038', no, 'perl bookworm resolved 5.36.0-7+deb12u1'],
        ['perl-base', 'CVE-2023-31484', 'open', 'perl bookworm open'],
        ['gcc-12-base', 'CVE-2023-4039', 'open', 'gcc-12 bookworm open, unimportant'],
        ['libdb5.3', 'CVE-2019-8457', no, 'db5.3 bookworm resolved 5.3.28+dfsg1-0.9: dfsg1 < dfsg2'],
        ['libgnutls30', 'CVE-2024-0567', 'fixed 3.7.9-2+deb12u2', 'gnutls28 bookworm resolved 3.7.9-2+deb12u2'],
        // the tracker speaks of linux, from which the signed kernels are made
        ['linux-image-6.1.0-28-amd64', 'CVE-2025-21694', 'fixed 6.1.128-1', 'linux bookworm resolved 6.1.128-1'],
        ['linux-image-6.1.0-28-amd64', 'CVE-2025-21693', 'open', 'linux bookworm open'],
        ['linux-image-6.1.0-28-amd64', 'CVE-2024-53140', no, 'linux bookworm resolved 6.1.119-1'],
      ],
    )
  })

  describe('Alpine 3.18', () => {
    const root = join(folder, 'alpine-3.18')
    writeAlpineRoot(root, 'ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME="Alpine Linux v3.18"\n', [
      { name: 'libcrypto3', version: '3.1.3-r0', origin: 'openssl' },
      { name: 'ssl_client', version: '1.36.1-r2', origin: 'busybox' },
      { name: 'zlib', version: '1.2.13-r1', origin: 'zlib' },
      { name: 'sqlite-libs', version: '3.41.2-r2', origin: 'sqlite' },
      { name: 'nghttp2-libs', version: '1.57.0-r0', origin: 'nghttp2' },
      { name: 'runc', version: '1.1.4-r6', origin: 'runc' },
    ])
    testRows(
      () => `rootfs:${root}`,
      [
        ['libcrypto3', 'CVE-2023-5363', 'fixed 3.1.4-r0', 'main openssl 3.1.4-r0'],
        ['libcrypto3', 'CVE-2024-0727', 'fixed 3.1.4-r5', 'main openssl 3.1.4-r5'],
        ['libcrypto3', 'CVE-2023-3817', no, 'main openssl 3.1.2-r0'],
        ['libcrypto3', 'CVE-2023-4807', no, 'main openssl 0: never affected'],
        ['ssl_client', 'CVE-2023-42366', 'fixed 1.36.1-r6', 'main busybox 1.36.1-r6'],
        ['ssl_client', 'CVE-2022-48174', no, 'main busybox 1.36.1-r1: r1 < r2'],
        ['ssl_client', 'CVE-2021-42376', no, 'main busybox 0: never affected'],
        ['zlib', 'CVE-2023-45853', no, 'main zlib 0: never affected'],
        ['zlib', 'CVE-2022-37434', no, 'main zlib 1.2.12-r2'],
        ['sqlite-libs', 'CVE-2023-7104', 'fixed 3.41.2-r3', 'main sqlite 3.41.2-r3'],
        ['nghttp2-libs', 'CVE-2023-44487', no, 'main nghttp2 1.57.0-r0: the version itself'],
        ['runc', 'CVE-2023-27561', 'fixed 1.1.4-r7', 'community runc 1.1.4-r7'],
      ],
    )
  })

  describe('Ubuntu 20.04', () => {
    const root = join(folder, 'ubuntu-20.04')
    writeDebianRoot(root, 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="20.04"\nVERSION_CODENAME=focal\n', [
      { name: 'libssl1.1', version: '1.1.1f-1ubuntu2.5', source: 'openssl' },
      { name: 'sudo', version: '1.8.31-1ubuntu1.2' },
      { name: 'gcc', version: '4:9.3.0-1ubuntu2', source: 'gcc-defaults (1.185.1ubuntu2)' },
      { name: 'fig2dev', version: '1:3.2.7a-7ubuntu0.1' },
      { name: 'libc6', version: '2.31-0ubuntu9.2', source: 'glibc' },
      { name: 'bsdutils', version: '1:2.34-0.1ubuntu9.1', source: 'util-linux (2.34-0.1ubuntu9.1)' },
      { name: 'tar', version: '1.30+dfsg-7' },
      { name: 'bind9', version: '1:9.16.1-0ubuntu2.2', status: 'deinstall ok config-files' },
    ])
    testRows(
      () => `rootfs:${root}`,
      [
        ['libssl1.1', 'CVE-2021-3712', 'fixed 1.1.1f-1ubuntu2.8', 'openssl: was vulnerable but has been fixed, 2.8'],
        ['libssl1.1', 'CVE-2021-23841', no, 'openssl: was vulnerable but has been fixed, 1.1.1f-1ubuntu2.2'],
        ['libssl1.1', 'CVE-2018-5407', no, 'openssl: is related … and has been fixed, 1.1.1-1ubuntu2'],
        ['sudo', 'CVE-2021-3156', no, 'sudo: was vulnerable but has been fixed, 1.8.31-1ubuntu1.2'],
        ['sudo', 'CVE-2021-23240', 'undetermined', 'sudo: is affected and may need fixing'],
        ['gcc', 'CVE-2020-13844', 'deferred', 'gcc-defaults: a decision has been made to defer addressing it'],
        [
          'fig2dev',
          'CVE-2019-19555',
          'fixed 1:3.2.7b-3 (the update with the fix is not published yet)',
          'fig2dev: an update … is pending publication, 1:3.2.7b-3',
        ],
        ['fig2dev', 'CVE-2019-14275', no, 'fig2dev: is related … and has been fixed, 1:3.2.7a-7'],
        ['libc6', 'CVE-2019-1010022', 'will-not-fix', 'glibc: a decision has been made to ignore this issue'],
        ['libc6', 'CVE-2020-1751', no, 'glibc: is related … and has been fixed, 2.31-0ubuntu9'],
        ['bsdutils', 'CVE-2021-37600', 'undetermined', 'util-linux: is affected and may need fixing'],
        ['bsdutils', 'CVE-2018-7738', no, 'util-linux: is related … and has been fixed, 2.33.1-0.1ubuntu2'],
        ['tar', 'CVE-2019-9923', 'fixed 1.30+dfsg-7ubuntu0.20.04.1', 'tar: was vulnerable but has been fixed'],
        ['bind9', 'CVE-2020-8625', no, 'bind9: … fixed, 1:9.16.1-0ubuntu2.6, but only its configuration is left'],
      ],
    )
  })

  describe('Ubuntu 18.04', () => {
    const root = join(folder, 'ubuntu-18.04')
    writeDebianRoot(root, 'ID=ubuntu\nVERSION_ID="18.04"\nVERSION_CODENAME=bionic\n', [
      { name: 'libssl1.1', version: '1.1.1-1ubuntu2.1~18.04.6', source: 'openssl' },
      { name: 'apt', version: '1.6.12ubuntu0.1' },
      { name: 'libdns1100', version: '1:9.11.3+dfsg-1ubuntu1.12', source: 'bind9' },
      { name: 'sigil', version: '0.9.9+dfsg-1' },
      { name: 'tar', version: '1.29b-2ubuntu0.2' },
      { name: 'sudo', version: '1.8.21p2-3ubuntu1', status: 'deinstall ok config-files' },
      { name: 'curl', version: '7.58.0-2ubuntu3.12', status: 'hold ok installed' },
      { name: 'libc6', version: '2.27-3ubuntu1', source: 'glibc' },
    ])
    testRows(
      () => `rootfs:${root}`,
      [
        ['libssl1.1', 'CVE-2020-1971', 'fixed 1.1.1-1ubuntu2.1~18.04.7', 'openssl: was vulnerable but has been fixed'],
        ['libssl1.1', 'CVE-2019-1551', no, 'openssl: … fixed, 1.1.1-1ubuntu2.1~18.04.6'],
        ['apt', 'CVE-2020-27350', 'fixed 1.6.12ubuntu0.2', 'apt: was vulnerable but has been fixed'],
        ['apt', 'CVE-2020-3810', no, 'apt: … fixed, 1.6.12ubuntu0.1'],
        ['libdns1100', 'CVE-2020-8622', 'fixed 1:9.11.3+dfsg-1ubuntu1.13', 'bind9: was vulnerable but has been fixed'],
        ['libdns1100', 'CVE-2020-8617', no, 'bind9: … fixed, 1:9.11.3+dfsg-1ubuntu1.12'],
        ['sigil', 'CVE-2019-14452', `fixed 0.9.9+dfsg-1ubuntu0.1~esm1 ${pro}`, 'sigil: … fixed, …~esm1'],
        ['tar', 'CVE-2021-20193', 'undetermined', 'tar: is affected and may need fixing'],
        ['tar', 'CVE-2018-20482', no, 'tar: … fixed, 1.29b-2ubuntu0.2'],
        ['sudo', 'CVE-2021-3156', no, 'sudo: … fixed, 1.8.21p2-3ubuntu1.4, but only its configuration is left'],
        ['curl', 'CVE-2021-22876', 'fixed 7.58.0-2ubuntu3.13', 'curl: was vulnerable but has been fixed'],
        ['curl', 'CVE-2020-8286', no, 'curl: … fixed, 7.58.0-2ubuntu3.12'],
        ['libc6', 'CVE-2019-6488', 'will-not-fix', 'glibc: a decision has been made to ignore this issue'],
        ['libc6', 'CVE-2018-6485', no, 'glibc: is related … and has been fixed, 2.27-3ubuntu1'],
      ],
    )
  })

  describe('Ubuntu 16.04', () => {
    const root = join(folder, 'ubuntu-16.04')
    writeDebianRoot(root, 'ID=ubuntu\nVERSION_ID="16.04"\nVERSION_CODENAME=xenial\n', [
      { name: 'libssl1.0.0', version: '1.0.2g-1ubuntu4.20', source: 'openssl' },
    ])
    testRows(
      () => `rootfs:${root}`,
      [
        ['libssl1.0.0', 'CVE-2021-3712', `fixed 1.0.2g-1ubuntu4.20+esm1 ${pro}`, 'openssl: … fixed, 4.20+esm1'],
        ['libssl1.0.0', 'CVE-2021-23841', no, 'openssl: … fixed, 1.0.2g-1ubuntu4.19'],
      ],
    )
  })
})

/** Images whose versions never change, and statements that hold for every version of a Debian release. */
const imageRows: Readonly<Record<string, readonly Row[]>> = {
  'apk-synthetic': [
    ['libssl3', 'CVE-2023-2650', 'fixed 3.1.1-r0', 'v3.18 main openssl 3.1.1-r0; installed is 3.1.0-r4'],
    ['libssl3', 'CVE-2023-1255', no, 'v3.18 main openssl 3.1.0-r4'],
    ['libssl3', 'CVE-2022-2274', no, 'v3.18 main openssl 0: never affected'],
    ['busybox-binsh', 'CVE-2022-48174', 'fixed 1.36.1-r1', 'v3.18 main busybox 1.36.1-r1; installed is 1.36.0-r9'],
    ['nghttp2-libs', 'CVE-2023-44487', 'fixed 1.57.0-r0', 'v3.18 main nghttp2 1.57.0-r0; installed is 1.53.0-r0'],
    ['libcurl', 'CVE-2023-38545', 'fixed 8.4.0-r0', 'v3.18 main curl 8.4.0-r0; installed is 8.0.1-r2'],
    ['musl', 'CVE-2020-28928', no, 'v3.18 main musl 1.2.2_pre2-r0; installed is 1.2.4-r0'],
  ],
  'real-alpine-3.10': [
    ['libssl1.1', 'CVE-2020-1967', 'fixed 1.1.1g-r0', 'v3.10 main openssl 1.1.1g-r0; installed is 1.1.1d-r2'],
    ['libssl1.1', 'CVE-2019-1551', no, 'v3.10 main openssl 1.1.1d-r2'],
    ['ssl_client', 'CVE-2021-28831', 'fixed 1.30.1-r5', 'v3.10 main busybox 1.30.1-r5; installed is 1.30.1-r3'],
    ['musl-utils', 'CVE-2020-28928', 'fixed 1.1.22-r4', 'v3.10 main musl 1.1.22-r4; installed is 1.1.22-r3'],
    ['musl-utils', 'CVE-2019-14697', no, 'v3.10 main musl 1.1.22-r3'],
  ],
  'real-alpine-3.11': [
    ['apk-tools', 'CVE-2021-36159', 'fixed 2.10.7-r0', 'v3.11 main apk-tools 2.10.7-r0; installed is 2.10.4-r3'],
    ['zlib', 'CVE-2022-37434', 'fixed 1.2.11-r4', 'v3.11 main zlib 1.2.11-r4; installed is 1.2.11-r3'],
    ['busybox', 'CVE-2021-42373', no, 'v3.11 main busybox 0: never affected'],
    ['busybox', 'CVE-2021-42374', 'fixed 1.31.1-r11', 'v3.11 main busybox 1.31.1-r11; installed is 1.31.1-r9'],
  ],
  'debian-11-slim': [
    ['zlib1g', 'CVE-2023-45853', 'open', 'zlib bullseye open'],
    ['libdb5.3', 'CVE-2019-8457', 'open', 'db5.3 bullseye open'],
    ['coreutils', 'CVE-2016-2781', 'open', 'coreutils bullseye open, low'],
    ['bsdutils', 'CVE-2018-7738', no, 'util-linux bullseye resolved 2.31.1-0.5; bullseye began with 2.36.1'],
    ['zlib1g', 'CVE-2016-9843', no, 'zlib bullseye resolved 1:1.2.8.dfsg-3; bullseye began with 1:1.2.11.dfsg-2'],
  ],
  'debian-12-slim': [
    ['perl-base', 'CVE-2011-4116', 'open', 'perl bookworm open, unimportant'],
    ['tar', 'CVE-2005-2541', 'open', 'tar bookworm open, unimportant'],
    ['gcc-12-base', 'CVE-2023-4039', 'open', 'gcc-12 bookworm open, unimportant'],
    ['libdb5.3', 'CVE-2019-8457', no, 'db5.3 bookworm resolved 5.3.28+dfsg1-0.9; bookworm began with 5.3.28+dfsg2-1'],
    ['libgmp10', 'CVE-2021-43618', no, 'gmp bookworm resolved 2:6.2.1+dfsg-3; bookworm began with 2:6.2.1+dfsg1-1.1'],
  ],
}

describe.skipIf(feeds === undefined || corpus === undefined)(
  'hand-checked findings of images (skipped without CHIARO_FEEDS and CHIARO_CORPUS)',
  () => {
    for (const [image, rows] of Object.entries(imageRows)) {
      const layout = join(corpus ?? '', image)
      describe.skipIf(!existsSync(layout))(`${image} (skipped where the corpus has no such image)`, () => {
        testRows(() => `oci-layout:${layout}`, rows)
      })
    }
  },
)
