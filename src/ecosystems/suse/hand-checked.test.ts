import { type CheckedRow, releaseNamed, rpmPackage as rpm, testCheckedRows } from '../../../test/support/matched.ts'
import { updatesFeed } from './feed.ts'
import { suse } from './index.ts'

// Checked against the updates of 2024 and 2025 (to 2025-02-13): `tar xjf osv.tar.bz2`, then
// `jq '.related, (.affected[] | .package.ecosystem, .ecosystem_specific.binaries[].libcurl4)' osv/SUSE-SU-2024:3926-1.json`.

const no = '-'
const extended = '(needs long-term support (LTSS, ESPOS or SLES for SAP))'

function testRows(id: string, versionId: string, rows: readonly CheckedRow[]): void {
  testCheckedRows(suse, releaseNamed(id, versionId), [updatesFeed], rows)
}

testRows('sles', '15.6', [
  [
    rpm('curl 8.6.0-150600.4.12.1'),
    'CVE-2024-11053',
    'fixed 8.6.0-150600.4.15.1 by SUSE-SU-2024:4288-1',
    'Basesystem 15 SP6: 12 < 15',
  ],
  [
    rpm('libcurl4 8.6.0-150600.4.12.1'),
    'CVE-2025-0725',
    'fixed 8.6.0-150600.4.21.1 by SUSE-SU-2025:0369-1',
    'Basesystem 15 SP6; SUSE-SU-2025:0370-1 is for SP4 and SP5',
  ],
  [rpm('libcurl4 8.6.0-150600.4.12.1'), 'CVE-2024-9681', no, 'SUSE-SU-2024:3925-1: the version itself'],
  [
    rpm('libopenssl3 3.1.4-150600.5.21.1'),
    'CVE-2024-13176',
    'fixed 3.1.4-150600.5.24.1 by SUSE-SU-2025:0430-1',
    'Basesystem 15 SP6; SUSE-SU-2025:0388-1 is for SP4',
  ],
  [rpm('libopenssl3 3.1.4-150600.5.21.1'), 'CVE-2023-50782', no, 'SUSE-SU-2024:3943-1: the version itself'],
  [
    rpm('openssh 9.6p1-150600.6.3.1'),
    'CVE-2024-39894',
    'fixed 9.6p1-150600.6.6.1 by SUSE-SU-2024:2393-1',
    'Basesystem 15 SP6: 3 < 6',
  ],
  [rpm('openssh 9.6p1-150600.6.3.1'), 'CVE-2024-6387', no, 'SUSE-SU-2024:2275-1: the version itself'],
  [
    rpm('libexpat1 2.4.4-150400.3.22.1'),
    'CVE-2024-50602',
    'fixed 2.4.4-150400.3.25.1 by SUSE-SU-2024:4035-1',
    'Basesystem 15 SP6',
  ],
  [
    rpm('php8 8.2.24-150600.3.6.1'),
    'CVE-2024-11236',
    'fixed 8.2.26-150600.3.9.1 by SUSE-SU-2024:4136-1',
    'Web and Scripting 15 SP6',
  ],
  [
    rpm('rsync 3.2.7-150600.3.8.1'),
    'SUSE-SU-2025:0404-1',
    'fixed 3.2.7-150600.3.11.1',
    'Basesystem 15 SP6; the update names no CVE',
  ],
  [rpm('libsqlite3-0 3.39.2-1.1'), 'CVE-2021-36690', no, 'openSUSE-SU-2024:12347-1 is for Tumbleweed only'],
  [
    rpm('wget 1.20.3-150600.19.9.1'),
    'CVE-2021-31879',
    'fixed 1.20.3-150600.19.12.1 by SUSE-SU-2025:0425-1',
    'Basesystem 15 SP6: 9 < 12; SUSE-SU-2025:0366-1 is for Micro 5.5',
  ],
  [rpm('wget 1.20.3-150600.19.9.1'), 'CVE-2024-10524', no, 'SUSE-SU-2024:4145-1: the version itself'],
  [
    rpm('krb5 1.20.1-150600.11.3.1'),
    'CVE-2025-24528',
    'fixed 1.20.1-150600.11.8.1 by SUSE-SU-2025:0401-1',
    'Basesystem 15 SP6; the update names krb5 with another source as well, which is fixed in 20230920.570ea89',
  ],
  [rpm('git-core 2.43.0-150600.3.6.1'), 'CVE-2024-24577', no, 'SUSE-SU-2024:2579-1: the version itself'],
])

