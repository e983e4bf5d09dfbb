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
])

testRows('opensuse-tumbleweed', '20250201', [
  [rpm('libexpat1 2.6.3-1.1'), 'CVE-2024-50602', 'fixed 2.6.4-1.1 by openSUSE-SU-2024:14477-1', 'Tumbleweed'],
  [rpm('libxml2-2 2.12.7-1.1'), 'CVE-2024-40896', 'fixed 2.12.9-1.1 by openSUSE-SU-2024:14241-1', 'Tumbleweed'],
  [rpm('libxml2-2 2.12.7-1.1'), 'CVE-2024-34459', no, 'openSUSE-SU-2024:13971-1: the version itself'],
])
