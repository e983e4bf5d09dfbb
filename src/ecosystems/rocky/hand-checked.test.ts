import { releaseNamed, rpmPackage, testCheckedRows } from '../../../test/support/matched.ts'
import type { Package } from '../../core/package.ts'
import { errataFeed } from './feed.ts'
import { rocky } from './index.ts'

/** A package of a source that has the same version, or the one that is given. */
function pkg(text: string, source: string, module?: string): Package {
  const version = source.includes(' ') ? '' : ` ${text.split(' ')[1]}`
  return rpmPackage(text, { source: `${source}${version}`, ...(module === undefined ? {} : { module }) })
}

/** Looked up by hand in the errata of 2025-01-11: `unzip -p all.zip 'RLSA-2024:2722.json' | jq '.related, .affected'`. */
testCheckedRows(
  rocky,
  releaseNamed('rocky', '8.10'),
  [errataFeed],
  [
    [
      pkg('glibc-common 2.28-236.el8_9.12', 'glibc'),
      'CVE-2024-2961',
      'fixed 0:2.28-236.el8_9.13 by RLSA-2024:2722',
      'glibc 2.28-236.el8_9.13',
    ],
    [pkg('glibc-common 2.28-251.el8_10.1', 'glibc'), 'CVE-2024-2961', '-', '236 < 251'],
    [
      pkg('glibc 2.28-251.el8_10.1', 'glibc'),
      'CVE-2024-33602',
      'fixed 0:2.28-251.el8_10.2 by RLSA-2024:3344',
      'glibc 2.28-251.el8_10.2',
    ],
    [
      pkg('openssl-libs 1:1.1.1k-5.el8_5', 'openssl'),
      'CVE-2022-0778',
      'fixed 1:1.1.1k-6.el8_5 by RLSA-2022:1065',
      'openssl 1:1.1.1k-6.el8_5',
    ],
    [pkg('openssl-libs 1:1.1.1k-6.el8_5', 'openssl'), 'CVE-2022-0778', '-', 'the version itself'],
    [pkg('openssl-libs 1:1.1.1k-12.el8_9', 'openssl'), 'CVE-2023-0286', '-', 'openssl 1:1.1.1k-9.el8_7'],
    [
      pkg('perl-libs 4:5.26.3-417.el8_3', 'perl'),
      'CVE-2020-10543',
      'fixed 4:5.26.3-419.el8 by RLSA-2021:1678',
      'perl 4:5.26.3-419.el8',
    ],
    [
      pkg('perl-Errno 1.28-417.el8_3', 'perl 5.26.3-417.el8_3'),
      'CVE-2020-10543',
      'fixed 4:5.26.3-419.el8 by RLSA-2021:1678',
      'perl: the source is 417 < 419',
    ],
    [
      pkg('perl-Errno 1.28-421.el8', 'perl 5.26.3-421.el8'),
      'CVE-2020-10543',
      '-',
      'perl: the source is 421 > 419, although 1.28 < 5.26.3',
    ],
    [
      pkg('sqlite-libs 3.26.0-18.el8_8', 'sqlite'),
      'CVE-2023-7104',
      'fixed 0:3.26.0-19.el8_9 by RLSA-2024:0253',
      'sqlite 3.26.0-19.el8_9',
    ],
    [pkg('sqlite-libs 3.26.0-18.el8_8', 'sqlite'), 'CVE-2020-24736', '-', 'sqlite 3.26.0-18.el8_8: the version itself'],
    [
      pkg('expat 2.2.5-11.el8_9.1', 'expat'),
      'CVE-2024-45491',
      'fixed 0:2.2.5-15.el8_10 by RLSA-2024:6989',
      'expat 2.2.5-15.el8_10',
    ],
    [
      pkg('zlib 1.2.11-18.el8_5', 'zlib'),
      'CVE-2022-37434',
      'fixed 0:1.2.11-19.el8_6 by RLSA-2022:7106',
      'zlib 1.2.11-19.el8_6',
    ],
    [pkg('zlib 1.2.11-18.el8_5', 'zlib'), 'CVE-2018-25032', '-', 'zlib 1.2.11-18.el8_5: the version itself'],
    [
      pkg('krb5-libs 1.18.2-29.el8_10', 'krb5'),
      'CVE-2024-3596',
      'fixed 0:1.18.2-30.el8_10 by RLSA-2024:8860',
      'krb5 1.18.2-30.el8_10',
    ],
    [
      pkg('python3-libs 3.6.8-67.el8_10.rocky.0', 'python3'),
      'CVE-2024-11168',
      'fixed 0:3.6.8-69.el8_10.rocky.0 by RLSA-2024:10779',
      'python3 3.6.8-69.el8_10.rocky.0',
    ],
    [
      pkg('python3-libs 3.6.8-67.el8_10.rocky.0', 'python3'),
      'CVE-2024-6232',
      '-',
      'python3 3.6.8-67.el8_10.rocky.0: the version itself',
    ],
    [
      pkg('ruby-libs 3.1.4-142.module+el8.9.0+1635+ee52d4e0', 'ruby', 'ruby:3.1'),
      'CVE-2024-27280',
      'fixed 0:3.1.5-143.module+el8.10.0+1826+b62220b4 by RLSA-2024:3546',
      'ruby:3.1; RLSA-2024:4499 names no stream, and is 2.5.9',
    ],
    [
      pkg('ruby-libs 2.5.9-111.module+el8.9.0+1536+5f79634e', 'ruby', 'ruby:2.5'),
      'CVE-2024-27280',
      'fixed 0:2.5.9-112.module+el8.10.0+1839+f1f156ae by RLSA-2024:4499',
      'RLSA-2024:4499, which names no stream',
    ],
    [
      pkg('httpd 2.4.37-56.module+el8.8.0+1284+07ef499e.6', 'httpd', 'httpd:2.4'),
      'CVE-2024-27316',
      'fixed 0:2.4.37-62.module+el8.9.0+1436+2b7d5021 by RLSA-2024:1786',
      'httpd:2.4/mod_http2',
    ],
  ],
)

