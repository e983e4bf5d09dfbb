import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Advisory, Statement } from '../core/advisory.ts'
import type { Ecosystem } from '../core/ecosystem.ts'
import type { Feed } from '../core/feed.ts'
import type { Package, Release } from '../core/package.ts'
import { packageUrl } from '../core/purl.ts'
import type { IndexReport } from '../core/report.ts'
import type { Store } from '../core/store.ts'
import { openStore } from '../store/open.ts'
import { dpkg } from '../versions/dpkg.ts'
import { matchIndex } from './match-index.ts'

const feed: Feed = {
  id: 'sample',
  url: 'https://example.org/feed',
  version: 1,
  scopes: ['sample:1'],
  fetch: async () => 'unchanged',
  parse: async () => (async function* () {})(),
}

const ecosystem: Ecosystem = {
  id: 'sample',
  title: 'Sample',
  versions: dpkg,
  analyzers: [],
  packageTypes: ['deb'],
  coverage: (release) =>
    release.id === 'sample'
      ? { scopes: [`sample:${release.versionId}`], feeds: [feed], endOfLife: '2030-01-01' }
      : undefined,
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.source.name })),
  feeds: () => [feed],
}

const release: Release = { id: 'sample', versionId: '1', codename: '', prettyName: 'Sample 1', idLike: [], cpe: '' }
const openssl: Package = {
  type: 'deb',
  name: 'libssl3',
  version: '2:3.0.9-1',
  arch: 'amd64',
  source: { name: 'openssl', version: '3.0.9-1' },
}

function indexOf(packages: readonly Package[], from: Release | undefined = release): IndexReport {
  const digest = `sha256:${'1'.repeat(64)}` as const
  return {
    image: {
      reference: 'sample',
      tags: [],
      digest,
      configDigest: digest,
      platform: { os: 'linux', architecture: 'amd64' },
      layers: [{ digest, diffId: digest, createdBy: 'ADD rootfs' }],
    },
    release: from,
    packages: packages.map((pkg) => ({ ...pkg, purl: packageUrl(pkg, from), path: 'var/lib/dpkg/status', layer: 0 })),
    gaps: [],
  }
}

function advisory(id: string, statement: Omit<Statement, 'key'>, name = 'openssl', scope = 'sample:1'): Advisory {
  return {
    vulnerability: { id, aliases: [], description: '', ratings: [{ severity: 'low', source: 'elsewhere' }], links: [] },
    statements: [{ key: { scope, name }, ...statement }],
  }
}

let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:', {})
})
afterEach(() => store[Symbol.asyncDispose]())

async function load(...records: readonly Advisory[]): Promise<void> {
  const source = {
    feed,
    fingerprint: 'f',
    dataTime: undefined,
    records: (async function* () {
      yield* records
    })(),
  }
  await store.advisories.import(source, new AbortController().signal)
}

function match(
  index: IndexReport,
  options: { now?: Date; maxDataAge?: number; asOf?: string; ecosystems?: readonly Ecosystem[] } = {},
) {
  const { now = new Date(), maxDataAge = 60_000, asOf, ecosystems = [ecosystem] } = options
  return matchIndex(index, {
    ecosystems,
    enrichers: [],
    enrich: false,
    advisories: store.advisories,
    kept: undefined,
    maxDataAge,
    asOf,
    now,
    version: '0',
  })
}

