import { describe, expect, it } from 'vitest'
import { corpusImages, feeds, readFacts } from '../../../test/support/corpus.ts'
import { judgeBy, rpmPackage as pkg, releaseNamed, testCheckedRows } from '../../../test/support/matched.ts'
import type { Feed } from '../../core/feed.ts'
import { amazon } from './index.ts'

/** Looked up by hand in the updates of 2025-01-30 and 2025-02-07: `zcat updateinfo.xml.gz | xmllint --xpath '//update[id="ALAS2023-2023-359"]' -`. */
function feedsNamed(...ids: readonly string[]): readonly Feed[] {
  return amazon.feeds().filter(({ id }) => ids.includes(id))
}

testCheckedRows(amazon, releaseNamed('amzn', '2023'), feedsNamed('amazon-2023'), [
  [
    pkg('glibc 2.34-52.amzn2023.0.3'),
    'CVE-2023-4911',
    'fixed 2.34-52.amzn2023.0.6 by ALAS2023-2023-359',
    'glibc 2.34-52.amzn2023.0.6',
  ],
  [pkg('glibc 2.34-52.amzn2023.0.6 aarch64'), 'CVE-2023-4911', '-', 'the version itself, on aarch64'],
  [
    pkg('glibc 2.34-52.amzn2023.0.8'),
    'CVE-2024-2961',
    'fixed 2.34-52.amzn2023.0.10 by ALAS2023-2024-589',
    '0.8 < 0.10',
  ],
  [
    pkg('libcurl-minimal 8.3.0-1.amzn2023.0.1'),
    'CVE-2023-38545',
    'fixed 8.3.0-1.amzn2023.0.2 by ALAS2023-2023-377',
    'libcurl-minimal 8.3.0-1.amzn2023.0.2',
  ],
  [pkg('libcurl-minimal 8.3.0-1.amzn2023.0.2'), 'CVE-2023-38545', '-', 'the version itself'],
  [
    pkg('openssl-libs 1:3.0.8-1.amzn2023.0.10 aarch64'),
    'CVE-2024-0727',
    'fixed 1:3.0.8-1.amzn2023.0.11 by ALAS2023-2024-520',
    'the second CVE, on aarch64',
  ],
  [pkg('openssl-libs 1:3.0.8-1.amzn2023.0.14'), 'CVE-2024-2511', '-', 'openssl-libs 1:3.0.8-1.amzn2023.0.12'],
  [
    pkg('openssl-libs 1:3.0.8-1.amzn2023.0.15'),
    'CVE-2024-41996',
    'fixed 1:3.0.8-1.amzn2023.0.16 by ALAS2023-2024-727',
    'openssl-libs 1:3.0.8-1.amzn2023.0.16',
  ],
  [
    pkg('zlib 1.2.11-33.amzn2023.0.4'),
    'CVE-2023-45853',
    'fixed 1.2.11-33.amzn2023.0.5 by ALAS2023-2023-410',
    'zlib 1.2.11-33.amzn2023.0.5',
  ],
  [
    pkg('microcode_ctl 2:2.1-53.amzn2023.0.1'),
    'CVE-2023-23583',
    'fixed 2:2.1-53.amzn2023.0.3 by ALAS2023-2023-436',
    'on x86_64 only',
  ],
  [pkg('microcode_ctl 2:2.1-53.amzn2023.0.1 aarch64'), 'CVE-2023-23583', '-', 'on x86_64 only'],
  [
    pkg('ncurses-base 6.2-4.20200222.amzn2023.0.4 noarch'),
    'CVE-2023-50495',
    'fixed 6.2-4.20200222.amzn2023.0.5 by ALAS2023-2024-466',
    'ncurses-base, noarch',
  ],
  [
    pkg('sqlite-libs 3.40.0-1.amzn2023.0.3'),
    'CVE-2023-7104',
    'fixed 3.40.0-1.amzn2023.0.4 by ALAS2023-2024-490',
    'sqlite-libs 3.40.0-1.amzn2023.0.4',
  ],
  [
    pkg('sqlite-libs 3.40.0-1.amzn2023.0.3'),
    'CVE-2023-36191',
    '-',
    'sqlite-libs 3.40.0-1.amzn2023.0.3: the version itself',
  ],
])

