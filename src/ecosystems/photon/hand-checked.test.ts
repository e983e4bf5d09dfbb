import { releaseNamed, rpmPackage, testCheckedRows } from '../../../test/support/matched.ts'
import { feedOf } from './feed.ts'
import { photon } from './index.ts'

// Checked against the document of 2020-02-20: `zcat com.vmware.phsa-photon3.xml.gz | grep -n 'comment="curl-libs is earlier'`; the
// vulnerabilities and the number of the advisory are in the `reference`s of the definition above it.

const no = '-'

testCheckedRows(
  photon,
  releaseNamed('photon', '3.0'),
  [feedOf({ number: '3.0' })],
  [
    [rpmPackage('sqlite-libs 3.27.2-4.ph3'), 'CVE-2019-16168', 'fixed 3.27.2-5.ph3 by PHSA-2020:00001', '3.0:0036'],
    [rpmPackage('sqlite-libs 3.27.2-4.ph3'), 'CVE-2019-19923', 'fixed 3.31.1-1.ph3 by PHSA-2020:00004', '3.0:0055'],
    [rpmPackage('sqlite-libs 3.27.2-4.ph3'), 'CVE-2019-8457', no, '3.0:0018 3.27.2-3.ph3'],
    [rpmPackage('sqlite-libs 3.27.2-4.ph3'), 'CVE-2019-9936', no, '3.0:0012 3.27.2-1.ph3'],
    [rpmPackage('curl-libs 7.61.1-4.ph3'), 'CVE-2019-5481', 'fixed 7.61.1-5.ph3 by PHSA-2020:00055', '3.0:0032'],
    [rpmPackage('curl-libs 7.61.1-4.ph3'), 'CVE-2019-5436', no, '3.0:0017: the version itself'],
    [rpmPackage('curl 7.61.1-2.ph3'), 'CVE-2019-3822', 'fixed 7.61.1-3.ph3 by PHSA-2020:00054', '3.0:0002'],
    [rpmPackage('openssl 1.0.2t-1.ph3'), 'CVE-2019-1551', 'fixed 1.0.2u-1.ph3 by PHSA-2020:00197', '3.0:0048: t < u'],
    [rpmPackage('openssl 1.0.2t-1.ph3'), 'CVE-2019-1547', no, '3.0:0032: the version itself'],
    [rpmPackage('nxtgn-openssl 1.1.1d-1.ph3'), 'CVE-2019-1551', 'fixed 1.1.1d-2.ph3 by PHSA-2020:00142', '3.0:0054'],
    [rpmPackage('nxtgn-openssl 1.1.1d-2.ph3'), 'CVE-2019-1551', no, '3.0:0054: the version itself'],
    [rpmPackage('glibc 2.28-2.ph3'), 'CVE-2019-9169', 'fixed 2.28-3.ph3 by PHSA-2020:00206', '3.0:0006'],
    [rpmPackage('glibc 2.28-10.ph3'), 'CVE-2019-9169', no, '3.0:0006: 10 > 3'],
    [rpmPackage('bash 4.4.18-1.ph3'), 'CVE-2019-18276', 'fixed 4.4.18-2.ph3 by PHSA-2020:00140', '3.0:0057'],
    [rpmPackage('python3-libs 3.7.0-6.ph3'), 'CVE-2019-17514', 'fixed 3.7.5-1.ph3 by PHSA-2020:00080', '3.0:0039'],
    [rpmPackage('python3-libs 3.7.0-6.ph3'), 'CVE-2019-16056', 'fixed 3.7.3-3.ph3 by PHSA-2020:00083', '3.0:0030'],
    [rpmPackage('python3-libs 3.7.0-6.ph3'), 'CVE-2019-9740', no, '3.0:0016: the version itself'],
    [rpmPackage('systemd 239-12.ph3'), 'CVE-2019-15718', 'fixed 239-14.ph3 by PHSA-2020:00201', '3.0:0036'],
    [rpmPackage('systemd 239-12.ph3'), 'CVE-2019-6454', no, '3.0:0024: the version itself'],
    [rpmPackage('expat-libs 2.2.6-1.ph3'), 'CVE-2018-20843', 'fixed 2.2.6-2.ph3 by PHSA-2020:00074', '3.0:0026'],
    [rpmPackage('libxml2 2.9.9-1.ph3'), 'CVE-2020-7595', 'fixed 2.9.10-1.ph3 by PHSA-2020:00120', '3.0:0055: 9 < 10'],
    [rpmPackage('libxml2 2.9.9-1.ph3'), 'CVE-2018-9251', no, '3.0:0024: the version itself'],
    [rpmPackage('sudo 1.8.23-2.ph3'), 'CVE-2019-19232', 'fixed 1.8.30-1.ph3 by PHSA-2020:00215', '3.0:0051'],
    [rpmPackage('git 2.23.0-1.ph3'), 'CVE-2019-19604', 'fixed 2.23.1-1.ph3 by PHSA-2020:00097', '3.0:0047'],
    [rpmPackage('nginx 1.15.3-5.ph3'), 'CVE-2019-20372', 'fixed 1.16.1-2.ph3 by PHSA-2020:00218', '3.0:0057'],
    [rpmPackage('nginx 1.15.3-5.ph3'), 'CVE-2018-16843', no, '3.0:0003: the version itself'],
    [rpmPackage('haproxy 1.8.14-2.ph3'), 'CVE-2018-20615', 'fixed 1.8.14-3.ph3 by PHSA-2020:00092', 'no advisory'],
    [rpmPackage('openjre8 1.8.0.212-1.ph3'), 'CVE-2019-2818', 'fixed 1.8.0.222-1.ph3 by PHSA-2020:00221', '3.0:0035'],
    [rpmPackage('linux 4.19.84-1.ph3'), 'CVE-2019-19074', 'fixed 4.19.87-1.ph3 by PHSA-2020:00152', '3.0:0046'],
    [rpmPackage('linux 4.19.84-1.ph3'), 'CVE-2017-15951', no, '3.0:0001 4.9.60-1.ph2, of the release before'],
    [rpmPackage('libarchive 3.3.3-4.ph3'), 'CVE-2019-19221', 'fixed 3.3.3-5.ph3 by PHSA-2020:00136', '3.0:0055'],
    [rpmPackage('docker 18.06.2-2.ph3'), 'CVE-2018-15664', 'fixed 18.06.2-3.ph3 by PHSA-2020:00098', '3.0:0019'],
    [rpmPackage('docker 18.06.2-2.ph3'), 'CVE-2019-5736', no, '3.0:0001 18.06.2-1.ph3'],
  ],
)
