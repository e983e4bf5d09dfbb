import { releaseNamed, rpmPackage, testCheckedRows } from '../../../test/support/matched.ts'
import { errataFeed } from './feed.ts'
import { alma } from './index.ts'

/**
 * Looked up by hand in the errata of 2026-08-21: `unzip -p all.zip 'ALSA-2024:5529.json' | jq '.related, (.affected[] | select(.package.name
 * == "curl"))'`.
 */
const pkg = rpmPackage
const nodejs18 = { source: 'nodejs', module: 'nodejs:18' }
const ruby31 = { source: 'ruby', module: 'ruby:3.1' }

testCheckedRows(
  alma,
  releaseNamed('almalinux', '9.4'),
  [errataFeed],
  [
    [pkg('bash 5.1.8-4.el9'), 'CVE-2022-3715', 'fixed 5.1.8-6.el9_1 by ALSA-2023:0340', 'bash 5.1.8-6.el9_1'],
    [pkg('bash 5.1.8-6.el9_1'), 'CVE-2022-3715', '-', 'the version itself'],
    [
      pkg('curl 7.76.1-29.el9_4'),
      'CVE-2024-2398',
      'fixed 7.76.1-29.el9_4.1 by ALSA-2024:5529',
      'curl 7.76.1-29.el9_4.1',
    ],
    [
      pkg('libcurl-minimal 7.76.1-29.el9_4', { source: 'curl' }),
      'CVE-2024-2398',
      'fixed 7.76.1-29.el9_4.1 by ALSA-2024:5529',
      'libcurl-minimal is named as well',
    ],
    [pkg('curl 7.76.1-29.el9_4'), 'CVE-2023-38545', '-', 'curl 7.76.1-26.el9_3.2: 26 < 29'],
    [
      pkg('openssl-libs 1:3.0.7-27.el9', { source: 'openssl' }),
      'CVE-2024-12797',
      'fixed 1:3.2.2-6.el9_5.1 by ALSA-2025:1330',
      'openssl-libs 1:3.2.2-6.el9_5.1',
    ],
    [pkg('openssl-libs 1:3.2.2-6.el9_5.1', { source: 'openssl' }), 'CVE-2024-12797', '-', 'the version itself'],
    [pkg('expat 2.5.0-2.el9_4'), 'CVE-2024-45490', 'fixed 2.5.0-2.el9_4.1 by ALSA-2024:6754', 'expat 2.5.0-2.el9_4.1'],
    [pkg('expat 2.5.0-2.el9_4.1'), 'CVE-2024-45492', '-', 'the third CVE of ALSA-2024:6754'],
    [
      pkg('expat 2.5.0-2.el9_4.1'),
      'CVE-2024-50602',
      'fixed 2.5.0-3.el9_5.1 by ALSA-2024:9541',
      'expat 2.5.0-3.el9_5.1',
    ],
    [
      pkg('systemd 250-12.el9_1.1'),
      'CVE-2022-45873',
      'fixed 250-12.el9_1.3 by ALSA-2023:0954',
      'the second CVE of ALSA-2023:0954',
    ],
    [pkg('systemd 250-12.el9_1.1'), 'CVE-2022-3821', '-', 'systemd 250-12.el9_1.1: the version itself'],
    [
      pkg('systemd 252-32.el9_4'),
      'CVE-2023-7008',
      'fixed 252-32.el9_4.alma.1 by ALSA-2024:2463',
      'systemd 252-32.el9_4.alma.1: a rebuild of theirs',
    ],
    [
      pkg('sudo 1.9.5p2-9.el9'),
      'CVE-2023-28486',
      'fixed 1.9.5p2-10.el9_3 by ALSA-2024:0811',
      'sudo 1.9.5p2-10.el9_3: 9 < 10',
    ],
    [
      pkg('sudo 1.9.5p2-10.el9_3'),
      'CVE-2025-32462',
      'fixed 1.9.5p2-10.el9_6.1 by ALSA-2025:9978',
      'sudo 1.9.5p2-10.el9_6.1',
    ],
    [
      pkg('xz-libs 5.2.5-7.el9', { source: 'xz' }),
      'CVE-2022-1271',
      'fixed 5.2.5-8.el9_0 by ALSA-2022:4940',
      'xz-libs 5.2.5-8.el9_0',
    ],
    [pkg('xz-libs 5.2.5-8.el9_0', { source: 'xz' }), 'CVE-2022-1271', '-', 'the version itself'],
    [
      pkg('glibc 2.34-168.el9_6.14'),
      'CVE-2025-4802',
      'fixed 2.34-168.el9_6.19 by ALSA-2025:8655',
      'glibc 2.34-168.el9_6.19',
    ],
    [
      pkg('nodejs 1:18.20.2-2.module_el9.4.0+100+71fc9528', nodejs18),
      'CVE-2024-22020',
      'fixed 1:18.20.4-1.module_el9.4.0+112+bb28ff81 by ALSA-2024:6147',
      'nodejs:18, and not ALSA-2024:5815 of nodejs:20',
    ],
    [
      pkg('nodejs 1:16.20.2-8.el9_4'),
      'CVE-2024-22018',
      '-',
      'ALSA-2024:5815 is for builds of the module nodejs:20 only',
    ],
  ],
)

