import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { generationArbitrary } from '../../test/contract/store-model.ts'
import { advisory, source, statement } from '../../test/support/records.ts'
import type { FeedRecord } from '../core/advisory.ts'
import type { Ecosystem } from '../core/ecosystem.ts'
import type { Match } from '../core/match.ts'
import type { IndexReport } from '../core/report.ts'
import type { AdvisoryStore, Store } from '../core/store.ts'
import { openStore } from '../store/open.ts'
import { dpkg } from '../versions/dpkg.ts'
import { knownMatches } from './known-matches.ts'
import { matchIndex } from './match-index.ts'

const never = new AbortController().signal
const digest = `sha256:${'1'.repeat(64)}` as const

const feedOf = (id: string) => ({
  ...source([], { id }).feed,
  scopes: ['debian:11', 'debian:12'],
  fetch: async () => 'unchanged' as const,
  parse: async () => (async function* () {})(),
})

const ecosystem: Ecosystem = {
  id: 'debian',
  title: 'Debian',
  versions: dpkg,
  analyzers: [],
  packageTypes: ['deb'],
  coverage: () => ({ scopes: ['debian:11', 'debian:12'], feeds: [feedOf('one')], endOfLife: '2030-01-01' }),
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.source.name })),
  feeds: () => [feedOf('one')],
}

/** Two packages of one source, one of a kind that is not judged, and others: some of all of them older than what is fixed. */
const index: IndexReport = {
  image: {
    reference: 'sample',
    tags: [],
    digest,
    configDigest: digest,
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [{ digest, diffId: digest, createdBy: 'ADD rootfs' }],
  },
  release: { id: 'debian', versionId: '12', codename: '', prettyName: 'Debian 12', idLike: [], cpe: '' },
  packages: [
    ['rpm', 'zlib', 'zlib', '0'],
    ['deb', 'libssl3', 'openssl', '0.9'],
    ['deb', 'openssl', 'openssl', '0.9'],
    ['deb', 'zlib1g', 'zlib', '1.5'],
    ['deb', 'linux', 'linux', ''],
  ].map(([type, name, from, version]) => ({
    type: type!,
    name: name!,
    version: version!,
    arch: 'amd64',
    source: { name: from!, version: version! },
    purl: `pkg:${type}/${name}@${version}`,
    path: 'var/lib/dpkg/status',
    layer: 0,
  })),
  gaps: [],
}

let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:')
})
afterEach(() => store[Symbol.asyncDispose]())

function scan(options: { kept: boolean; rules?: string; now?: Date; maxDataAge?: number; index?: IndexReport }) {
  const { rules = '1', now = new Date('2029-01-01'), maxDataAge = Number.POSITIVE_INFINITY } = options
  return matchIndex(options.index ?? index, {
    ecosystems: [ecosystem],
    enrichers: [],
    enrich: false,
    advisories: store.advisories,
    kept: options.kept ? { store: store.index, analyzersKey: 'a', rules } : undefined,
    maxDataAge,
    asOf: undefined,
    now,
    version: '0',
  })
}

const load = (id: string, records: readonly FeedRecord[], partial = false) =>
  store.advisories.import(source(records, { id, ...(partial && { partial }) }), never)

it('an image is found to have the same with what was kept as without, whatever happened to the data', async () => {
  await store.index.putImage(index, 'a')
  await fc.assert(
    fc.asyncProperty(fc.array(generationArbitrary, { minLength: 1, maxLength: 3 }), async (generations) => {
      for (const { feed, records, partial } of generations) {
        await load(feed, records, partial)
        const fresh = await scan({ kept: false })
        expect(await scan({ kept: true })).toEqual(fresh)
        expect(await scan({ kept: true })).toEqual(fresh)
      }
    }),
    { numRuns: 50 },
  )
})