testRows('sles', '15.5', [
  [
    rpm('libcurl4 8.0.1-150400.5.56.1'),
    'CVE-2024-11053',
    'fixed 8.0.1-150400.5.59.1 by SUSE-SU-2024:4359-1',
    'Basesystem 15 SP5: 56 < 59',
  ],
  [
    rpm('libcurl4 8.0.1-150400.5.59.1'),
    'CVE-2025-0167',
    `fixed 8.0.1-150400.5.62.1 by SUSE-SU-2025:0370-1 ${extended}`,
    'Server 15 SP5-LTSS and HPC; of the general products the updates of the installer only',
  ],
  [
    rpm('glibc 2.31-150300.68.1'),
    'CVE-2024-2961',
    'fixed 2.31-150300.74.1 by SUSE-SU-2024:1375-1',
    'Basesystem 15 SP5: 68 < 74',
  ],
  [
    rpm('libpython3_11-1_0 3.11.10-150400.9.35.1'),
    'CVE-2024-9287',
    'fixed 3.11.10-150400.9.38.2 by SUSE-SU-2024:3957-1',
    'Module for Python 3 15 SP5',
  ],
  [rpm('libpython3_11-1_0 3.11.10-150400.9.35.1'), 'CVE-2024-6923', no, 'SUSE-SU-2024:3200-1: 3.11.9 < 3.11.10'],
  [
    rpm('xwayland 22.1.5-150500.7.14.1'),
    'CVE-2024-0408',
    'fixed 22.1.5-150500.7.17.1 by SUSE-SU-2024:0212-1',
    'Workstation Extension 15 SP5',
  ],
  [
    rpm('qemu-vgabios 1.16.0_0_gd239552-150500.49.18.1'),
    'CVE-2024-8612',
    'fixed 1.16.0_0_gd239552-150500.49.24.1 by SUSE-SU-2024:3948-1',
    'Server Applications 15 SP5, where qemu itself is 7.1.0',
  ],
  [
    rpm('qemu-vgabios 1.16.0_0_gd239552-150500.49.24.1'),
    'CVE-2024-8612',
    no,
    'SUSE-SU-2024:3948-1: the version itself, though 1.16 is less than the 7.1.0 of qemu',
  ],
])

testRows('sles', '15.4', [
  [
    rpm('libopenssl1_1 1.1.1l-150400.7.72.1'),
    'CVE-2023-50782',
    `fixed 1.1.1l-150400.7.75.1 by SUSE-SU-2024:3872-1 ${extended}`,
    'Server 15 SP4-LTSS',
  ],
  [rpm('libopenssl1_1 1.1.1l-150400.7.72.1'), 'CVE-2024-5535', no, 'SUSE-SU-2024:2927-1: the version itself'],
  [
    rpm('libexpat1 2.4.4-150400.3.12.1'),
    'CVE-2024-28757',
    `fixed 2.4.4-150400.3.17.1 by SUSE-SU-2024:1129-1 ${extended}`,
    'Server 15 SP4-LTSS',
  ],
])

testRows('sles', '12.5', [
  [
    rpm('libopenssl1_1 1.1.1d-2.107.1'),
    'CVE-2024-5535',
    'fixed 1.1.1d-2.110.2 by SUSE-SU-2024:2953-1',
    'Server 12 SP5: 107 < 110',
  ],
  [rpm('wget 1.14-21.16.1'), 'CVE-2024-38428', 'fixed 1.14-21.19.1 by SUSE-SU-2024:2154-1', 'Server 12 SP5'],
  [
    rpm('nodejs16 16.20.2-8.42.1'),
    'CVE-2024-30260',
    'fixed 16.20.2-8.45.1 by SUSE-SU-2024:1836-1',
    'Web and Scripting 12',
  ],
  [rpm('nodejs16 16.20.2-8.42.1'), 'CVE-2024-27983', no, 'SUSE-SU-2024:1305-1: the version itself'],
])

