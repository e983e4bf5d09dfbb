import { type CheckedRow, releaseNamed, rpmPackage, testCheckedRows } from '../../../test/support/matched.ts'
import { feedOf } from './feed.ts'
import { oracle } from './index.ts'

// Checked against the errata of 2023 (to 2023-10-24): `bzcat com.oracle.elsa-2023.xml.bz2 | grep -n 'comment="glibc is earlier'`;
// the vulnerabilities are in the `reference`s of the definition above it.

const no = '-'
const nodejs = (version: string, stream: string) => rpmPackage(`nodejs ${version}`, { module: `nodejs:${stream}` })
const npm = (version: string, stream: string) => rpmPackage(`npm ${version}`, { module: `nodejs:${stream}` })

function testRows(version: string, rows: readonly CheckedRow[]): void {
  testCheckedRows(oracle, releaseNamed('ol', version), [feedOf(2023)], rows)
}

testRows('8.8', [
  [
    rpmPackage('glibc 2.28-225.0.3.el8'),
    'CVE-2023-4911',
    'fixed 2.28-225.0.4.el8 by ELSA-2023-12851, fixed 2.28-225.0.4.el8_8.6 by ELSA-2023-5455',
    'both errata; those for Ksplice, ELSA-2023-12853 and -12872, are not meant',
  ],
  [
    rpmPackage('glibc 2.28-225.0.4.el8'),
    'CVE-2023-4806',
    'fixed 2.28-225.0.4.el8_8.6 by ELSA-2023-5455',
    'el8 < el8_8.6',
  ],
  [rpmPackage('glibc 2.28-225.0.4.el8_8.6'), 'CVE-2023-4911', no, 'ELSA-2023-5455: the version itself'],
  [
    rpmPackage('curl 7.61.1-30.el8_8.2'),
    'CVE-2023-28321',
    'fixed 7.61.1-30.el8_8.3 by ELSA-2023-4523',
    'ELSA-2023-4523: 8.2 < 8.3',
  ],
  [rpmPackage('curl 7.61.1-30.el8_8.2'), 'CVE-2023-27535', no, 'ELSA-2023-3106: the version itself'],
  [
    rpmPackage('systemd-libs 239-74.0.1.el8_8'),
    'CVE-2023-26604',
    'fixed 239-74.0.4.el8_8.2 by ELSA-2023-3837',
    'ELSA-2023-3837: 74.0.1 < 74.0.4',
  ],
  [rpmPackage('systemd-libs 239-74.0.1.el8_8'), 'CVE-2022-4415', no, 'ELSA-2023-0837 239-68.0.2.el8_7.4'],
  [
    rpmPackage('openssl-libs 1:1.1.1k-7.el8_6'),
    'CVE-2023-0286',
    'fixed 1:1.1.1k-9.el8_7 by ELSA-2023-1405',
    'ELSA-2023-1405, and not the Ksplice one, ELSA-2023-12213 2:1.1.1k-9.ksplice1.el8_7',
  ],
  [
    rpmPackage('sudo 1.8.29-8.el8'),
    'CVE-2023-22809',
    'fixed 1.8.29-8.el8_7.1 by ELSA-2023-0284',
    'ELSA-2023-0284: el8 < el8_7.1',
  ],
  [
    rpmPackage('libxml2 2.9.7-16.el8'),
    'CVE-2023-29469',
    'fixed 2.9.7-16.el8_8.1 by ELSA-2023-4529',
    'ELSA-2023-4529: el8 < el8_8.1',
  ],
  [rpmPackage('libxml2 2.9.7-16.el8'), 'CVE-2022-40303', no, 'ELSA-2023-0173 2.9.7-15.el8_7.1'],
  [
    nodejs('1:16.19.1-1.module+el8.7.0+21021+1eb7f63d', '16'),
    'CVE-2023-44487',
    'fixed 1:16.20.2-3.0.1.module+el8.8.0+21192+e43554c6 by ELSA-2023-5850',
    'ELSA-2023-5850 for nodejs:16; ELSA-2023-5869 is for nodejs:18',
  ],
  [
    nodejs('1:16.20.1-1.module+el8.8.0+21143+178952bb', '16'),
    'CVE-2023-32002',
    'fixed 1:16.20.2-2.module+el8.8.0+21172+0baa0bae by ELSA-2023-5360',
    'ELSA-2023-5360: the stream stands in the title only',
  ],
  [
    npm('1:9.5.0-1.18.14.2.3.module+el8.8.0+21122+857852f8', '18'),
    'CVE-2023-30590',
    'fixed 1:9.5.1-1.18.16.1.1.module+el8.8.0+21140+54ee8b93 by ELSA-2023-4536',
    'ELSA-2023-4536: npm stands outside of the criteria of the module',
  ],
  [
    npm('1:8.19.4-1.16.20.2.3.0.1.module+el8.8.0+21192+e43554c6', '16'),
    'CVE-2023-44487',
    no,
    'ELSA-2023-5850: the version itself; ELSA-2023-5869 (9.8.1) is for nodejs:18',
  ],
  [
    rpmPackage('qemu-kvm 15:7.2.0-4.module+el8.8.0+21147+1292344f', { module: 'virt:kvm_utils3' }),
    'CVE-2023-3354',
    'fixed 15:7.2.0-5.module+el8.8.0+21147+1292344f by ELSA-2023-12855',
    'ELSA-2023-12855, whose title is "kvm_utils3 security update"',
  ],
  [
    rpmPackage('qemu-kvm 15:6.2.0-33.module+el8.8.0+21164+ed375313', { module: 'virt:ol' }),
    'CVE-2023-3354',
    no,
    'ELSA-2023-5264 for virt:ol: the version itself; ELSA-2023-12855 (7.2.0) is for another stream',
  ],
  [
    rpmPackage('kernel-uek 5.4.17-2136.323.8.1.el8uek'),
    'CVE-2023-42753',
    'fixed 5.4.17-2136.323.8.2.el8uek by ELSA-2023-12825, fixed 5.4.17-2136.324.5.3.el8uek by ELSA-2023-12874',
    'the errata for 5.4.17; ELSA-2023-12824 is for 5.15.0',
  ],
  [
    rpmPackage('kernel-uek 5.15.0-105.125.6.2.2.el8uek'),
    'CVE-2023-22024',
    'fixed 5.15.0-106.131.4.el8uek by ELSA-2023-12858',
    'ELSA-2023-12858; ELSA-2023-12798 is older',
  ],
  [rpmPackage('kernel-uek 4.18.0-1.el8'), 'CVE-2023-42753', no, 'of neither branch, 5.4.17 or 5.15.0'],
  [
    rpmPackage('glibc 2:2.28-225.0.3.ksplice1.el8'),
    'CVE-2023-4911',
    'fixed 2:2.28-225.0.4.ksplice1.el8 by ELSA-2023-12853, fixed 2:2.28-225.0.4.ksplice1.el8_8.6 by ELSA-2023-12872',
    'the errata for Ksplice only',
  ],
  [rpmPackage('tar 2:1.30-6.el8_7.1'), 'CVE-2022-48303', no, 'ELSA-2023-0842: the version itself'],
])