it('nothing is matched again while nothing changed', async () => {
  await store.index.putImage(index, 'a')
  const matches: readonly Match[] = []
  let matched = 0
  const known = async (rules: string, from = index) => {
    const kept = { store: store.index, analyzersKey: 'a', rules }
    const match = async () => {
      matched++
      return matches
    }
    await knownMatches(from, await store.advisories.status(), kept, match)
    return matched
  }
  await load('one', [advisory('CVE-1', [statement('debian:12', 'openssl', '1')])])
  expect([await known('1'), await known('1')]).toEqual([1, 1])
  await store.advisories.checked('one', 'another fingerprint')
  expect(await known('1')).toBe(1)
  await load('one', [advisory('CVE-1', [statement('debian:12', 'openssl', '2')])])
  expect([await known('1'), await known('1')]).toEqual([2, 2])
  await load('two', [advisory('CVE-1', [statement('debian:12', 'openssl', '2')])])
  expect([await known('1'), await known('1')]).toEqual([3, 3])
  expect([await known('2'), await known('2'), await known('1')]).toEqual([4, 4, 5])
  const { digest: _, ...directory } = index.image
  const unnamed = { ...index, image: { ...directory, digest: undefined } }
  expect([await known('1', unnamed), await known('1', unnamed)]).toEqual([6, 7])
})

it('data that findings are only enriched with does not matter', async () => {
  await store.index.putImage(index, 'a')
  await load('one', [advisory('CVE-1', [statement('debian:12', 'openssl', '1')])])
  let matched = 0
  const candidates: AdvisoryStore['candidates'] = (...args) => {
    matched++
    return store.advisories.candidates(...args)
  }
  const enricher = {
    id: 'epss',
    title: 'EPSS',
    gives: '',
    feeds: () => [],
    feedsFor: () => [],
    ofFact: () => undefined,
  }
  const run = async () => {
    const options = {
      kept: { store: store.index, analyzersKey: 'a', rules: '1' },
      maxDataAge: 1,
      enrich: false,
      now: new Date(),
      asOf: undefined,
    }
    const data = { ecosystems: [ecosystem], enrichers: [enricher], advisories: { ...store.advisories, candidates } }
    await matchIndex(index, { ...options, ...data, version: '0' })
    return matched
  }
  expect(await run()).toBe(1)
  await store.advisories.import(source([{ fact: 'CVE-1', value: 1 }], { id: 'epss' }), never)
  expect(await run()).toBe(1)
  await store.advisories.import(source([{ fact: 'CVE-1', value: 1 }], { id: 'epss2' }), never)
  expect(await run()).toBe(2)
})

it('everything else of the report is of now', async () => {
  await store.index.putImage(index, 'a')
  await load('one', [advisory('CVE-1', [statement('debian:12', 'openssl', '1')])])
  const first = await scan({ kept: true })
  expect(first.findings.map(({ id, package: name }) => [id, name])).toEqual([
    ['CVE-1', 'libssl3'],
    ['CVE-1', 'openssl'],
  ])
  await store.advisories.failed(feedOf('one'), { code: 'NETWORK_FAILED', message: 'no route' })
  const named = { ...index, image: { ...index.image, reference: 'other', tags: ['tag'] } }
  const options = { now: new Date('2031-01-01'), maxDataAge: 1, index: named }
  const later = await scan({ kept: true, ...options })
  expect(later).toEqual(await scan({ kept: false, ...options }))
  expect(later.image).toMatchObject({ reference: 'other', tags: ['tag'] })
  expect(later.gaps.map(({ code }) => code)).toEqual(expect.arrayContaining(['distribution-end-of-life', 'data-stale']))
  expect(later.findings).toEqual(first.findings)
})

it('matches of packages that the image does not have are not believed', async () => {
  await store.index.putImage(index, 'a')
  await load('one', [advisory('CVE-1', [statement('debian:12', 'openssl', '1')])])
  await scan({ kept: true })
  const fewer = { ...index, packages: index.packages.slice(0, 2) }
  expect(await scan({ kept: true, index: fewer })).toEqual(await scan({ kept: false, index: fewer }))
})