testRows('sle-micro', '5.5', [
  [
    rpm('libopenssl1_1 1.1.1l-150500.17.37.1'),
    'CVE-2024-13176',
    'fixed 1.1.1l-150500.17.40.1 by SUSE-SU-2025:0345-1',
    'Micro 5.5; SUSE-SU-2025:0349-1 is for 15 SP4',
  ],
  [rpm('libopenssl1_1 1.1.1l-150500.17.37.1'), 'CVE-2023-50782', no, 'SUSE-SU-2024:3765-1: the version itself'],
])

testRows('opensuse-leap', '15.6', [
  [
    rpm('apache2 2.4.58-150600.5.18.1'),
    'CVE-2024-38474',
    'fixed 2.4.58-150600.5.23.1 by SUSE-SU-2024:3172-1',
    'Leap 15.6: 18 < 23',
  ],
  [
    rpm('libxml2-2 2.10.3-150500.5.17.1'),
    'CVE-2022-49043',
    'fixed 2.10.3-150500.5.20.1 by SUSE-SU-2025:0348-1',
    'Leap 15.6',
  ],
  [rpm('apache2 2.4.58-150600.5.18.1'), 'CVE-2024-38475', no, 'SUSE-SU-2024:2597-1: the version itself'],
  [
    rpm('bind 9.18.28-150600.3.3.1'),
    'CVE-2024-11187',
    'fixed 9.18.33-150600.3.6.1 by SUSE-SU-2025:0355-1',
    'Leap 15.6: 28 < 33',
  ],
  [rpm('bind 9.18.28-150600.3.3.1'), 'CVE-2024-1737', no, 'SUSE-SU-2024:2636-1: the version itself'],
  [
    rpm('git-core 2.43.0-150600.3.6.1'),
    'CVE-2024-52006',
    'fixed 2.43.0-150600.3.9.1 by SUSE-SU-2025:0116-1',
    'Leap 15.6; SUSE-SU-2025:0144-1 (2.35.3) is for products of 15 SP3 to SP5',
  ],
  [
    rpm('nodejs20 20.18.1-150600.3.6.1'),
    'CVE-2025-23083',
    'fixed 20.18.2-150600.3.9.1 by SUSE-SU-2025:0237-1',
    'Leap 15.6: 18.1 < 18.2',
  ],
  [
    rpm('redis 7.2.4-150600.3.3.1'),
    'CVE-2024-46981',
    'fixed 7.2.4-150600.3.6.1 by SUSE-SU-2025:0163-1',
    'Leap 15.6: 3 < 6',
  ],
  [
    rpm('xen 4.18.3_02-150600.3.6.1'),
    'CVE-2024-45817',
    'fixed 4.18.3_04-150600.3.9.1 by SUSE-SU-2024:3424-1, fixed 4.18.3_06-150600.3.12.1 by SUSE-SU-2024:4163-1',
    'two updates of Leap 15.6 name it',
  ],
  [
    rpm('xen 4.18.3_04-150600.3.9.1'),
    'CVE-2024-45817',
    'fixed 4.18.3_06-150600.3.12.1 by SUSE-SU-2024:4163-1',
    'the second of them: 04 < 06',
  ],
  [rpm('libopenssl3 3.1.4-150600.5.18.1'), 'CVE-2024-6119', no, 'SUSE-SU-2024:3106-1: 15 < 18'],
])

