import { type CheckedRow, releaseNamed, rpmPackage, testCheckedRows } from '../../../test/support/matched.ts'
import { feedOf } from './feed.ts'
import { azurelinux } from './index.ts'
import { releaseOf } from './releases.ts'

// Checked against the documents of 2024-10-10 (3.0), 2024-01-22 (2.0) and 2024-03-29 (1.0): `grep -n 'CVE-2023-4911 affecting package
// glibc' cbl-mariner-2.0-oval.xml`; the version is in the state that the definition's number leads to, `ste:NUMBER002`.

const no = '-'

/** A package of which the source has the same version. */
const built = (text: string, source?: string) => rpmPackage(text, source === undefined ? {} : { source })

function testRows(id: string, versionId: string, rows: readonly CheckedRow[]): void {
  const release = releaseNamed(id, versionId)
  testCheckedRows(azurelinux, release, [feedOf(releaseOf(release)!)], rows)
}

testRows('azurelinux', '3.0', [
  [built('kernel 6.6.43.1-1.azl3'), 'CVE-2024-42090', 'fixed 6.6.47.1-1.azl3', 'less than 6.6.47.1-1'],
  [built('python3-libs 3.12.3-1.azl3', 'python3'), 'CVE-2024-7592', 'fixed 3.12.3-2.azl3', 'less than 3.12.3-2'],
  [built('python3-libs 3.12.3-1.azl3', 'python3'), 'CVE-2024-0397', no, 'less than 3.12.3-1: the version itself'],
  [built('vim 9.0.2190-4.azl3'), 'CVE-2024-43374', 'fixed 9.0.2190-5.azl3', 'less than 9.0.2190-5'],
  [built('vim 9.0.2190-4.azl3'), 'CVE-2024-41965', no, 'less than 9.0.2190-4: the version itself'],
  [built('golang 1.22.5-1.azl3'), 'CVE-2023-29402', 'fixed 1.22.7-2.azl3', 'less than 1.22.7-2'],
  [built('golang 1.22.5-1.azl3'), 'CVE-2024-24791', no, 'less than 1.22.5-1: the version itself'],
  [built('curl-libs 8.7.1-1.azl3', 'curl'), 'CVE-2024-6874', 'fixed 8.8.0-1.azl3', 'less than 8.8.0-1'],
  [built('openssl-libs 3.3.0-1.azl3', 'openssl'), 'CVE-2024-5535', 'fixed 3.3.0-2.azl3', 'less than 3.3.0-2'],
  [built('openssl-libs 3.3.0-1.azl3', 'openssl'), 'CVE-2023-5678', no, 'less than 1.1.1k-28'],
  [built('krb5 1.21.2-1.azl3'), 'CVE-2024-37371', 'fixed 1.21.3-1.azl3', 'less than 1.21.3-1'],
  [built('xorg-x11-server 1.20.10-5.azl3'), 'CVE-2023-1393', 'fixed 1.20.10-6.azl3', 'less than 6 and less than 4'],
  [built('emacs 29.3-1.azl3'), 'CVE-2024-30204', no, 'less than 29.3.azl3, which has no release'],
  [built('emacs 29.3-1.azl3'), 'CVE-2024-39331', 'fixed 29.4-1.azl3', 'less than 29.4-1'],
  [built('cloud-hypervisor 31.0-1.azl3'), 'CVE-2023-45853', no, 'less than 32.0-2, but Not Applicable'],
  [built('bind-utils 32:9.19.21-1.azl3', 'bind'), 'CVE-2024-1737', 'fixed 9.20.0-1.azl3', 'less than 9.20.0-1'],
  [built('bind-utils 32:9.19.21-1.azl3', 'bind'), 'CVE-2023-4408', no, 'less than 9.19.21-1: the version itself'],
])

testRows('mariner', '2.0', [
  [built('glibc 2.35-4.cm2'), 'CVE-2023-4911', 'fixed 2.35-5.cm2', 'less than 2.35-5'],
  [built('glibc 2.35-5.cm2'), 'CVE-2023-4806', 'fixed 2.35-6.cm2', 'less than 2.35-6'],
  [built('glibc 2.35-5.cm2'), 'CVE-2023-0687', no, 'less than or equal 2.35-6, but Not Applicable'],
  [built('curl-libs 8.3.0-2.cm2', 'curl'), 'CVE-2023-46218', 'fixed 8.5.0-1.cm2', 'less than 8.5.0-1'],
  [built('curl-libs 8.3.0-2.cm2', 'curl'), 'CVE-2023-38545', no, 'less than 8.3.0-2: the version itself'],
  [
    built('moby-engine 20.10.27-1.cm2'),
    'CVE-2023-48795',
    'undetermined (it is fixed, but Microsoft does not state in which version)',
    'less than null',
  ],
  [built('systemd 250.3-9.cm2'), 'CVE-2023-7008', no, 'less than 123'],
  [built('systemd 250.3-9.cm2'), 'CVE-2022-3821', 'fixed 250.3-10.cm2', 'less than 250.3-10: 9 < 10'],
  [built('nghttp2 1.46.0-1.cm2'), 'CVE-2023-44487', no, 'less than " 1.57.0-1", but Not Applicable'],
  [built('golang 1.20.7-2.cm2'), 'CVE-2023-39323', 'fixed 1.20.10-1.cm2', 'less than " 1.20.10-1": 7 < 10'],
  [built('php-cli 8.1.22-2.cm2', 'php'), 'CVE-2007-3205', 'open', 'less than or equal 8.1.22-2, false'],
  [built('podman 4.1.1-4.cm2'), 'CVE-2022-2989', 'fixed 4.1.1-10.cm2', 'Not Applicable to 4.1.1-5, true below -10'],
  [built('buildah 1.18.0-7.cm2'), 'CVE-2022-27651', 'open', 'less than 1.18.0-8, and less than or equal -21, false'],
  [built('guava 25.0-7.cm2'), 'CVE-2020-8908', no, 'less than 25.0-7: the version itself'],
  [built('procmail 3.22-53.cm2'), 'CVE-1999-0475', 'open', 'less than or equal 3.22-53, false'],
  [built('procmail 3.22-53.cm2'), 'CVE-2017-16844', no, 'less than 3.22-53, twice: the version itself'],
  [built('libdwarf 0.9.0-1.cm2'), 'CVE-2019-14249', no, 'less than 0.9.0.cm2, which has no release'],
  [built('python3-libs 3.9.14-8.cm2', 'python3'), 'CVE-2007-4559', 'open', 'less than or equal 3.9.14-8, false'],
  [built('python3-libs 3.9.13-1.cm2', 'python3'), 'CVE-2021-28861', no, 'less than 3.9.13-5, but Not Applicable'],
])

testRows('mariner', '1.0', [
  [
    built('pixman 0.36.0-1.cm1'),
    'CVE-2022-44638',
    'open',
    'less than 0.36.0-3, and less than or equal 0.40.0-3, false',
  ],
  [built('bash 4.4.18-5.cm1'), 'CVE-2019-18276', 'fixed 4.4.18-6.cm1', 'less than 4.4.18-6'],
  [built('bash 4.4.18-5.cm1'), 'CVE-2022-3715', no, 'less than or equal 4.4.23-1, but Not Applicable'],
  [built('openssl 1.1.1k-13.cm1'), 'CVE-2023-0464', 'fixed 1.1.1k-15.cm1', 'less than 1.1.1k-15'],
  [built('unzip 6.0-19.cm1'), 'CVE-2022-0530', 'open', 'less than or equal 6.0-19, false'],
])