testCheckedRows(
  rocky,
  releaseNamed('rocky', '9.4'),
  [errataFeed],
  [
    [pkg('bash 5.1.8-4.el9', 'bash'), 'CVE-2022-3715', 'fixed 0:5.1.8-6.el9_1 by RLSA-2023:0340', 'bash 5.1.8-6.el9_1'],
    [pkg('bash 5.1.8-6.el9_1', 'bash'), 'CVE-2022-3715', '-', 'the version itself'],
    [
      pkg('libcurl-minimal 7.76.1-23.el9_2.2', 'curl'),
      'CVE-2023-38545',
      'fixed 0:7.76.1-23.el9_2.4 by RLSA-2023:5763',
      'curl 7.76.1-23.el9_2.4',
    ],
    [
      pkg('sudo 1.9.5p2-7.el9', 'sudo'),
      'CVE-2023-22809',
      'fixed 0:1.9.5p2-7.el9_1.1 by RLSA-2023:0282',
      'sudo 1.9.5p2-7.el9_1.1',
    ],
    [
      pkg('kernel-core 5.14.0-427.31.1.el9_4', 'kernel'),
      'CVE-2023-52463',
      'fixed 0:5.14.0-427.35.1.el9_4 by RLSA-2024:6567',
      'kernel 427.35.1; RXSA-2024:6567 is for cloud kernels',
    ],
    [
      pkg('kernel-core 5.14.0-427.35.1.el9_4', 'kernel'),
      'CVE-2023-52463',
      '-',
      'the version itself, although the cloud one is higher',
    ],
    [
      pkg('nodejs 1:16.20.2-4.el9_3', 'nodejs'),
      'CVE-2024-25629',
      'fixed 1:16.20.2-8.el9_4 by RLSA-2024:2910',
      'RLSA-2024:2910, and not RLSA-2024:2853 of nodejs:20',
    ],
    [
      pkg(
        'npm 1:10.5.0-1.20.12.2.2.module+el9.4.0+20281+a6090b05',
        'nodejs 1:20.12.2-2.module+el9.4.0+20281+a6090b05',
        'nodejs:20',
      ),
      'CVE-2024-22018',
      'fixed 1:20.16.0-1.module+el9.4.0+25495+f51dca35 by RLSA-2024:5815',
      'nodejs:20, by the version of the source',
    ],
    [
      pkg('nodejs 1:20.12.2-2.module+el9.4.0+20281+a6090b05', 'nodejs', 'nodejs:20'),
      'CVE-2024-25629',
      '-',
      'RLSA-2024:2853: the version itself',
    ],
    [
      pkg('libxml2 2.9.13-5.el9_3', 'libxml2'),
      'CVE-2024-25062',
      'fixed 0:2.9.13-6.el9_4 by RLSA-2024:2679',
      'libxml2 2.9.13-6.el9_4',
    ],
  ],
)