testRows('opensuse-leap', '15.5', [
  [
    rpm('sudo 1.9.12p1-150500.7.7.1'),
    'CVE-2023-42465',
    'fixed 1.9.12p1-150500.7.10.1 by SUSE-SU-2024:0876-1',
    'Leap 15.5: 7 < 10',
  ],
  [
    rpm('systemd 249.16-150400.8.40.1'),
    'CVE-2023-7008',
    'fixed 249.17-150400.8.43.1 by SUSE-SU-2024:3149-1',
    'Leap 15.5: 249.16 < 249.17',
  ],
  [
    rpm('tar 1.34-150000.3.31.1'),
    'CVE-2023-39804',
    'fixed 1.34-150000.3.34.1 by SUSE-SU-2024:0070-1',
    'Leap 15.5: 31 < 34',
  ],
  [
    rpm('runc 1.1.11-150000.58.1'),
    'CVE-2024-21626',
    'fixed 1.1.12-150000.61.2 by SUSE-SU-2024:0459-1',
    'the second update of Leap 15.5 for it: the first, SUSE-SU-2024:0295-1, is installed',
  ],
  [rpm('runc 1.1.12-150000.61.2'), 'CVE-2024-21626', no, 'SUSE-SU-2024:0459-1: the version itself'],
  [
    rpm('libgnutls30 3.7.3-150400.4.41.3'),
    'CVE-2024-28834',
    'fixed 3.7.3-150400.4.44.1 by SUSE-SU-2024:1271-1',
    'Leap 15.5: 41 < 44',
  ],
  [rpm('libexpat1 2.4.4-150400.3.22.1'), 'CVE-2024-45491', no, 'SUSE-SU-2024:3216-1: the version itself'],
  [
    rpm('libcurl4 8.0.1-150400.5.59.1'),
    'CVE-2025-0167',
    no,
    'SUSE-SU-2025:0370-1 is for SP4 and SP5 with long-term support, and does not name Leap 15.5',
  ],
])

testRows('opensuse-leap-micro', '5.5', [
  [
    rpm('podman 4.9.5-150500.3.25.1'),
    'CVE-2024-9676',
    'fixed 4.9.5-150500.3.28.1 by SUSE-SU-2024:3753-1',
    'Leap Micro 5.5: 25 < 28',
  ],
  [rpm('podman 4.9.5-150500.3.25.1'), 'CVE-2024-9407', no, 'SUSE-SU-2024:3741-1: the version itself'],
  [
    rpm('qemu 7.1.0-150500.49.18.1'),
    'CVE-2024-8354',
    'fixed 7.1.0-150500.49.24.1 by SUSE-SU-2024:3948-1',
    'Leap Micro 5.5: 18 < 24',
  ],
])

testRows('opensuse-tumbleweed', '20250201', [
  [rpm('libexpat1 2.6.3-1.1'), 'CVE-2024-50602', 'fixed 2.6.4-1.1 by openSUSE-SU-2024:14477-1', 'Tumbleweed'],
  [rpm('libxml2-2 2.12.7-1.1'), 'CVE-2024-40896', 'fixed 2.12.9-1.1 by openSUSE-SU-2024:14241-1', 'Tumbleweed'],
  [rpm('libxml2-2 2.12.7-1.1'), 'CVE-2024-34459', no, 'openSUSE-SU-2024:13971-1: the version itself'],
  [rpm('nginx 1.27.3-1.1'), 'CVE-2025-23419', 'fixed 1.27.4-1.1 by openSUSE-SU-2025:14737-1', 'Tumbleweed: 3 < 4'],
  [rpm('rsync 3.3.0-1.1'), 'CVE-2024-12084', 'fixed 3.4.1-1.1 by openSUSE-SU-2025:14665-1', 'Tumbleweed'],
  [rpm('go1.23 1.23.5-1.1'), 'CVE-2025-22866', 'fixed 1.23.6-1.1 by openSUSE-SU-2025:14746-1', 'Tumbleweed'],
  [rpm('go1.23 1.23.5-1.1'), 'CVE-2024-45336', no, 'openSUSE-SU-2025:14695-1: the version itself'],
  [rpm('xz 5.6.1-3.1'), 'CVE-2024-3094', 'fixed 5.6.2-1.1 by openSUSE-SU-2024:14017-1', 'Tumbleweed'],
  [
    rpm('runc 1.1.13-1.1'),
    'CVE-2024-45310',
    'fixed 1.2.0~rc3-1.1 by openSUSE-SU-2024:14312-1',
    'Tumbleweed: 1.1.13 < 1.2.0~rc3',
  ],
  [rpm('runc 1.2.0-1.1'), 'CVE-2024-45310', no, 'openSUSE-SU-2024:14312-1: 1.2.0~rc3 < 1.2.0'],
  [rpm('uriparser 0.9.8-1.1'), 'CVE-2024-34402', no, 'openSUSE-SU-2024:13957-1: the version itself'],
])
