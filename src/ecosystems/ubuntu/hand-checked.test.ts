import { releaseNamed, testCheckedRows } from '../../../test/support/matched.ts'
import type { Package, Release } from '../../core/package.ts'
import { ubuntu } from './index.ts'

/** A binary package; its source has the version that is given, or its own. */
function pkg(name: string, version: string, source = name, sourceVersion = version): Package {
  return { type: 'deb', name, version, arch: 'amd64', source: { name: source, version: sourceVersion } }
}

const feedsFor = (release: Release) => ubuntu.coverage(release)!.feeds

function testRows(number: string, title: string, rows: Parameters<typeof testCheckedRows>[3]): void {
  const release = releaseNamed('ubuntu', number)
  testCheckedRows(ubuntu, { ...release, prettyName: `Ubuntu ${number}: ${title}` }, feedsFor(release), rows)
}

const pro = '(needs Ubuntu Pro)'

/**
 * Looked up by hand in the OVAL of 2021-08-31: `bzcat com.ubuntu.xenial.cve.oval.xml.bz2 | grep 'comment="bash package'`, the CVE is in
 * the title above it. More of 16.04, 18.04 and 20.04, with whole images, is in test/e2e/findings.test.ts.
 */
testRows('16.04', 'fix states', [
  [pkg('bash', '4.3-14ubuntu1.4'), 'CVE-2019-18276', 'open', 'bash is affected and needs fixing'],
  [pkg('bash', '4.3-14ubuntu1.3'), 'CVE-2019-9924', 'fixed 4.3-14ubuntu1.4', 'bash … fixed, 4.3-14ubuntu1.4'],
  [pkg('bash', '4.3-14ubuntu1.4'), 'CVE-2019-9924', '-', 'bash … fixed, 4.3-14ubuntu1.4: the version itself'],
  [pkg('sudo', '1.8.16-0ubuntu1.9'), 'CVE-2021-23239', 'fixed 1.8.16-0ubuntu1.10', 'sudo … fixed, 1.10: 9 < 10'],
  [pkg('sudo', '1.8.16-0ubuntu1.9'), 'CVE-2019-14287', '-', 'sudo … fixed, 1.8.16-0ubuntu1.8'],
  [pkg('libc6', '2.23-0ubuntu11', 'glibc'), 'CVE-2020-1752', 'fixed 2.23-0ubuntu11.2', 'glibc … fixed'],
  [pkg('libc6', '2.23-0ubuntu11.2', 'glibc'), 'CVE-2020-10029', '-', 'glibc … fixed, 2.23-0ubuntu11.2'],
  [
    pkg('libc6', '2.23-0ubuntu11.2', 'glibc'),
    'CVE-2021-33574',
    'undetermined',
    'glibc is affected and may need fixing',
  ],
])

// The traps, each with records of the real documents.
testRows(
  '18.04',
  'Debian/Ubuntu advisories are keyed by source package; binary version may differ from source version',
  [
    [
      pkg('libsystemd0', '237-3ubuntu10.37', 'systemd'),
      'CVE-2019-20386',
      'fixed 237-3ubuntu10.38',
      'systemd … fixed, 237-3ubuntu10.38',
    ],
    [
      pkg('linux-image-4.15.0-1039-aws', '9:1', 'linux-aws', '4.15.0-1038.40'),
      'CVE-2019-11091',
      'fixed 4.15.0-1039.41',
      'linux-aws … fixed, 4.15.0-1039.41; the version of the binary package is above it',
    ],
    [
      pkg('systemd', '237-3ubuntu10.37', 'something-else'),
      'CVE-2019-20386',
      '-',
      'a package of that name which is built from something else has not',
    ],
  ],
)

testRows('14.04', 'Ubuntu ESM/Pro', [
  [pkg('sudo', '1.8.9p5-1ubuntu1.4'), 'CVE-2019-14287', `fixed 1.8.9p5-1ubuntu1.5+esm2 ${pro}`, 'sudo … fixed, …+esm2'],
  [pkg('sudo', '1.8.9p5-1ubuntu1.5+esm2'), 'CVE-2019-14287', '-', 'sudo … fixed, …+esm2: with Pro it is installed'],
  [pkg('sudo', '1.8.9p5-1ubuntu1.5+esm2'), 'CVE-2019-18634', `fixed 1.8.9p5-1ubuntu1.5+esm3 ${pro}`, '… +esm3'],
  [
    pkg('libssl1.0.0', '1.0.1f-1ubuntu2.27', 'openssl'),
    'CVE-2019-1543',
    '-',
    'openssl is related … and has been fixed, 1.0.1f-1ubuntu2.27',
  ],
  [pkg('dbus', '1.6.18-0ubuntu4.5'), 'CVE-2020-35512', 'open', 'dbus is affected and needs fixing'],
])

testRows('18.04', 'kernel flavours have fixes of their own', [
  [
    pkg('linux-image-4.15.0-49-generic', '4.15.0-49.53', 'linux-signed'),
    'CVE-2019-11091',
    'fixed 4.15.0-50.54',
    'linux … fixed, 4.15.0-50.54',
  ],
  [
    pkg('linux-image-4.15.0-1031-gcp', '4.15.0-1031.33', 'linux-signed-gcp'),
    'CVE-2019-11091',
    'fixed 4.15.0-1032.34',
    'linux-gcp … fixed, 4.15.0-1032.34; in version 4.15.0-50.54 of linux',
  ],
  [
    pkg('linux-image-4.15.0-1032-gcp', '4.15.0-1032.34', 'linux-signed-gcp'),
    'CVE-2019-0146',
    'end-of-life (was needs-triage now end-of-life)',
    'linux-gcp: … a decision has been made to ignore this issue; linux and linux-aws may need fixing',
  ],
  [pkg('linux-modules-4.15.0-1039-aws', '4.15.0-1039.41', 'linux-aws'), 'CVE-2019-0146', 'undetermined', 'linux-aws'],
  [pkg('linux-modules-4.15.0-1039-aws', '4.15.0-1039.41', 'linux-aws'), 'CVE-2019-11091', '-', 'linux-aws …-1039.41'],
])