describe('matching', () => {
  it('compares the version of the source package with a statement about the source package', async () => {
    await load(
      advisory('CVE-1', { fix: 'fixed', fixedIn: '3.0.11-1' }),
      advisory('CVE-2', { fix: 'fixed', fixedIn: '3.0.9-1' }),
    )
    const { findings, gaps } = await match(indexOf([openssl]))
    expect(
      findings.map(({ id, package: name, version, fixedIn, state }) => ({ id, name, version, fixedIn, state })),
    ).toEqual([{ id: 'CVE-1', name: 'libssl3', version: '2:3.0.9-1', fixedIn: '3.0.11-1', state: 'fixed' }])
    expect(findings[0]!.why).toMatchObject({
      feed: 'sample',
      name: 'openssl',
      compared: '3.0.9-1',
      path: 'var/lib/dpkg/status',
      layer: 0,
    })
    expect(gaps).toEqual([])
  })

  it('answers with the data as it was, however old that is', async () => {
    await load(advisory('CVE-1', { fix: 'fixed', fixedIn: '3.0.11-1' }), advisory('CVE-2', { fix: 'open' }))
    await sleep(5)
    const asOf = new Date().toISOString()
    await sleep(5)
    await load(advisory('CVE-2', { fix: 'fixed', fixedIn: '3.0.9-1' }), advisory('CVE-3', { fix: 'open' }))
    const ids = async (options: Parameters<typeof match>[1]) => {
      const { findings, gaps, data } = await match(indexOf([openssl]), options)
      expect(gaps).toEqual([])
      return [data[0]!.generation, ...findings.map(({ id }) => id).sort()]
    }
    expect(await ids({})).toEqual([2, 'CVE-3'])
    expect(await ids({ asOf, now: new Date('2029-12-31'), maxDataAge: 0 })).toEqual([1, 'CVE-1', 'CVE-2'])
  })

  it('does not report what the vendor says is not affected', async () => {
    await load(advisory('CVE-1', { fix: 'not-affected' }))
    expect((await match(indexOf([openssl]))).findings).toEqual([])
  })

  it('takes the severity of the vendor for the release before that of the vulnerability', async () => {
    await load(
      advisory('CVE-1', { fix: 'open', rating: { severity: 'high', source: 'sample' } }),
      advisory('CVE-2', { fix: 'open', rating: { severity: 'unknown', source: 'sample' } }),
    )
    const { findings } = await match(indexOf([openssl]))
    expect(findings.map(({ id, severity, severitySource }) => [id, severity, severitySource])).toEqual([
      ['CVE-1', 'high', 'sample'],
      ['CVE-2', 'low', 'elsewhere'],
    ])
  })

  it('an advisory is a finding for each vulnerability that it covers, named and linked', async () => {
    const { vulnerability, statements } = advisory('SSA-1', { fix: 'fixed', fixedIn: '3.0.11-1' })
    const covers = ['CVE-2099-0001', 'CVE-2099-0002']
    await load(
      { vulnerability: { ...vulnerability, covers, links: ['https://example.org/SSA-1'] }, statements },
      advisory('CVE-2099-0002', { fix: 'fixed', fixedIn: '3.0.10-1' }),
    )
    const { findings } = await match(indexOf([openssl]))
    expect(
      findings.map(({ id, aliases, fixedIn, advisory: named, advisoryLink }) => [
        id,
        aliases,
        fixedIn,
        named,
        advisoryLink,
      ]),
    ).toEqual([
      ['CVE-2099-0001', ['SSA-1'], '3.0.11-1', 'SSA-1', 'https://example.org/SSA-1'],
      ['CVE-2099-0002', ['SSA-1'], '3.0.11-1', 'SSA-1', 'https://example.org/SSA-1'],
    ])
    const linking = { ...ecosystem, advisoryLink: (id: string, scope: string) => `https://example.org/${scope}/${id}` }
    const { findings: linked } = await match(indexOf([openssl]), { ecosystems: [linking] })
    expect(linked[0]!.advisoryLink).toBe('https://example.org/sample:1/SSA-1')
  })

  it('has the CVSS scores and weaknesses that the feed has', async () => {
    const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
    const { vulnerability, statements } = advisory('CVE-1', { fix: 'open' })
    const ratings = [{ severity: 'low', source: 'sample', vector } as const, ...vulnerability.ratings]
    await load({ vulnerability: { ...vulnerability, ratings, weaknesses: ['CWE-79'] }, statements })
    expect((await match(indexOf([openssl]))).findings[0]).toMatchObject({
      cvss: [{ source: 'sample', version: '3.1', vector, score: null }],
      weaknesses: ['CWE-79'],
      epss: null,
      kev: null,
      risk: null,
    })
  })

  it('a version that cannot be compared is a gap, not a pass', async () => {
    await load(advisory('CVE-1', { fix: 'fixed', fixedIn: '3.0.11-1' }))
    const odd = { ...openssl, source: { name: 'openssl', version: '' } }
    const { findings, gaps } = await match(indexOf([odd]))
    expect(findings).toEqual([])
    expect(gaps.map(({ code }) => code)).toEqual(['version-unreadable'])
  })
})

