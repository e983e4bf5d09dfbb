import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { advisory, statement } from '../../test/support/records.ts'
import { type FeedRecord, isGap } from '../core/advisory.ts'
import { ecosystems } from '../ecosystems/registry.ts'
import { issuesOf } from './clair-bundle-names.ts'
import { feedOfUpdater, scopeOfCpe, updaterOfFeed } from './clair-bundle-sources.ts'
import { writeClairBundle } from './clair-bundle-writer.ts'
import type { TransferOptions } from './import.ts'
import { type DataInput, keepInput } from './input.ts'
import { openData } from './open.ts'

const never = new AbortController().signal
const inputs: DataInput[] = []
let options: TransferOptions

beforeEach(() => {
  options = {
    advisories: undefined as never,
    feeds: ecosystems.flatMap((ecosystem) => ecosystem.feeds()),
    versions: (scope) => ecosystems.find(({ id }) => scope.startsWith(`${id}:`))?.versions,
    signal: never,
    progress: () => {},
  }
})

afterEach(async () => {
  for (const input of inputs.splice(0)) await input[Symbol.asyncDispose]()
})

async function* stream<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

async function open(content: string | Buffer) {
  const input = await keepInput(stream([Buffer.from(content)]), 'bundle', never)
  inputs.push(input)
  return openData(input, options)
}

async function read(content: string | Buffer) {
  const data = await open(content)
  const feeds: Record<string, FeedRecord[]> = {}
  for (const feed of data.feeds) {
    feeds[feed.id] = []
    for await (const record of data.records(feed)) feeds[feed.id]!.push(record)
  }
  await data.finish()
  return { feeds, exported: data.feeds, leftOut: data.leftOut }
}

const date = '2026-01-02T03:04:05.123456789Z'

interface Line {
  readonly ref?: string
  readonly updater: string
  readonly vuln?: unknown
  readonly enrichment?: unknown
}

/** A line as claircore's jsonblob writes it. */
function line({ ref = 'a3bb189e-8bf9-3888-9912-ace4e6543002', updater, vuln, enrichment }: Line): string {
  const common = { Updater: updater, Fingerprint: 'Mon, 02 Jan 2023 15:04:05 GMT', Date: date, Ref: ref }
  if (enrichment !== undefined) return `${JSON.stringify({ ...common, Enrichment: enrichment, Kind: 'enrichment' })}\n`
  return `${JSON.stringify({ ...common, Vuln: vuln, Kind: 'vulnerability' })}\n`
}

/** A vulnerability as Clair's updater for Debian makes it. */
function vuln(rest: Record<string, unknown> = {}, pkg: Record<string, unknown> = {}) {
  return {
    id: '',
    updater: 'debian/updater',
    name: 'CVE-2009-5155',
    description: 'About it.',
    issued: '0001-01-01T00:00:00Z',
    links: 'https://security-tracker.debian.org/tracker/CVE-2009-5155 https://b.example/',
    severity: 'low',
    normalized_severity: 'Medium',
    package: { id: '', name: 'glibc', version: '', kind: 'source', normalized_version: '', cpe: '', ...pkg },
    distribution: debian10,
    repository: { cpe: '' },
    fixed_in_version: '2.28-1',
    arch_op: 'invalid',
    Self: {},
    Aliases: null,
    Invert: false,
    ...rest,
  }
}

const debian10 = {
  id: '',
  did: 'debian',
  name: 'Debian GNU/Linux',
  version: '10 (buster)',
  version_code_name: 'buster',
  version_id: '10',
  arch: '',
  cpe: '',
  pretty_name: 'Debian GNU/Linux 10 (buster)',
}
const alpine = { did: 'alpine', name: 'Alpine Linux', version_id: '3.18', pretty_name: 'Alpine Linux v3.18' }
const ubuntu = {
  did: 'ubuntu',
  name: 'Ubuntu',
  version: '22.04 (Jammy)',
  version_id: '22.04',
  pretty_name: 'Ubuntu 22.04',
}