testRows('9.2', [
  [
    rpmPackage('curl 7.76.1-23.el9'),
    'CVE-2023-27535',
    'fixed 7.76.1-23.el9_2.1 by ELSA-2023-2650',
    'ELSA-2023-2650 names 23.el9 and 23.el9_2.1: the later one counts',
  ],
  [
    rpmPackage('libcurl 7.76.1-23.el9_2.2 aarch64'),
    'CVE-2023-38545',
    'fixed 7.76.1-23.el9_2.4 by ELSA-2023-5763',
    'ELSA-2023-5763: 2.2 < 2.4',
  ],
  [
    rpmPackage('openssl-libs 1:3.0.7-6.0.1.el9_2'),
    'CVE-2023-2650',
    'fixed 1:3.0.7-16.0.1.el9_2 by ELSA-2023-3722',
    'ELSA-2023-3722: 6.0.1 < 16.0.1',
  ],
  [rpmPackage('openssl-libs 1:3.0.7-6.0.1.el9_2'), 'CVE-2022-3358', no, 'ELSA-2023-2523: the version itself'],
  [rpmPackage('bash 5.1.8-6.el9_1'), 'CVE-2022-3715', no, 'ELSA-2023-0340: the version itself'],
  [
    rpmPackage('nodejs 1:16.20.1-1.el9_2'),
    'CVE-2023-44487',
    'fixed 1:16.20.2-3.0.1.el9_2 by ELSA-2023-5765',
    'ELSA-2023-5765 is for the package outside of modules; ELSA-2023-5849 is for nodejs:18',
  ],
  [
    rpmPackage('postgresql 15.2-1.module+el9.2.0+21100+aaaaaaaa', { module: 'postgresql:15' }),
    'CVE-2023-2454',
    'fixed 15.3-1.module+el9.2.0+21134+ceb95ed9 by ELSA-2023-4327',
    'ELSA-2023-4327, whose title is "15 security update"',
  ],
])

testRows('7.9', [
  [
    rpmPackage('openssl-libs 10:1.0.2k-25.el7_9_fips'),
    'CVE-2023-0286',
    'fixed 10:1.0.2k-26.el7_9_fips by ELSA-2023-12205',
    'ELSA-2023-12205 for FIPS; ELSA-2023-1335 and -12210 are not meant',
  ],
  [
    rpmPackage('openssl-libs 1:1.0.2k-26.el7_9'),
    'CVE-2023-0286',
    no,
    'ELSA-2023-1335: the version itself; those for Ksplice (epoch 2) and FIPS (epoch 10) are not meant',
  ],
  [
    rpmPackage('squid 7:4.15-3.0.2.el7 x86_64'),
    'CVE-2021-46784',
    'fixed 7:4.15-3.0.3.el7_9.1 by ELSA-2023-16656',
    'ELSA-2023-16656 for x86_64',
  ],
  [
    rpmPackage('squid 7:4.15-3.0.1.el7.1 aarch64'),
    'CVE-2021-46784',
    no,
    'ELSA-2023-16656 for aarch64: the version itself',
  ],
])
