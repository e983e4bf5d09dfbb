import { beforeAll, describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { reportOf } from '../../../test/support/reports.ts'
import type { Release } from '../../core/package.ts'
import type { IndexedPackage } from '../../core/report.ts'
import type { Store } from '../../core/store.ts'
import { createSpools } from '../../io/spools.ts'
import { matchIndex } from '../../scan/match-index.ts'
import { openStore } from '../../store/open.ts'
import { updateFeeds } from '../../update/update.ts'
import { rhel } from './index.ts'

/**
 * Findings and non-findings checked by hand against the raw documents. Every row: package, version, vulnerability, what has to
 * be reported of it, and where in the document that stands: `jq '.vulnerabilities[0].product_status' 2024/cve-2024-0727.json`,
 * then the remediation that names the product. The documents are an excerpt, of several years, each with its own date.
 */
type Row = readonly [pkg: string, id: string, reported: string, record: string]

/** Not reported. */
const no = '-'

const mainline9 = ['rhel-9-for-x86_64-baseos-rpms', 'rhel-9-for-x86_64-appstream-rpms']
const mainline8 = ['rhel-8-for-x86_64-baseos-rpms', 'rhel-8-for-x86_64-appstream-rpms']
const eus = (major: number, minor: string) =>
  ['baseos', 'appstream'].map((name) => `rhel-${major}-for-x86_64-${name}-eus-rpms__${minor}`)

function release(id: string, versionId: string, prettyName: string): Release {
  return { id, versionId, codename: '', prettyName, idLike: [], cpe: '' }
}

const rhel9 = release('rhel', '9.2', 'Red Hat Enterprise Linux 9.2 (Plow)')
const rhel8 = release('rhel', '8.8', 'Red Hat Enterprise Linux 8.8 (Ootpa)')

/** `openssl-libs 1:3.0.7-6.el9_2`, with its source in round brackets if it is called otherwise, and its module in square ones. */
function packageOf(text: string, repositories: readonly string[]): IndexedPackage {
  const [, name, version, source = name, module] = /^(\S+) (\S+)(?: \((\S+)\))?(?: \[(\S+)\])?$/.exec(text)!
  const type = name!.includes('/') ? 'oci' : 'rpm'
  return {
    ...{ type, name: name!, version: version!, arch: 'x86_64', source: { name: source!, version: version! } },
    ...{ purl: '', path: 'var/lib/rpm/rpmdb.sqlite', layer: 0 },
    ...(module === undefined ? {} : { module }),
    ...(repositories.length === 0 ? {} : { repositories }),
  }
}

describe.skipIf(feeds === undefined)('hand-checked findings (skipped without CHIARO_FEEDS)', () => {
  let store: Store
  beforeAll(async () => {
    store = await openStore('sqlite::memory:')
    const outcomes = await updateFeeds(rhel.feeds(), {
      store: store.advisories,
      lock: store.lock,
      spools: createSpools({ mirror: feeds!, offline: true }),
      ...{ maxAge: undefined, force: false, signal: new AbortController().signal, progress: () => {}, now: new Date() },
    })
    expect(outcomes.map(({ outcome, result }) => `${outcome} ${result?.gaps.length}`)).toEqual(
      Array(3).fill('imported 0'),
    )
    return () => store[Symbol.asyncDispose]()
  }, 60_000)

  /** What is reported of one package in an image of a release, whose only layer has these repositories. */
  async function reported(os: Release, repositories: readonly string[], text: string, id: string): Promise<string> {
    const { image } = reportOf()
    const index = { image, release: os, packages: [packageOf(text, repositories)], gaps: [] }
    const options = {
      ecosystems: [rhel],
      enrichers: [],
      enrich: false,
      kept: undefined,
      asOf: undefined,
      advisories: store.advisories,
      maxDataAge: Infinity,
      now: new Date(),
      version: '1',
    }
    const { findings, gaps } = await matchIndex(index, options)
    expect(gaps.filter(({ code }) => code !== 'distribution-end-of-life' && code !== 'release-without-data')).toEqual(
      [],
    )
    const found = findings.filter((finding) => finding.id === id)
    expect(found.length).toBeLessThan(2)
    return found.map(({ state, fixedIn }) => [state, fixedIn].filter(Boolean).join(' '))[0] ?? no
  }

  function testRows(os: Release, repositories: readonly string[], rows: readonly Row[]): void {
    it.each(rows)('%s %s: %s', async (text, id, expected) => {
      expect(await reported(os, repositories, text, id)).toBe(expected)
    })
  }

  describe('RHEL 9, mainline', () => {
    testRows(rhel9, mainline9, [
      [
        'libcurl 7.76.1-23.el9_2.1 (curl)',
        'CVE-2023-38545',
        'fixed 7.76.1-23.el9_2.4',
        'fixed BaseOS-9.2.0.Z.MAIN.EUS:libcurl-0:7.76.1-23.el9_2.4.x86_64',
      ],
      [
        'openssl-libs 1:3.0.7-6.el9_2 (openssl)',
        'CVE-2024-0727',
        'fixed 1:3.0.7-27.el9',
        'fixed BaseOS-9.4.0.GA:openssl-libs-1:3.0.7-27.el9.x86_64',
      ],
      ['openssl-libs 1:3.0.7-27.el9 (openssl)', 'CVE-2024-0727', no, 'the version itself'],
      [
        'expat 2.5.0-1.el9',
        'CVE-2024-50602',
        'fixed 2.5.0-3.el9_5.1',
        'fixed BaseOS-9.5.0.Z.MAIN:expat-0:2.5.0-3.el9_5.1.x86_64',
      ],
      [
        'tomcat 1:9.0.62-11.el9_2.3',
        'CVE-2023-24998',
        'fixed 1:9.0.62-37.el9_3',
        'fixed AppStream-9.3.0.GA:tomcat-1:9.0.62-37.el9_3.noarch',
      ],
      [
        'edk2-ovmf 20230301gitf80f052277c8-5.el9 (edk2)',
        'CVE-2024-0727',
        'fixed 20240524-6.el9_5',
        'fixed AppStream-9.5.0.GA:edk2-ovmf-0:20240524-6.el9_5.noarch',
      ],
      [
        'postgresql 13.10-1.el9',
        'CVE-2023-2454',
        'fixed 13.11-1.el9_2',
        'fixed AppStream-9.2.0.Z.MAIN.EUS:postgresql-0:13.11-1.el9_2.x86_64',
      ],
      [
        'libsmbclient 4.17.5-102.el9 (samba)',
        'CVE-2023-3961',
        'open',
        'known_affected red_hat_enterprise_linux_9:samba, none_available "Affected"',
      ],
      [
        'libsmbclient 4.17.5-102.el9 (samba)',
        'CVE-2023-4154',
        no,
        'known_not_affected red_hat_enterprise_linux_9:libsmbclient',
      ],
      [
        'log4j 1.2.17-34.el9',
        'CVE-2023-34454',
        'will-not-fix',
        'known_affected red_hat_enterprise_linux_9:log4j, no_fix_planned "Will not fix"',
      ],
      ['log4j 1.2.17-34.el9', 'CVE-2023-34453', no, 'known_not_affected red_hat_enterprise_linux_9:log4j'],
      [
        'compat-openssl11 1:1.1.1k-4.el9_0',
        'CVE-2024-0727',
        'deferred',
        'known_affected red_hat_enterprise_linux_9:compat-openssl11, none_available "Fix deferred"',
      ],
      ['shim-x64 15.6-1.el9 (shim)', 'CVE-2024-0727', no, 'known_not_affected red_hat_enterprise_linux_9:shim-x64'],
      [
        'guava 28.1-4.el9',
        'CVE-2023-2976',
        'open',
        'known_affected red_hat_enterprise_linux_9:guava, none_available "Affected"',
      ],
      [
        'perl-FCGI 1:0.79-8.el9_4.1',
        'CVE-2025-40907',
        'fixed 1:0.79-8.1.el9_6',
        'AppStream-9.6.0.Z.MAIN.EUS:…0.79-8.1.el9_6; 0.79-8.el9_4.1 fixes it in the stream 9.4, which is not enabled',
      ],
    ])
  })

  describe('RHEL 8, mainline', () => {
    testRows(rhel8, mainline8, [
      [
        'gnutls 3.6.16-6.el8_7',
        'CVE-2024-28834',
        'fixed 3.6.16-8.el8_9.3',
        'fixed BaseOS-8.9.0.Z.MAIN:gnutls-0:3.6.16-8.el8_9.3.x86_64',
      ],
      [
        'libcurl 7.61.1-30.el8_8.3 (curl)',
        'CVE-2023-38545',
        no,
        'known_not_affected red_hat_enterprise_linux_8:libcurl',
      ],
      [
        'openssl-libs 1:1.1.1k-9.el8_7 (openssl)',
        'CVE-2024-0727',
        'deferred',
        'known_affected red_hat_enterprise_linux_8:openssl-libs, none_available "Fix deferred"',
      ],
      [
        'edk2-ovmf 20220126gitbb1bba3d77-4.el8 (edk2)',
        'CVE-2024-0727',
        'will-not-fix',
        'known_affected red_hat_enterprise_linux_8:edk2-ovmf, no_fix_planned "Will not fix"',
      ],
      [
        'expat 2.2.5-16.el8_10',
        'CVE-2024-50602',
        no,
        'fixed BaseOS-8.10.0.Z.MAIN.EUS:expat-0:2.2.5-16.el8_10.x86_64: the version itself',
      ],
    ])
  })

  describe('RHEL 10, whose CPE names are those of its minor releases', () => {
    testRows(
      release('rhel', '10.0', 'Red Hat Enterprise Linux 10.0 (Coughlan)'),
      [],
      [
        [
          'perl-FCGI 1:0.82-13.el10',
          'CVE-2025-40907',
          'fixed 1:0.82-13.1.el10_0',
          'fixed AppStream-10.0.Z:perl-FCGI-1:0.82-13.1.el10_0.x86_64',
        ],
      ],
    )
  })

  describe('a container, by its labels', () => {
    testRows(rhel8, mainline8, [
      [
        'rh-sso-7/sso76-openshift-rhel8 7.6-20',
        'CVE-2022-38752',
        'fixed 7.6-22',
        'fixed 8Base-RHOSE-Middleware:rh-sso-7/sso76-openshift-rhel8@sha256:9079…, tag 7.6-22',
      ],
      ['rh-sso-7/sso76-openshift-rhel8 7.6-22', 'CVE-2022-38752', no, 'the tag itself'],
      [
        'devspaces/udi-rhel8 3.8-5',
        'CVE-2022-38752',
        'open',
        'known_affected red_hat_openshift_dev_spaces:devspaces/udi-rhel8, none_available "Affected"',
      ],
    ])
  })

  describe('trap: missing epoch', () => {
    testRows(rhel9, mainline9, [
      [
        'openssl 1:3.0.7-28.el9',
        'CVE-2024-0727',
        no,
        'the epoch stands in the purl and in the rpm database, and counts',
      ],
      ['openssl 3.0.7-28.el9', 'CVE-2024-0727', 'fixed 1:3.0.7-27.el9', 'no epoch is epoch 0, as for rpm itself'],
    ])
  })

  describe('trap: several RHSAs for one CVE', () => {
    testRows(rhel9, mainline9, [
      ['curl 7.76.1-23.el9_2.4', 'CVE-2023-38545', no, 'RHSA-2023:5763 fixes 9.2 by 7.76.1-23.el9_2.4'],
      [
        'curl 7.76.1-26.el9',
        'CVE-2023-38545',
        'fixed 7.76.1-26.el9_3.2',
        'RHSA-2023:6745 fixes 9.3 by 7.76.1-26.el9_3.2',
      ],
      ['gnutls 3.7.6-23.el9_3.4', 'CVE-2024-28834', no, 'RHSA-2024:1879 fixes 9.3 by 3.7.6-23.el9_3.4'],
      ['gnutls 3.8.3-3.el9', 'CVE-2024-28834', 'fixed 3.8.3-4.el9_4', 'RHSA-2024:2570 fixes 9.4 by 3.8.3-4.el9_4'],
    ])
  })

  describe('trap: RHEL modularity', () => {
    testRows(rhel8, mainline8, [
      [
        'postgresql 12.14-1.module+el8.8.0+18000+aaaaaaaa [postgresql:12]',
        'CVE-2023-2454',
        'fixed 12.15-1.module+el8.8.0+19427+d1071523',
        'four streams, which the old document does not name',
      ],
      [
        'postgresql 12.15-1.module+el8.8.0+19427+d1071523 [postgresql:12]',
        'CVE-2023-2454',
        no,
        'its stream is fixed, although 13.11 and 15.3 are newer',
      ],
      [
        'perl-FCGI 1:0.78-11.module+el8.3.0+6718+7f269185 [perl-FCGI:0.78]',
        'CVE-2025-40907',
        'fixed 1:0.78-12.module+el8.10.0+23147+df114ff4',
        'rpmmod=perl-FCGI:0.78',
      ],
      [
        'perl-FCGI 1:0.78-12.module+el8.10.0+23147+20b7d289 [perl-FCGI:0.78]',
        'CVE-2025-40907',
        no,
        'one of four builds of the fix',
      ],
      [
        'perl-FCGI 1:0.78-12.module+el8.10.0+23147+df114ff4 [perl-FCGI:0.78]',
        'CVE-2025-40907',
        no,
        'another one of them',
      ],
      ['perl-FCGI 1:0.78-10.el8', 'CVE-2025-40907', no, 'from no module: only the stream is spoken of'],
      [
        'log4j 2.14.0-2.module+el8.4.0+9000+abcdef01 [log4j:2]',
        'CVE-2023-34454',
        'will-not-fix',
        'known_affected red_hat_enterprise_linux_8:log4j:2/log4j',
      ],
      ['log4j 2.14.0-2.module+el8.4.0+9000+abcdef01 [log4j:3]', 'CVE-2023-34454', no, 'of another stream'],
    ])
  })

  describe('trap: RHEL product/CPE scoping', () => {
    describe('the stream 8.6 alone', () => {
      testRows(release('rhel', '8.6', 'Red Hat Enterprise Linux 8.6 (Ootpa)'), eus(8, '8_DOT_6'), [
        [
          'gnutls 3.6.16-5.el8_6',
          'CVE-2024-28834',
          'fixed 3.6.16-5.el8_6.4',
          'fixed BaseOS-8.6.0.Z.EUS:gnutls-0:3.6.16-5.el8_6.4.x86_64',
        ],
        [
          'gnutls 3.6.16-5.el8_6.4',
          'CVE-2024-28834',
          no,
          'the version itself; 3.6.16-8.el8_9.3 is that of the mainline',
        ],
        [
          'libsmbclient 4.15.5-15.el8_6 (samba)',
          'CVE-2023-3961',
          'open',
          'what has no fix is said of RHEL 8 as a whole',
        ],
      ])
    })

    describe('the mainline alone', () => {
      testRows(rhel8, mainline8, [
        [
          'gnutls 3.6.16-5.el8_6.4',
          'CVE-2024-28834',
          'fixed 3.6.16-8.el8_9.3',
          'a fix of the stream 8.6 does not clear the mainline',
        ],
      ])
    })

    describe('without repositories', () => {
      testRows(
        rhel8,
        [],
        [['gnutls 3.6.16-5.el8_6.4', 'CVE-2024-28834', 'fixed 3.6.16-8.el8_9.3', 'no stream is taken for granted']],
      )
    })
  })

  describe('trap: kernel headers in containers', () => {
    it('are looked up nowhere', () => {
      const headers = packageOf('kernel-headers 4.18.0-477.el8 (kernel)', mainline8)
      expect(rhel.keys(headers, rhel.coverage(rhel8)!, () => undefined)).toEqual([])
    })
  })
})