/** The one statement that a line makes, and its vulnerability. */
async function only(updater: string, content: unknown) {
  const { feeds } = await read(line({ updater, vuln: content }))
  const [[feed, records]] = Object.entries(feeds) as [[string, FeedRecord[]]]
  expect(records).toHaveLength(1)
  const record = records[0]!
  if (!('vulnerability' in record)) throw new Error(JSON.stringify(record))
  expect(record.statements).toHaveLength(1)
  return { feed, vulnerability: record.vulnerability, statement: record.statements[0]! }
}

describe('updaters and feeds', () => {
  it.each([
    ['debian/updater', 'debian'],
    ['alpine-main-v3.18-updater', 'alpine-3.18-main'],
    ['alpine-community-v3.3-updater', 'alpine-3.3-community'],
    ['alpine-main-edge-updater', 'alpine-edge-main'],
    ['ubuntu/updater/jammy', 'ubuntu-jammy'],
    ['oracle-2023-updater', 'oracle-2023'],
    ['aws-AL1-updater', 'amazon-1'],
    ['aws-AL2-updater', 'amazon-2'],
    ['aws-AL2023-updater', 'amazon-2023'],
    ['photon-updater-3.0', 'photon-3.0'],
    ['suse-updater-suse.linux.enterprise.server.15', 'suse-suse.linux.enterprise.server.15'],
    ['rhel-vex', 'rhel-vex'],
    ['osv/npm', 'osv-npm'],
    ['clair.epss', 'epss'],
    ['clair.kev', 'kev'],
    ['clair.cvss', 'nvd-changes'],
    ['pyupio', 'clair-pyupio'],
  ])('%s is %s, and the other way round', (updater, feed) => {
    expect(feedOfUpdater(updater)).toBe(feed)
    expect(updaterOfFeed(feed)).toBe(updater)
  })

  it('every feed of statements of Debian, Alpine and Ubuntu has an updater', () => {
    const feeds = ecosystems.flatMap((ecosystem) => ecosystem.feeds())
    const own = feeds.filter(({ id, scopes }) => /^(?:debian|alpine-|ubuntu-)/.test(id) && scopes.length > 0)
    for (const { id } of own) {
      expect(feedOfUpdater(updaterOfFeed(id)!), id).toBe(id)
      expect(updaterOfFeed(id), id).toContain('updater')
    }
  })

  it('names of updaters become names of feeds', () => {
    expect(feedOfUpdater('My Updater/v1')).toBe('clair-my-updater-v1')
  })
})