const on2 = feedsNamed(
  'amazon-2',
  'amazon-2-postgresql14',
  'amazon-2-kernel-5.10',
  'amazon-2-livepatch',
  'amazon-2-nginx1',
  'amazon-2-docker',
  'amazon-2-python3.8',
  'amazon-2-redis6',
)

testCheckedRows(amazon, releaseNamed('amzn', '2'), on2, [
  [
    pkg('postgresql 14.11-1.amzn2.0.1'),
    'CVE-2024-7348',
    'fixed 14.13-1.amzn2.0.1 by ALAS2POSTGRESQL14-2024-012',
    'postgresql14: 14.13-1.amzn2.0.1; ALAS2-2025-2733 is of 9.2.24',
  ],
  [
    pkg('postgresql 9.2.24-8.amzn2.0.3'),
    'CVE-2024-7348',
    'fixed 9.2.24-8.amzn2.0.4 by ALAS2-2025-2733',
    'core: 9.2.24-8.amzn2.0.4; ALAS2POSTGRESQL14-2024-012 is of 14',
  ],
  [pkg('postgresql 9.2.24-8.amzn2.0.4'), 'CVE-2024-7348', '-', 'the version itself, although 9.2 < 14.13'],
  [pkg('postgresql 9.2.24-8.amzn2.0.4'), 'CVE-2024-0985', '-', 'ALAS2POSTGRESQL14-2024-006 only'],
  [
    pkg('kernel 5.10.215-203.850.amzn2'),
    'CVE-2024-39480',
    'fixed 5.10.219-208.866.amzn2 by ALAS2KERNEL-5.10-2024-065',
    'kernel-5.10: 5.10.219',
  ],
  [
    pkg('kernel 4.14.348-265.565.amzn2'),
    'CVE-2024-39480',
    'fixed 4.14.349-266.564.amzn2 by ALAS2-2024-2613',
    'core: 4.14.349',
  ],
  [pkg('kernel 4.14.349-266.564.amzn2'), 'CVE-2024-39480', '-', 'the version itself, although 4.14 < 5.10'],
  [
    pkg('kernel-livepatch-4.14.345-262.561 1.0-1.amzn2'),
    'CVE-2024-39480',
    'fixed 1.0-2.amzn2 by ALAS2LIVEPATCH-2024-180',
    'livepatch: 1.0-2.amzn2',
  ],
  [
    pkg('nginx 1:1.22.1-1.amzn2.0.2'),
    'CVE-2023-44487',
    'fixed 1:1.22.1-1.amzn2.0.3 by ALAS2NGINX1-2023-006',
    'nginx1: 1:1.22.1-1.amzn2.0.3',
  ],
  [pkg('nginx 1:1.22.1-1.amzn2.0.3'), 'CVE-2021-23017', '-', 'nginx1: 1:1.20.0-2.amzn2.0.3'],
  [
    pkg('docker 25.0.3-1.amzn2.0.2 aarch64'),
    'CVE-2024-29018',
    'fixed 25.0.6-1.amzn2.0.1 by ALAS2DOCKER-2024-040',
    'docker 25.0.6-1.amzn2.0.1',
  ],
  [
    pkg('python38 3.8.16-1.amzn2.0.5'),
    'CVE-2023-6597',
    'fixed 3.8.16-1.amzn2.0.6 by ALAS2PYTHON3.8-2024-011',
    'python3.8: 3.8.16-1.amzn2.0.6',
  ],
  [
    pkg('redis 6.2.14-2.amzn2'),
    'CVE-2024-46981',
    'fixed 6.2.14-2.amzn2.0.1 by ALAS2REDIS6-2025-011',
    'redis6: 6.2.14-2.amzn2.0.1',
  ],
  [pkg('redis 6.2.14-2.amzn2'), 'CVE-2024-31228', '-', 'redis6: 6.2.14-2.amzn2: the version itself'],
  [
    pkg('vim-minimal 2:9.0.2120-1.amzn2.0.1'),
    'CVE-2024-43802',
    'fixed 2:9.0.2153-1.amzn2.0.2 by ALAS2-2024-2711',
    'vim-minimal 2:9.0.2153-1.amzn2.0.2',
  ],
  [
    pkg('openssl-libs 1:1.0.2k-24.amzn2.0.12'),
    'CVE-2024-0727',
    '-',
    'openssl-libs 1:1.0.2k-24.amzn2.0.12: the version itself; openssl11 is another package',
  ],
])