testCheckedRows(
  alma,
  releaseNamed('almalinux', '8.10'),
  [errataFeed],
  [
    [
      pkg('openssl-libs 1:1.1.1k-5.el8_5', { source: 'openssl' }),
      'CVE-2022-0778',
      'fixed 1:1.1.1k-6.el8_5 by ALSA-2022:1065',
      'openssl-libs 1:1.1.1k-6.el8_5',
    ],
    [
      pkg('openssl-libs 1:1.1.1k-12.el8_9', { source: 'openssl' }),
      'CVE-2023-0286',
      '-',
      'openssl-libs 1:1.1.1k-9.el8_7',
    ],
    [
      pkg('openssl-libs 1:1.1.1k-12.el8_9', { source: 'openssl' }),
      'CVE-2024-5535',
      'fixed 1:1.1.1k-14.el8_6 by ALSA-2024:7848',
      'openssl-libs 1:1.1.1k-14.el8_6',
    ],
    [
      pkg('perl-Errno 1.28-422.el8', { source: 'perl 5.26.3-422.el8' }),
      'CVE-2025-40909',
      'fixed 1.28-423.el8_10 by ALSA-2025:11805',
      'perl-Errno in its own version, and not ALSA-2026:8096 of perl:5.32',
    ],
    [
      pkg('perl-libs 4:5.32.1-472.module_el8.6.0+2766+8bf0b7ce', { source: 'perl', module: 'perl:5.32' }),
      'CVE-2023-47038',
      'fixed 4:5.32.1-473.module_el8.10.0+3779+d5938d28 by ALSA-2024:3128',
      'perl:5.32',
    ],
    [
      pkg('perl-libs 4:5.26.3-422.el8', { source: 'perl' }),
      'CVE-2023-47038',
      '-',
      'ALSA-2024:3128 is of perl:5.32 only',
    ],
    [
      pkg('ruby 3.1.5-143.module_el8.10.0+3854+1f5e1bfb', ruby31),
      'CVE-2024-49761',
      'fixed 3.1.5-144.module_el8.10.0+3933+43481280 by ALSA-2024:10834',
      'ruby:3.1',
    ],
    [
      pkg('ruby 3.1.5-144.module_el8.10.0+3933+43481280', ruby31),
      'CVE-2024-49761',
      '-',
      'the build itself, lower than that of RHSA-2024:10834',
    ],
    [
      pkg('npm 1:10.7.0-1.18.20.3.1.module_el8.10.0+3880+1', nodejs18),
      'CVE-2024-28863',
      'fixed 1:10.7.0-1.18.20.4.1.module_el8.10.0+3890+5a092792 by ALSA-2024:6148',
      'npm of nodejs:18',
    ],
  ],
)

testCheckedRows(
  alma,
  releaseNamed('almalinux', '10.0'),
  [errataFeed],
  [
    [
      pkg('sudo 1.9.15-8.p5.el10_0.1'),
      'CVE-2025-32463',
      'fixed 1.9.15-8.p5.el10_0.2 by ALSA-2025:11537',
      'sudo 1.9.15-8.p5.el10_0.2',
    ],
    [pkg('sudo 1.9.15-8.p5.el10_0.2'), 'CVE-2025-32462', '-', 'the version itself'],
  ],
)
