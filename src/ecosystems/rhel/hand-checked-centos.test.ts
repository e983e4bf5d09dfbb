import { type CheckedRow, rpmPackage, testCheckedRows } from '../../../test/support/matched.ts'
import type { Release } from '../../core/package.ts'
import { vexFeed } from './feed.ts'
import { rhel } from './index.ts'

/**
 * CentOS Linux and CentOS Stream, which are judged as RHEL: findings and non-findings checked by hand against the raw documents,
 * `jq '.vulnerabilities[0].product_status, .vulnerabilities[0].remediations' 2024/cve-2024-0727.json`. Versions are of the form that
 * CentOS gives them.
 */
const pkg = rpmPackage
const from = (source: string) => ({ source })
const samba = from('samba')
const postgresql12 = { source: 'postgresql', module: 'postgresql:12' }

function testRows(prettyName: string, versionId: string, rows: readonly CheckedRow[]): void {
  const release: Release = { id: 'centos', versionId, codename: '', prettyName, idLike: ['rhel', 'fedora'], cpe: '' }
  testCheckedRows(rhel, release, [vexFeed], rows)
}

testRows('CentOS Linux 7 (Core)', '7', [
  [
    pkg('expat 2.1.0-15.el7_9'),
    'CVE-2024-50602',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:expat, no_fix_planned "Out of support scope"',
  ],
  [
    pkg('openssl-libs 1:1.0.2k-26.el7_9', from('openssl')),
    'CVE-2024-0727',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:openssl-libs, no_fix_planned "Out of support scope"',
  ],
  [
    pkg('gnutls 3.3.29-9.el7_6'),
    'CVE-2024-28834',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:gnutls, no_fix_planned "Out of support scope"',
  ],
  [
    pkg('libsmbclient 4.10.16-25.el7_9', samba),
    'CVE-2023-4091',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:samba, of which it is built',
  ],
  [
    pkg('samba-client-libs 4.10.16-25.el7_9', samba),
    'CVE-2023-42669',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:samba, of which it is built',
  ],
  [
    pkg('postgresql-libs 9.2.24-9.el7_9', from('postgresql')),
    'CVE-2023-2454',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:postgresql, no_fix_planned "Out of support scope"',
  ],
  [
    pkg('snakeyaml 1.11-10.el7 noarch'),
    'CVE-2022-38752',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:snakeyaml, no_fix_planned "Out of support scope"',
  ],
  [
    pkg('jettison 1.3.3-4.el7 noarch'),
    'CVE-2023-1436',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:jettison, no_fix_planned "Out of support scope"',
  ],
  [
    pkg('mysql-connector-java 1:5.1.25-3.el7 noarch'),
    'CVE-2023-21971',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:mysql-connector-java, no_fix_planned "Out of support scope"',
  ],
  [
    pkg('guava 13.0-6.el7 noarch'),
    'CVE-2023-2976',
    'end-of-life',
    'known_affected red_hat_enterprise_linux_7:guava, no_fix_planned "Out of support scope"',
  ],
  [
    pkg('log4j 1.2.17-18.el7_4 noarch'),
    'CVE-2023-26464',
    'will-not-fix',
    'known_affected red_hat_enterprise_linux_7:log4j, no_fix_planned "Will not fix"',
  ],
  [
    pkg('tomcat-lib 7.0.76-16.el7_9 noarch', from('tomcat')),
    'CVE-2023-24998',
    'open',
    'known_affected red_hat_enterprise_linux_7:tomcat, none_available "Affected"',
  ],
  [
    pkg('rh-postgresql12-postgresql 12.14-1.el7'),
    'CVE-2023-2454',
    'fixed 12.15-1.el7',
    'fixed 7Server-RHSCL-3.8:rh-postgresql12-postgresql-0:12.15-1.el7.x86_64',
  ],
  [
    pkg('rh-postgresql12-postgresql-libs 12.5-1.el7', from('rh-postgresql12-postgresql')),
    'CVE-2023-2455',
    'fixed 12.15-1.el7',
    'fixed 7Server-RHSCL-3.8:rh-postgresql12-postgresql-libs-0:12.15-1.el7.x86_64',
  ],
  [pkg('rh-postgresql12-postgresql 12.15-1.el7'), 'CVE-2023-2454', '-', 'the version itself'],
  [
    pkg('libcurl 7.29.0-59.el7_9.1', from('curl')),
    'CVE-2023-38545',
    '-',
    'known_not_affected red_hat_enterprise_linux_7:libcurl; the fix for 7Server-JBCS is of jbcs-httpd24-libcurl',
  ],
  [
    pkg('libwbclient 4.10.16-25.el7_9', samba),
    'CVE-2023-4154',
    '-',
    'known_not_affected red_hat_enterprise_linux_7:libwbclient',
  ],
  [pkg('ctdb 4.10.16-25.el7_9', samba), 'CVE-2023-42670', '-', 'known_not_affected red_hat_enterprise_linux_7:ctdb'],
  [pkg('perl-FCGI 1:0.74-8.el7'), 'CVE-2025-40907', '-', 'fixed for 7Server-ELS only, which CentOS has not'],
  [
    pkg('eap7-undertow 2.2.20-1.SP1_redhat_00001.1.el7eap noarch'),
    'CVE-2023-1108',
    '-',
    'fixed for 7Server-JBEAP-7.4 only, a product that CentOS has not',
  ],
])

