import { releaseNamed, testCheckedRows } from '../../../test/support/matched.ts'
import type { Package } from '../../core/package.ts'
import { wolfiFeed } from './feed.ts'
import { wolfi } from './index.ts'

function pkg(name: string, version: string, origin = name): Package {
  return { type: 'apk', name, version, arch: 'x86_64', source: { name: origin, version } }
}

/** Looked up by hand in the excerpt of 27 packages: `jq '.packages[].pkg | select(.name == "curl")' security.json`. */
testCheckedRows(
  wolfi,
  releaseNamed('wolfi', '20230201'),
  [wolfiFeed],
  [
    [pkg('binutils', '2.39-r1'), 'CVE-2022-38533', 'fixed 2.39-r2', 'binutils 2.39-r2'],
    [pkg('binutils', '2.39-r1'), 'CVE-2022-38126', '-', 'binutils 2.39-r1: the version itself'],
    [pkg('libbrotlicommon1', '1.0.9-r0', 'brotli'), 'CVE-2020-8927', '-', 'brotli 1.0.9-r0: the version itself'],
    [pkg('busybox', '1.35.0-r2'), 'CVE-2022-30065', 'fixed 1.35.0-r3', 'busybox 1.35.0-r3, the second id'],
    [pkg('coreutils', '9.1-r0'), 'CVE-2016-2781', '-', 'coreutils 0: never affected'],
    [pkg('cups-libs', '2.4.1-r0', 'cups'), 'CVE-2022-26691', 'fixed 2.4.2-r0', 'cups 2.4.2-r0'],
    [pkg('libcurl4', '7.85.0-r0', 'curl'), 'CVE-2022-32221', 'fixed 7.86.0-r0', 'curl 7.86.0-r0, the second id'],
    [pkg('libcurl4', '7.86.0-r1', 'curl'), 'CVE-2022-42916', '-', 'curl 7.86.0-r0: r0 < r1'],
    [pkg('dbus', '1.14.2-r0'), 'CVE-2022-42012', 'fixed 1.14.4-r0', 'dbus 1.14.4-r0, the third id'],
    [pkg('libexpat1', '2.4.9-r0', 'expat'), 'CVE-2022-43680', 'fixed 2.5.0-r0', 'expat 2.5.0-r0'],
    [pkg('libexpat1', '2.4.9-r0', 'expat'), 'CVE-2022-40674', '-', 'expat 2.4.9-r0: the version itself'],
    [pkg('flex', '2.6.4-r0'), 'CVE-2019-6293', '-', 'flex 0: never affected'],
    [pkg('freetype', '2.12.0-r1'), 'CVE-2022-27406', 'fixed 2.12.1-r0', 'freetype 2.12.1-r0'],
    [pkg('giflib', '5.2.0-r3'), 'CVE-2022-28506', 'fixed 5.2.1-r0', 'giflib 5.2.1-r0'],
    [pkg('git', '2.38.0-r0'), 'CVE-2022-39260', 'fixed 2.38.1-r0', 'git 2.38.1-r0'],
    [pkg('ld-linux', '2.36-r0', 'glibc'), 'CVE-2022-39046', 'fixed 2.36-r1', 'glibc 2.36-r1: r0 < r1'],
    [pkg('gmp', '6.2.1-r3'), 'CVE-2021-43618', 'fixed 6.2.1-r4', 'gmp 6.2.1-r4'],
    [pkg('go', '1.19.3-r0'), 'CVE-2022-41720', 'fixed 1.19.4-r0', 'go 1.19.4-r0'],
    [pkg('go', '1.19.3-r0'), 'CVE-2022-41716', '-', 'go 1.19.3-r0: the version itself'],
    [pkg('libarchive', '3.6.1-r1'), 'CVE-2022-36227', 'fixed 3.6.1-r2', 'libarchive 3.6.1-r2'],
    [pkg('libxml2', '2.9.14-r0'), 'CVE-2022-40303', 'fixed 2.10.3-r0', 'libxml2 2.10.3-r0: 9 < 10'],
    [pkg('ncurses', '6.3-r0'), 'CVE-2022-29458', '-', 'ncurses 6.3-r0: the version itself'],
    [pkg('libcrypto3', '3.0.5-r0', 'openssl'), 'CVE-2022-3602', 'fixed 3.0.7-r0', 'openssl 3.0.7-r0'],
    [pkg('patch', '2.7.6-r2'), 'CVE-2018-6952', 'fixed 2.7.6-r3', 'patch 2.7.6-r3, the last of seven ids'],
    [pkg('pcre2', '10.39-r0'), 'CVE-2022-1587', 'fixed 10.40-r0', 'pcre2 10.40-r0'],
    [pkg('postgresql-15', '15.1-r0'), 'CVE-2017-8806', '-', 'postgresql-15 0: never affected'],
    [pkg('python3', '3.11.1-r0'), 'CVE-2020-10735', '-', 'python3 3.0.7-r0'],
    [pkg('sqlite-libs', '3.40.0-r0', 'sqlite'), 'CVE-2022-46908', 'fixed 3.40.0-r1', 'sqlite 3.40.0-r1'],
    [pkg('zlib', '1.2.12-r2'), 'CVE-2022-37434', 'fixed 1.2.12-r3', 'zlib 1.2.12-r3'],
    [pkg('zlib', '1.2.12-r2'), 'CVE-2018-25032', '-', 'zlib 1.2.12-r0: r0 < r2'],
    [pkg('apko', '0.10.0-r5'), 'CVE-2023-39325', 'fixed 0.10.0-r6', 'apko 0.10.0-r6'],
    [pkg('apko', '0.10.0-r5'), 'GHSA-jq35-85cj-fj4p', '-', 'apko 0: never affected'],
  ],
)