describe('what Clair says of a package', () => {
  it.each<[string, string, Record<string, unknown>, Record<string, unknown>, unknown]>([
    ['Debian: fixed', 'debian/updater', {}, {}, ['debian:10', 'glibc', 'fixed', '2.28-1']],
    ['Debian: not fixed', 'debian/updater', { fixed_in_version: '' }, {}, ['debian:10', 'glibc', 'open']],
    ['Debian: never had it', 'debian/updater', { fixed_in_version: '0' }, {}, ['debian:10', 'glibc', 'not-affected']],
    [
      'Alpine: fixed',
      'alpine-main-v3.18-updater',
      { distribution: alpine, fixed_in_version: '1.2-r0' },
      {},
      ['alpine:3.18', 'glibc', 'fixed', '1.2-r0'],
    ],
    [
      'Alpine: never had it',
      'alpine-main-v3.18-updater',
      { distribution: alpine, fixed_in_version: '0' },
      {},
      ['alpine:3.18', 'glibc', 'not-affected'],
    ],
    [
      'Alpine edge',
      'alpine-main-edge-updater',
      {
        distribution: { ...alpine, version_id: '', version: '3.21.0_alpha20240807', pretty_name: 'Alpine Linux edge' },
      },
      {},
      ['alpine:edge', 'glibc', 'fixed', '2.28-1'],
    ],
    [
      'Ubuntu: a binary package, fixed',
      'ubuntu/updater/jammy',
      { distribution: ubuntu },
      { kind: 'binary', name: 'libc6' },
      ['ubuntu:22.04', 'libc6 kind=binary', 'fixed', '2.28-1'],
    ],
    [
      'Ubuntu: 0 is no fix',
      'ubuntu/updater/jammy',
      { distribution: ubuntu, fixed_in_version: '0' },
      {},
      ['ubuntu:22.04', 'glibc', 'open'],
    ],
    [
      'Oracle',
      'oracle-2023-updater',
      { distribution: { did: 'ol', version_id: '8' } },
      { kind: 'binary', arch: 'aarch64|x86_64' },
      ['oracle:8', 'glibc', 'fixed', '2.28-1'],
    ],
    [
      'Oracle: a module, one architecture',
      'oracle-2023-updater',
      { distribution: { did: 'ol', version_id: '8' }, arch_op: 'equals' },
      { kind: 'binary', module: 'nodejs:18', arch: 'x86_64' },
      ['oracle:8', 'glibc module=nodejs:18 arch=x86_64', 'fixed', '2.28-1'],
    ],
    [
      'Amazon Linux 1',
      'aws-AL1-updater',
      { distribution: { did: 'amzn', version_id: '2018.03' }, arch_op: 'equals' },
      { kind: 'binary', arch: 'noarch' },
      ['amazon:1', 'glibc', 'fixed', '2.28-1'],
    ],
    [
      'rpm without a fix, affected up to a version',
      'photon-updater-3.0',
      { distribution: { did: 'photon', version_id: '3.0' }, fixed_in_version: '' },
      { kind: 'binary', version: '1.0-1' },
      ['photon:3.0', 'glibc', 'open', [{ lastAffected: '1.0-1' }]],
    ],
    [
      'SUSE',
      'suse-updater-opensuse.leap.15.5',
      { distribution: { did: 'opensuse-leap', version_id: '15.5' } },
      { kind: 'binary' },
      ['suse:opensuse-leap:15.5', 'glibc', 'fixed', '2.28-1'],
    ],
    [
      'Red Hat: fixed in a repository',
      'rhel-vex',
      {
        distribution: null,
        repository: { name: 'cpe:2.3:o:redhat:enterprise_linux:9:*:baseos:*:*:*:*:*', key: 'rhel-cpe-repository' },
        arch_op: 'pattern match',
      },
      { kind: 'binary', arch: 'aarch64|x86_64' },
      ['rhel:cpe:/o:redhat:enterprise_linux:9::baseos', 'glibc', 'fixed', '2.28-1'],
    ],
    [
      'Red Hat: known affected, of a source package',
      'rhel-vex',
      { repository: { name: 'cpe:/a:redhat:enterprise_linux:9::appstream' }, distribution: null, fixed_in_version: '' },
      {},
      ['rhel:cpe:/o:redhat:enterprise_linux:9', 'glibc arch=src', 'open'],
    ],
    [
      'Red Hat: not affected',
      'rhel-vex',
      {
        repository: { name: 'cpe:/o:redhat:enterprise_linux:8' },
        distribution: null,
        fixed_in_version: '',
        Invert: true,
      },
      { kind: 'binary' },
      ['rhel:cpe:/o:redhat:enterprise_linux:8', 'glibc', 'not-affected'],
    ],
    [
      'PyPI: a query',
      'osv/pypi',
      { distribution: null, fixed_in_version: 'fixed=2.0.7&introduced=2.0.0' },
      {},
      ['pypi', 'glibc', 'fixed', [{ introduced: '2.0.0', fixed: '2.0.7' }]],
    ],
    [
      'PyPI: from the first on',
      'osv/pypi',
      { distribution: null, fixed_in_version: 'fixed=1.26.5' },
      {},
      ['pypi', 'glibc', 'fixed', '1.26.5'],
    ],
    [
      'Maven: a last one',
      'osv/maven',
      { distribution: null, fixed_in_version: 'introduced=1&lastAffected=2' },
      {},
      ['maven', 'glibc', 'open', [{ introduced: '1', lastAffected: '2' }]],
    ],
    [
      'Go: a range',
      'osv/go',
      {
        distribution: null,
        fixed_in_version: '1.2.3',
        range: { '[': 'semver:1.1.0.0.0.0.0.0.0.0', ')': 'semver:1.2.3.0.0.0.0.0.0.0' },
      },
      {},
      ['golang', 'glibc', 'fixed', [{ introduced: '1.1.0', fixed: '1.2.3' }]],
    ],
    [
      'npm: everything',
      'osv/npm',
      { distribution: null, fixed_in_version: '', range: { '[': 'semver:0', ')': 'semver:65535.0.0' } },
      {},
      ['npm', 'glibc', 'open'],
    ],
    [
      'an unknown updater of an unknown distribution',
      'mine',
      { distribution: { did: 'arch', version_id: '1' } },
      {},
      ['arch:1', 'glibc', 'fixed', '2.28-1'],
    ],
  ])('%s', async (_, updater, rest, pkg, expected) => {
    const {
      statement: { key, fix, fixedIn, ranges },
    } = await only(updater, vuln(rest, pkg))
    expect([key.scope, key.name, fix, ranges ?? fixedIn].filter((part) => part !== undefined)).toEqual(expected)
  })

  it.each([
    ['debian/updater', 'low', 'Medium', { severity: 'low', source: 'debian', original: 'low' }],
    ['debian/updater', 'unimportant', 'Low', { severity: 'negligible', source: 'debian', original: 'unimportant' }],
    ['debian/updater', 'high**', 'Unknown', { severity: 'high', source: 'debian', original: 'high**' }],
    [
      'debian/updater',
      'not yet assigned',
      'Unknown',
      { severity: 'unknown', source: 'debian', original: 'not yet assigned' },
    ],
    ['debian/updater', '', 'Unknown', undefined],
    ['ubuntu/updater/jammy', '', 'Negligible', { severity: 'negligible', source: 'debian' }],
    ['x', 'IMPORTANT', 'High', { severity: 'high', source: 'debian', original: 'IMPORTANT' }],
    [
      'x',
      'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
      'Medium',
      { severity: 'medium', source: 'debian', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' },
    ],
  ])('%s rates %s, %s', async (updater, severity, normalized_severity, rating) => {
    expect((await only(updater, vuln({ severity, normalized_severity }))).statement.rating).toEqual(rating)
  })

  it('describes the vulnerability', async () => {
    const { vulnerability } = await only('debian/updater', vuln({ issued: '2023-05-06T00:00:00Z' }))
    expect(vulnerability).toEqual({
      id: 'CVE-2009-5155',
      aliases: [],
      description: 'About it.',
      ratings: [],
      links: ['https://security-tracker.debian.org/tracker/CVE-2009-5155', 'https://b.example/'],
      published: '2023-05-06T00:00:00.000Z',
    })
    expect((await only('debian/updater', vuln())).vulnerability).not.toHaveProperty('published')
    expect((await only('debian/updater', vuln({ links: 'javascript:x  ' }))).vulnerability.links).toEqual([])
  })

  it('says of a source package of Debian what some versions repeat for its binary packages', async () => {
    const { feeds } = await read(
      line({ updater: 'debian/updater', vuln: vuln() }) +
        line({ updater: 'debian/updater', vuln: vuln({}, { kind: 'binary', name: 'libc6' }) }),
    )
    expect(feeds.debian).toMatchObject([{ statements: [{ key: { name: 'glibc' } }] }])
  })

  it.each([
    ['cpe:/o:redhat:rhel_eus:9.2::baseos', 'binary', 'rhel:cpe:/o:redhat:rhel_eus:9.2::baseos'],
    ['cpe:2.3:a:redhat:rhel_eus:9.2:*:appstream:*:*:*:*:*', 'binary', 'rhel:cpe:/o:redhat:rhel_eus:9.2::appstream'],
    ['cpe:/a:redhat:openshift:4.12::el8', 'source', 'rhel:cpe:/a:redhat:openshift:4.12::el8'],
    ['hello', 'binary', undefined],
  ] as const)('CPE %s of a %s package is scope %s', (cpe, kind, scope) => {
    expect(scopeOfCpe(cpe, kind)).toBe(scope)
  })
})

describe('what a name names', () => {
  it.each<[string, string, boolean, unknown]>([
    ['CVE-2020-11080 on Ubuntu 18.04 LTS (bionic) - medium.', '', true, [['CVE-2020-11080', [], []]]],
    ['CVE-2019-17349 XSA-295', '', true, [['CVE-2019-17349', ['XSA-295'], []]]],
    [
      'CVE-2020-11740 CVE-2020-11741 XSA-313',
      '',
      true,
      [
        ['CVE-2020-11740', ['XSA-313'], []],
        ['CVE-2020-11741', ['XSA-313'], []],
      ],
    ],
    ['CVE_2019-2426', '', true, [['CVE-2019-2426', [], []]]],
    [
      'ELSA-2023-0001:  kernel security update (IMPORTANT)',
      'https://linux.oracle.com/errata/ELSA-2023-0001.html https://linux.oracle.com/cve/CVE-2022-1.html http://linux.oracle.com/cve/CVE-2022-1234.html',
      true,
      [['ELSA-2023-0001', [], ['CVE-2022-1234']]],
    ],
    ['ALAS2-2021-1234', '', true, [['ALAS2-2021-1234', [], ['CVE-2021-9999']]]],
    ['SUSE-SU-2021:123-1', '', true, [['SUSE-SU-2021:123-1', [], ['CVE-2021-9999']]]],
    ['XSA-1', '', true, [['XSA-1', [], ['CVE-2021-9999']]]],
    ['no id at all', '', true, [['no id at all', [], ['CVE-2021-9999']]]],
    [
      'GHSA-aaaa-bbbb-cccc',
      'https://nvd.nist.gov/vuln/detail/CVE-2020-1234 https://example.org/CVE-2020-9999',
      false,
      [['GHSA-aaaa-bbbb-cccc', ['CVE-2020-1234'], []]],
    ],
  ])('%s', (name, links, isErratum, expected) => {
    const issues = issuesOf({ name, links, description: 'It fixes CVE-2021-9999.' }, isErratum)
    expect(issues.map(({ id, aliases, covers }) => [id, aliases, covers])).toEqual(expected)
  })
})

describe('a bundle of Clair', () => {
  it('is recognised whatever its compression', async () => {
    const text = line({ updater: 'debian/updater', vuln: vuln() })
    for (const content of [
      text,
      gzipSync(text),
      zstdCompressSync(text),
      Buffer.concat([gzipSync(text), gzipSync('')]),
    ]) {
      expect(Object.keys((await read(content)).feeds)).toEqual(['debian'])
    }
  })

  it('keeps the fingerprint and the time, and is data of the feed that is here', async () => {
    const { exported } = await read(
      line({ updater: 'debian/updater', vuln: vuln() }) + line({ updater: 'x', ref: 'b', vuln: vuln() }),
    )
    expect(exported).toEqual([
      {
        id: 'debian',
        url: 'https://security-tracker.debian.org/tracker/data/json',
        version: 1,
        fingerprint: 'clair Mon, 02 Jan 2023 15:04:05 GMT',
        checkedAt: '2026-01-02T03:04:05.123Z',
      },
      {
        id: 'clair-x',
        url: 'clair:x',
        version: 1,
        fingerprint: 'clair Mon, 02 Jan 2023 15:04:05 GMT',
        checkedAt: '2026-01-02T03:04:05.123Z',
      },
    ])
  })

  it('joins what several lines say of one package: Alpine fixed it in two versions, the later one counts', async () => {
    const fix = (name: string, fixed_in_version: string, pkg = 'xen') =>
      line({
        updater: 'alpine-main-v3.18-updater',
        vuln: vuln({ name, fixed_in_version, distribution: alpine }, { name: pkg }),
      })
    const { feeds } = await read(
      fix('CVE-2020-1111 XSA-1', '4.9-r0') +
        fix('CVE-2020-2222', '4.8-r0') +
        fix('CVE-2020-1111', '4.10-r0') +
        fix('CVE-2020-2222', '0') +
        fix('CVE-2020-1111', '1', 'curl'),
    )
    const shown = feeds['alpine-3.18-main']!.map((record) =>
      'vulnerability' in record
        ? [record.vulnerability.id, ...record.statements.map(({ key, fixedIn }) => `${key.name} ${fixedIn}`)]
        : record,
    )
    expect(shown).toEqual([
      ['CVE-2020-1111', 'xen 4.10-r0'],
      ['CVE-2020-2222', 'xen 4.8-r0'],
      ['CVE-2020-1111', 'curl 1'],
    ])
  })

  it('joins the ranges of a language package', async () => {
    const range = (fixed_in_version: string) =>
      line({
        updater: 'osv/pypi',
        vuln: vuln({ name: 'PYSEC-1', distribution: null, fixed_in_version }, { name: 'django' }),
      })
    const { feeds } = await read(range('fixed=1.5&introduced=1') + range('fixed=2.5&introduced=2') + range('fixed=0.1'))
    expect(feeds['osv-pypi']).toMatchObject([
      {
        statements: [
          {
            fix: 'fixed',
            ranges: [{ introduced: '1', fixed: '1.5' }, { introduced: '2', fixed: '2.5' }, { fixed: '0.1' }],
          },
        ],
      },
    ])
  })

  it('reads what enrichers know as records of the feed with the same source', async () => {
    const { feeds, exported } = await read(
      line({
        updater: 'clair.cvss',
        enrichment: {
          Tags: ['CVE-2020-1234'],
          Enrichment: { version: '3.1', vectorString: 'CVSS:3.1/AV:N', baseScore: 9.8, baseSeverity: 'CRITICAL' },
        },
      }) +
        line({
          ref: 'b',
          updater: 'clair.epss',
          enrichment: {
            Tags: ['CVE-2020-1234'],
            Enrichment: { modelVersion: 'v1', date: '2026-01-01', cve: 'CVE-2020-1234', epss: 0.5, percentile: 0.9 },
          },
        }) +
        line({
          ref: 'c',
          updater: 'clair.kev',
          enrichment: {
            Tags: ['CVE-2020-1234'],
            Enrichment: {
              cve: 'CVE-2020-1234',
              date_added: '2021-01-01',
              due_date: '2021-02-01',
              known_ransomware_campaign_use: 'Known',
            },
          },
        }),
    )
    expect(feeds).toEqual({
      'nvd-changes': [
        {
          vulnerability: {
            id: 'CVE-2020-1234',
            aliases: [],
            description: '',
            ratings: [
              { severity: 'critical', source: 'nvd', original: 'CRITICAL', vector: 'CVSS:3.1/AV:N', score: 9.8 },
            ],
            links: [],
          },
          statements: [],
        },
        { fact: 'CVE-2020-1234', value: [null, [['nvd', 'CVSS:3.1/AV:N', 9.8]], []] },
      ],
      epss: [{ fact: 'CVE-2020-1234', value: [0.5, 0.9] }],
      kev: [{ fact: 'CVE-2020-1234', value: ['2021-01-01', '2021-02-01', true] }],
    })
    expect(exported[1]).toMatchObject({ id: 'epss', dataTime: '2026-01-02T03:04:05.123Z' })
  })

  it('says what it has no place for', async () => {
    const { feeds, leftOut } = await read(
      line({ updater: 'rhcc', enrichment: { Tags: ['x'], Enrichment: {} } }) +
        line({ ref: 'b', updater: 'a/b', vuln: vuln() }) +
        line({ ref: 'c', updater: 'a-b', vuln: vuln() }),
    )
    expect(Object.keys(feeds)).toEqual(['clair-a-b'])
    expect(leftOut.map(({ where, detail }) => [where, detail])).toEqual([
      ['rhcc', 'It was left out: Nothing here can use the enrichments of this updater.'],
      ['a-b', 'It was left out: a/b has the same name here.'],
    ])
  })

  it('takes the later one of two operations of one updater', async () => {
    const { feeds } = await read(
      line({ updater: 'debian/updater', vuln: vuln({ fixed_in_version: '1' }) }) +
        line({ ref: 'b', updater: 'debian/updater', vuln: vuln({ fixed_in_version: '2' }) }),
    )
    expect(feeds.debian).toMatchObject([{ statements: [{ fixedIn: '2' }] }])
  })

  it('makes gaps of lines that cannot be read', async () => {
    const good = Array.from({ length: 3 }, (_, index) => vuln({ name: `CVE-2020-100${index}` }))
    const lines = [
      ...good.map((each) => line({ updater: 'debian/updater', vuln: each })),
      line({ updater: 'debian/updater', vuln: { name: 'CVE-1' } }),
      line({ updater: 'debian/updater', vuln: null }),
      line({ updater: 'debian/updater', vuln: vuln({ distribution: null }) }),
      line({ updater: 'debian/updater', vuln: vuln({ distribution: { did: 'debian' } }) }),
      line({
        ref: 'b',
        updater: 'clair.epss',
        enrichment: { Tags: ['CVE-2020-1234'], Enrichment: { epss: 2, percentile: 0 } },
      }),
    ]
    const { feeds } = await read(lines.join(''))
    const gaps = feeds.debian!.filter(isGap)
    expect(gaps.map(({ where }) => where)).toEqual([
      'CVE-1',
      'debian/updater',
      'CVE-2009-5155 glibc',
      'CVE-2009-5155 glibc',
    ])
    expect(feeds.debian).toHaveLength(7)
    expect(feeds.epss).toMatchObject([{ code: 'data-record-unreadable', where: 'CVE-2020-1234' }])
  })

  it.each<[string, string | Buffer, RegExp]>([
    ['cut in a line', line({ updater: 'debian/updater', vuln: vuln() }).repeat(2).slice(0, -10), /line 2/],
    ['with a line that is no JSON', `${line({ updater: 'debian/updater', vuln: vuln() })}x\n`, /line 2/],
    ['with a line of something else', `${line({ updater: 'debian/updater', vuln: vuln() })}{}\n`, /line 2/],
    ['with a time that is none', line({ updater: 'x', vuln: vuln() }).replace(date, 'now'), /"now" is no time/],
    [
      'with lines of an operation apart',
      line({ updater: 'a', ref: 'a', vuln: vuln() }) +
        line({ updater: 'b', ref: 'b', vuln: vuln() }) +
        line({ updater: 'a', ref: 'a', vuln: vuln() }),
      /do not follow each other/,
    ],
    [
      'with its compression cut',
      gzipSync(line({ updater: 'debian/updater', vuln: vuln() }).repeat(50)).subarray(0, -20),
      /./,
    ],
  ])('%s is refused before anything is imported', async (_, content, message) => {
    await expect(open(content)).rejects.toMatchObject({
      code: 'DATA_FILE_INVALID',
      where: 'bundle',
      message: expect.stringMatching(message),
    })
  })
})

describe('a bundle of ours', () => {
  it('is read back as it was, as far as Clair can say it', async () => {
    const debian = [
      advisory('CVE-2024-1', [
        statement('debian:12', 'openssl', '3.0', { rating: { severity: 'low', source: 'debian', original: 'low' } }),
        { key: { scope: 'debian:11', name: 'openssl' }, fix: 'not-affected' },
        { key: { scope: 'debian:13', name: 'openssl' }, fix: 'open' },
      ] as const),
      advisory('CVE-2024-2', [statement('debian:12', 'zlib', '1')]),
    ]
    const alpine = [advisory('CVE-2024-1', [statement('alpine:3.18', 'openssl', '3.1-r0')])]
    const ubuntu = [advisory('CVE-2024-1', [{ key: { scope: 'ubuntu:22.04', name: 'openssl' }, fix: 'open' }])]
    const facts: readonly FeedRecord[] = [{ fact: 'CVE-2024-0001', value: [0.5, 0.9] }]
    const kev: readonly FeedRecord[] = [{ fact: 'CVE-2024-0001', value: ['2024-01-01', null, false] }]
    const feeds: readonly (readonly [string, readonly FeedRecord[]])[] = [
      ['debian', debian],
      ['alpine-3.18-main', alpine],
      ['ubuntu-jammy', ubuntu],
      ['epss', facts],
      ['kev', kev],
    ]
    const text: string[] = []
    const exports = feeds.map(([id, records]) => ({
      feed: { id, url: 'x', version: 1, fingerprint: 'f' },
      records: stream(records),
    }))
    for await (const part of writeClairBundle(exports)) text.push(part)
    expect((await read(text.join(''))).feeds).toEqual(Object.fromEntries(feeds))
  })
})