testRows('CentOS Linux 8', '8', [
  [
    pkg('gnutls 3.6.16-4.el8'),
    'CVE-2024-28834',
    'fixed 3.6.16-8.el8_9.3',
    'fixed BaseOS-8.9.0.Z.MAIN:gnutls-0:3.6.16-8.el8_9.3.x86_64; 8.6 and 8.8 are streams, which CentOS has not',
  ],
  [
    pkg('expat 2.2.5-4.el8'),
    'CVE-2024-50602',
    'fixed 2.2.5-16.el8_10',
    'fixed BaseOS-8.10.0.Z.MAIN.EUS:expat-0:2.2.5-16.el8_10.x86_64',
  ],
  [
    pkg('openssl-libs 1:1.1.1k-5.el8_5', from('openssl')),
    'CVE-2024-0727',
    'deferred',
    'known_affected red_hat_enterprise_linux_8:openssl-libs, none_available "Fix deferred"',
  ],
  [
    pkg('compat-openssl10 1:1.0.2o-3.el8'),
    'CVE-2024-0727',
    'deferred',
    'known_affected red_hat_enterprise_linux_8:compat-openssl10, none_available "Fix deferred"',
  ],
  [
    pkg('libsmbclient 4.14.5-2.el8', samba),
    'CVE-2023-3961',
    'open',
    'known_affected red_hat_enterprise_linux_8:samba, none_available "Affected"',
  ],
  [
    pkg('postgresql 12.7-1.module_el8.4.0+850+d9aa4a57', postgresql12),
    'CVE-2023-2454',
    'fixed 12.15-1.module+el8.8.0+19427+d1071523',
    'fixed AppStream-8.8.0.Z.MAIN.EUS:postgresql-0:12.15-1.module+el8.8.0+19427+d1071523.x86_64, of four streams',
  ],
  [
    pkg('libcurl 7.61.1-22.el8', from('curl')),
    'CVE-2023-38545',
    '-',
    'known_not_affected red_hat_enterprise_linux_8:libcurl',
  ],
  [
    pkg('libwbclient 4.14.5-2.el8', samba),
    'CVE-2023-42670',
    '-',
    'known_not_affected red_hat_enterprise_linux_8:libwbclient',
  ],
  [
    pkg('shim-x64 15.4-2.el8_1', from('shim')),
    'CVE-2024-0727',
    '-',
    'known_not_affected red_hat_enterprise_linux_8:shim-x64',
  ],
])

testRows('CentOS Stream 8', '8', [
  [
    pkg('tomcat 1:9.0.62-14.el8 noarch'),
    'CVE-2023-24998',
    'fixed 1:9.0.62-27.el8_9',
    'fixed AppStream-8.9.0.GA:tomcat-1:9.0.62-27.el8_9.noarch',
  ],
  [
    pkg('postgresql 12.12-1.module_el8.7.0+1248+bdb2cff9', postgresql12),
    'CVE-2023-2455',
    'fixed 12.15-1.module+el8.8.0+19427+d1071523',
    'fixed AppStream-8.8.0.Z.MAIN.EUS:postgresql-0:12.15-1.module+el8.8.0+19427+d1071523.x86_64',
  ],
  [
    pkg('postgresql 12.15-1.module_el8.8.0+1300+0a277c66', postgresql12),
    'CVE-2023-2454',
    '-',
    'the release that fixes it: CentOS numbers builds of modules by itself, and lower',
  ],
  [pkg('tomcat 1:9.0.62-30.el8 noarch'), 'CVE-2023-24998', '-', 'later than the fix'],
])

testRows('CentOS Stream 9', '9', [
  [
    pkg('libcurl 7.76.1-23.el9', from('curl')),
    'CVE-2023-38545',
    'fixed 7.76.1-23.el9_2.4',
    'fixed BaseOS-9.2.0.Z.MAIN.EUS:libcurl-0:7.76.1-23.el9_2.4.x86_64, the first that it is older than',
  ],
  [
    pkg('openssl-libs 1:3.0.7-25.el9', from('openssl')),
    'CVE-2024-0727',
    'fixed 1:3.0.7-27.el9',
    'fixed BaseOS-9.4.0.GA:openssl-libs-1:3.0.7-27.el9.x86_64',
  ],
  [
    pkg('gnutls 3.8.3-1.el9'),
    'CVE-2024-28834',
    'fixed 3.8.3-4.el9_4',
    'fixed BaseOS-9.4.0.Z.MAIN.EUS:gnutls-0:3.8.3-4.el9_4.x86_64',
  ],
  [
    pkg('tomcat-lib 1:9.0.62-11.el9 noarch', from('tomcat')),
    'CVE-2023-24998',
    'fixed 1:9.0.62-37.el9_3',
    'fixed AppStream-9.3.0.GA:tomcat-lib-1:9.0.62-37.el9_3.noarch',
  ],
  [pkg('libcurl 7.76.1-28.el9', from('curl')), 'CVE-2023-38545', '-', 'later than the fix of 9.3, 7.76.1-26.el9_3.2'],
  [pkg('openssl-libs 1:3.0.7-27.el9', from('openssl')), 'CVE-2024-0727', '-', 'the version itself'],
])