testCheckedRows(amazon, releaseNamed('amzn', '2018.03'), feedsNamed('amazon-1'), [
  [
    pkg('bash 4.1.2-15.18.amzn1'),
    'CVE-2014-6271',
    'fixed 4.1.2-15.19.amzn1 by ALAS-2014-418',
    'bash 4.1.2-15.19.amzn1',
  ],
  [
    pkg('bash 4.1.2-15.19.amzn1'),
    'CVE-2014-7169',
    'fixed 4.1.2-15.21.amzn1 by ALAS-2014-419',
    'bash 4.1.2-15.21.amzn1',
  ],
  [pkg('bash 4.2.46-34.43.amzn1 i686'), 'CVE-2019-9924', '-', 'bash 4.2.46-34.43.amzn1: the version itself'],
  [
    pkg('glibc 2.17-324.189.amzn1'),
    'CVE-2024-2961',
    'fixed 2.17-324.190.amzn1 by ALAS-2024-1930',
    'glibc 2.17-324.190.amzn1',
  ],
  [
    pkg('openssl 1:1.0.2k-16.162.amzn1 i686'),
    'CVE-2023-0464',
    'fixed 1:1.0.2k-16.163.amzn1 by ALAS-2023-1762',
    'openssl 1:1.0.2k-16.163.amzn1',
  ],
])

const image = 'rpm-amazon2023-sqlite'

describe.skipIf(feeds === undefined || !corpusImages().some(({ name }) => name === image))(
  'its image of the corpus (skipped without CHIARO_FEEDS and CHIARO_CORPUS)',
  () => {
    it.each([
      ['bash', 'CVE-2022-3715', '-'],
      ['expat', 'CVE-2021-45960', '-'],
      ['expat', 'CVE-2024-28757', 'fixed 2.5.0-1.amzn2023.0.4 by ALAS2023-2024-576'],
      ['glibc', 'CVE-2023-4911', 'fixed 2.34-52.amzn2023.0.6 by ALAS2023-2023-359'],
      ['glibc', 'CVE-2022-23219', '-'],
      ['curl-minimal', 'CVE-2023-38545', 'fixed 8.3.0-1.amzn2023.0.2 by ALAS2023-2023-377'],
      ['openssl-libs', 'CVE-2024-6119', 'fixed 1:3.0.8-1.amzn2023.0.15 by ALAS2023-2024-721'],
      ['python3', 'CVE-2023-40217', 'fixed 3.9.16-1.amzn2023.0.5 by ALAS2023-2023-319'],
      ['zlib', 'CVE-2023-45853', 'fixed 1.2.11-33.amzn2023.0.5 by ALAS2023-2023-410'],
    ])('%s %s: %s', async (name, id, expected) => {
      const reported = await judgeBy(amazon, releaseNamed('amzn', '2023'), feedsNamed('amazon-2023'), feeds!)
      const found = readFacts(image).packages.find((each) => each.name === name)!
      const epoch = found.epoch ? `${found.epoch}:` : ''
      expect(reported(pkg(`${name} ${epoch}${found.version}-${found.release} ${found.arch}`), id)).toBe(expected)
    })
  },
)