describe('what cannot be told', () => {
  const gapsOf = async (...args: Parameters<typeof match>) => (await match(...args)).gaps.map(({ code }) => code)

  it('no packages', async () => expect(await gapsOf(indexOf([]))).toEqual(['no-packages']))

  it('an unknown distribution', async () => {
    const index = { ...indexOf([openssl]), release: undefined }
    expect(await gapsOf(index)).toEqual(['distribution-unknown'])
  })

  it('a distribution without data', async () => {
    expect(await gapsOf(indexOf([openssl], { ...release, id: 'plan9' }))).toEqual(['distribution-unsupported'])
  })

  it('a feed that was never loaded', async () => expect(await gapsOf(indexOf([openssl]))).toEqual(['data-missing']))

  it('a release that the data does not know', async () => {
    await load(advisory('CVE-1', { fix: 'open' }))
    expect(await gapsOf(indexOf([openssl], { ...release, versionId: '2' }))).toEqual(['release-without-data'])
  })

  it('a feed that had no data at the time that is asked about', async () => {
    await load(advisory('CVE-1', { fix: 'fixed', fixedIn: '3.0.11-1' }))
    const { findings, gaps, data, asOf } = await match(indexOf([openssl]), { asOf: '2020-01-01T00:00:00.000Z' })
    expect([findings, asOf, data[0]!.generation]).toEqual([[], '2020-01-01T00:00:00.000Z', 0])
    expect(gaps).toEqual([
      { code: 'data-missing', where: 'sample', detail: expect.stringContaining('no data of this feed at 2020-01-01') },
    ])
  })

  it('a release that the data did not know then', async () => {
    await load(advisory('CVE-1', { fix: 'open' }, 'openssl', 'sample:2'))
    await sleep(5)
    const asOf = new Date().toISOString()
    await sleep(5)
    await load(advisory('CVE-1', { fix: 'open' }))
    expect(await gapsOf(indexOf([openssl]))).toEqual([])
    expect((await match(indexOf([openssl]), { asOf })).gaps.map(({ code }) => code)).toEqual(['release-without-data'])
  })

  it('data of a clock that was ahead', async () => {
    await load(advisory('CVE-1', { fix: 'open' }))
    const { gaps } = await match(indexOf([openssl]), { now: new Date(Date.now() - 3_600_000) })
    expect(gaps.map(({ code }) => code)).toEqual(['data-stale'])
  })

  it('old data, and why it is old', async () => {
    await load(advisory('CVE-1', { fix: 'open' }))
    await store.advisories.failed(feed, { code: 'NETWORK_FAILED', message: 'the host does not answer' })
    const { gaps } = await match(indexOf([openssl]), { now: new Date(Date.now() + 120_000) })
    expect(gaps).toEqual([
      expect.objectContaining({
        code: 'data-stale',
        where: 'sample',
        detail: expect.stringContaining('does not answer'),
      }),
    ])
  })

  it('a release that gets no more updates', async () => {
    await load(advisory('CVE-1', { fix: 'open' }))
    const codes = await gapsOf(indexOf([openssl]), {
      now: new Date('2030-01-01T00:00:01Z'),
      maxDataAge: Number.POSITIVE_INFINITY,
    })
    expect(codes).toEqual(['distribution-end-of-life'])
  })

  it.each([
    ['Sample 1', release],
    ['sample 1', { ...release, prettyName: '' }],
  ])('say that it is %s', async (name, from) => {
    await load(advisory('CVE-1', { fix: 'open' }))
    const { gaps } = await match(indexOf([openssl], from), { now: new Date('2030-01-01T00:00:01Z') })
    expect(gaps.find(({ code }) => code === 'distribution-end-of-life')?.where).toBe(name)
  })

  it('packages of a kind that the distribution does not have', async () => {
    await load(advisory('CVE-1', { fix: 'open' }))
    const rpm = { ...openssl, type: 'rpm' }
    const report = await match(indexOf([openssl, rpm]))
    expect(report.gaps.map(({ code }) => code)).toEqual(['distribution-unsupported'])
    expect(report.findings.length).toBe(1)
  })
})
