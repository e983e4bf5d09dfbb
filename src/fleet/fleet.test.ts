import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databases, type TestDatabase } from '../../test/support/databases.ts'
import { digestOfNumber } from '../../test/support/fleet.ts'
import { advisory, fact, source, statement } from '../../test/support/records.ts'
import { bookworm, packageOf } from '../../test/support/reports.ts'
import { createEngine, type Engine } from '../compose.ts'
import type { Advisory, FeedRecord } from '../core/advisory.ts'
import type { FleetStore, Judgement } from '../core/fleet.ts'
import type { IndexedPackage, IndexReport } from '../core/report.ts'
import type { ImportSource, Store } from '../core/store.ts'
import { ecosystems } from '../ecosystems/registry.ts'
import { enrichers } from '../enrich/registry.ts'
import { createFleet } from './fleet.ts'

const { signal } = new AbortController()
const options = { maxDataAge: Number.POSITIVE_INFINITY, enrich: [] }
const first = { after: undefined, limit: 100 }

/** An image of Debian 12 with these packages, one layer each. */
function indexOf(number: number, packages: readonly IndexedPackage[]): IndexReport {
  const layer = { digest: digestOfNumber(9), diffId: digestOfNumber(8), createdBy: 'ADD rootfs' }
  return {
    image: {
      reference: `example.org/image:${number}`,
      tags: [],
      digest: digestOfNumber(number),
      configDigest: undefined,
      platform: { os: 'linux', architecture: 'amd64' },
      layers: packages.map((_, place) => ({ ...layer, createdBy: `RUN ${place}` })),
    },
    release: bookworm,
    packages: packages.map((pkg, place) => ({ ...pkg, layer: place })),
    gaps: [],
  }
}

const [openssl, zlib, bash] = ['openssl', 'zlib', 'bash'].map((name) => packageOf(name, '1')) as [
  IndexedPackage,
  IndexedPackage,
  IndexedPackage,
]

/** Numbers from 0 to 1 that are the same in every run (a linear congruential generator). */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function fixed(id: string, name: string, version = '2', description?: string): Advisory {
  return advisory(id, [statement('debian:12', name, version)], description)
}

describe.each(databases)('the fleet on $name', ({ create }) => {
  let database: TestDatabase
  let engine: Engine
  let store: Store
  let imports = 0

  beforeEach(async () => {
    database = await create()
    engine = await open()
    store = engine.store
  })
  afterEach(async () => {
    const problems = await store.verify()
    await engine[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
    expect(problems).toEqual([])
  })

  function open(): Promise<Engine> {
    return createEngine({ database: database.location, mirror: undefined, offline: true })
  }

  async function load(records: readonly FeedRecord[], more: Partial<ImportSource & ImportSource['feed']> = {}) {
    return store.advisories.import(source(records, { fingerprint: `${++imports}`, ...more }), signal)
  }

  /**
   * A fleet like that of the engine, whose calls of `judge` are counted by the packages that they are for; of those that were
   * not judged as a whole, `some` has the vulnerabilities that were.
   */
  function watched(rules: string, stop?: AbortController) {
    const judged: string[] = []
    const some: string[] = []
    const fleetStore: FleetStore = {
      ...store.fleet,
      judge: async (operation, by, packages, find) => {
        judged.push(...packages.map((one) => one.package.package.name))
        if (stop !== undefined) stop.abort()
        let last: readonly Judgement[] = []
        const written = await store.fleet.judge(operation, by, packages, async (asked, whole) => {
          last = await find(asked, whole)
          return last
        })
        some.push(...last.flatMap(({ only = [] }) => only))
        return written
      },
    }
    const parts = { ecosystems, enrichers, analyzersKey: 'a@1', rules, version: '0' }
    return { fleet: createFleet({ ...parts, store: { ...store, fleet: fleetStore } }), judged, some }
  }

  async function ids(number: number): Promise<readonly string[]> {
    const found = (await store.fleet.findings(digestOfNumber(number))) ?? []
    return found.flatMap(({ findings }) => findings.map(({ id, package: name }) => `${name} ${id}`)).sort()
  }

  async function expectEqual(index: IndexReport): Promise<void> {
    const report = await engine.fleet.report(index, options)
    expect(report).toEqual(await engine.match(index, options))
  }

  it('reports what matching does, whenever the data came', async () => {
    const indexes = [
      indexOf(1, [openssl, zlib]),
      indexOf(2, [bash, packageOf('libssl3', '1', { source: openssl.source }), zlib]),
      // The same package in two places, in two versions in one, and listed twice.
      indexOf(3, [zlib, { ...zlib, path: 'other' }, packageOf('zlib', '0'), zlib]),
      indexOf(4, []),
      { ...indexOf(5, [zlib]), release: undefined },
      { ...indexOf(6, [zlib]), release: { ...bookworm, id: 'unheard-of' } },
      indexOf(7, [packageOf('zlib', ' ?')]),
    ]
    for (const index of indexes.slice(0, 2)) await engine.fleet.add(index, [], signal)
    await load([
      {
        ...fixed('DSA-1', 'openssl'),
        vulnerability: { ...fixed('DSA-1', '').vulnerability, covers: ['CVE-1', 'CVE-2'] },
      },
      fixed('CVE-1', 'openssl', '3'),
      fixed('CVE-3', 'zlib'),
      fixed('CVE-4', 'bash', '1'),
    ])
    for (const index of indexes.slice(2)) await engine.fleet.add(index, [], signal)
    // What is kept is not of this data: that there was nothing then says nothing.
    expect(await engine.fleet.report(indexes[0]!, options)).toBeUndefined()
    expect(await engine.report(indexes[0]!, options)).toEqual(await engine.match(indexes[0]!, options))
    await engine.fleet.rejudge(signal)
    for (const index of indexes) await expectEqual(index)
    expect(await ids(2)).toEqual(['libssl3 CVE-1', 'libssl3 CVE-2', 'zlib CVE-3'])
    expect((await engine.match(indexes[2]!, options)).findings.length).toBeGreaterThan(2)
  })

  it('cannot tell of a package that a database lists in two ways, and matching does', async () => {
    await load([fixed('CVE-1', 'a'), fixed('CVE-2', 'b')])
    const index = indexOf(1, [
      packageOf('zlib', '1', { source: { name: 'a', version: '1' } }),
      packageOf('zlib', '1', { source: { name: 'b', version: '1' } }),
    ])
    await engine.fleet.add(index, [], signal)
    await engine.fleet.rejudge(signal)
    expect(await engine.fleet.report(index, options)).toBeUndefined()
    expect((await engine.report(index, options)).findings.map(({ id }) => id)).toEqual(['CVE-1', 'CVE-2'])
  })

  it('does not call an image clean that is not there, or was put and not judged', async () => {
    await load([fixed('CVE-1', 'zlib')])
    const index = indexOf(1, [zlib])
    await engine.fleet.rejudge(signal)
    expect(await engine.fleet.report(index, options)).toBeUndefined()
    const { fleet } = watched('rules', undefined)
    const killed = new AbortController()
    killed.abort()
    await expect(fleet.add(index, [], killed.signal)).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }))
    expect(await engine.fleet.report(index, options)).toBeUndefined()
    expect((await engine.report(index, options)).findings.map(({ id }) => id)).toEqual(['CVE-1'])
    // The next round finds it.
    await engine.fleet.rejudge(signal)
    await expectEqual(index)
    expect(await ids(1)).toEqual(['zlib CVE-1'])
  })

  it('judges only packages that it has never seen, and an image that it has only looks up', async () => {
    await load([fixed('CVE-1', 'zlib')])
    const { fleet, judged } = watched('rules')
    await fleet.add(indexOf(1, [zlib, openssl]), ['example.org/a:1'], signal)
    expect(judged.sort()).toEqual(['openssl', 'zlib'])
    await fleet.add(indexOf(2, [zlib, bash]), [], signal)
    expect(judged.slice(2)).toEqual(['bash'])
    const put = store.fleet.putImage
    let puts = 0
    Object.assign(store.fleet, {
      putImage: (...args: Parameters<typeof put>) => {
        puts++
        return put(...args)
      },
    })
    const again = watched('rules')
    await again.fleet.add(indexOf(1, [zlib, openssl]), ['example.org/a:1'], signal)
    await again.fleet.add(indexOf(1, [zlib, openssl]), [], signal)
    expect([puts, again.judged]).toEqual([0, []])
    await again.fleet.add(indexOf(1, [zlib, openssl]), ['example.org/a:2'], signal)
    expect([puts, again.judged]).toEqual([1, []])
  })

  it('judges again only the packages with the keys that changed, and says why', async () => {
    await load([fixed('CVE-1', 'zlib'), fixed('CVE-2', 'openssl')])
    const { fleet, judged } = watched('rules')
    await fleet.add(indexOf(1, [zlib, openssl, bash]), [], signal)
    await fleet.rejudge(signal)
    judged.length = 0
    expect(await fleet.rejudge(signal)).toEqual([])
    await load([fixed('CVE-1', 'zlib', '3'), fixed('CVE-2', 'openssl'), fixed('CVE-3', 'none')])
    const [done] = await fleet.rejudge(signal)
    expect(judged).toEqual(['zlib'])
    const cause = { kind: 'data', feed: 'debian', from: 1, to: 2 }
    expect(done).toEqual({ cause, packages: 1, opened: 1, closed: 1 })
    const { items } = await store.fleet.timeline(digestOfNumber(1), { after: undefined, limit: 2 })
    expect(items.map(({ change, cause: why, finding: { id, fixedIn } }) => [change, why, id, fixedIn])).toEqual([
      ['opened', cause, 'CVE-1', '3'],
      ['closed', cause, 'CVE-1', '2'],
    ])
    const affected = await store.fleet.affected(items[0]!.operation, first)
    expect(affected.items.map(({ digest }) => digest)).toEqual([digestOfNumber(1)])
    await load([fixed('CVE-2', 'openssl')])
    await fleet.rejudge(signal)
    expect(await ids(1)).toEqual(['openssl CVE-2'])
    await expectEqual(indexOf(1, [zlib, openssl, bash]))
  })

  it('judges of a package only the vulnerabilities that changed', async () => {
    const many = Array.from({ length: 20 }, (_, index) => fixed(`CVE-${index}`, 'zlib'))
    await load(many)
    const { fleet, some } = watched('rules')
    await fleet.add(indexOf(1, [zlib, bash]), [], signal)
    await fleet.rejudge(signal)
    some.length = 0
    const next = [
      ...many.slice(3),
      fixed('CVE-1', 'zlib', '3'),
      fixed('CVE-2', 'zlib', '2', 'other'),
      fixed('CVE-X', 'zlib'),
    ]
    await load(next)
    const [done] = await fleet.rejudge(signal)
    expect(some.sort()).toEqual(['CVE-0', 'CVE-1', 'CVE-2', 'CVE-X'])
    expect(done).toMatchObject({ packages: 1, opened: 2, closed: 2 })
    await expectEqual(indexOf(1, [zlib, bash]))
    some.length = 0
    await load([...next.slice(1), fixed('CVE-3', 'zlib', '1 1')])
    await fleet.rejudge(signal)
    // What cannot be compared is a gap of the package as a whole, and the package has it from now on.
    await load(next)
    await fleet.rejudge(signal)
    expect(some).toEqual([])
    await expectEqual(indexOf(1, [zlib, bash]))
  })

  it('finds after any changes what judging everything does, however records are joined', async () => {
    const random = randomNumbers(7)
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!
    const chosen = <T>(list: readonly T[], share: number) => list.filter(() => random() < share)
    const ids = [...[1, 2, 3, 4, 5, 6].map((number) => `CVE-2024-000${number}`), 'GHSA-1', 'GHSA-2', 'DSA-1', 'DSA-2']
    const names = ['openssl', 'zlib', 'bash']
    const record = (id: string): Advisory => {
      const { vulnerability } = fixed(id, '', '', `about ${Math.floor(random() * 3)}`)
      const [aliases, covers] = [0.3, 0.2].map((often) => (random() < often ? chosen(ids, 0.2) : []))
      const versions = ['1', '2', '3', '4', ...(random() < 0.1 ? ['1 1'] : [])]
      return {
        vulnerability: {
          ...vulnerability,
          aliases: aliases!.filter((alias) => alias !== id),
          ...(covers!.length === 0 ? {} : { covers: covers! }),
        },
        statements: chosen(names, 0.5).map((name) => statement('debian:12', name, pick(versions))),
      }
    }
    const feeds = new Map(['debian', 'other'].map((feed) => [feed, new Map(ids.map((id) => [id, record(id)]))]))
    const indexes = names.map((name, place) =>
      indexOf(
        place,
        ['1', '2', '3'].map((version) => packageOf(`${name}-${version}`, version, { source: { name, version } })),
      ),
    )
    const { fleet, judged, some } = watched('rules')
    for (const [id, records] of feeds) await load([...records.values()], { id })
    for (const index of indexes) await fleet.add(index, [], signal)
    await fleet.rejudge(signal)
    judged.length = 0
    for (let round = 0; round < 12; round++) {
      for (const [feed, records] of feeds) {
        for (const id of chosen(ids, 0.1)) {
          if (random() < 0.3) records.delete(id)
          else records.set(id, record(id))
        }
        await load([...records.values()], { id: feed, mayBeEmpty: true })
      }
      await fleet.rejudge(signal)
      for (const index of indexes) await expectEqual(index)
    }
    expect(some.length).toBeGreaterThan(15)
    expect(judged.length).toBeGreaterThan(30)
  })

  it('takes over what a vulnerability is described by, and the advisories that facts name', async () => {
    await load([fixed('CVE-1', 'zlib', '2', 'one')])
    const index = indexOf(1, [zlib])
    await engine.fleet.add(index, [], signal)
    await engine.fleet.rejudge(signal)
    await load([fixed('CVE-1', 'zlib', '2', 'two')])
    await load(
      [
        fact(ecosystems.find(({ id }) => id === 'debian')!.advisoryFact!(zlib, { scope: 'debian:12', name: 'zlib' }), [
          ['DSA-9', 'CVE-1'],
        ]),
      ],
      { id: 'debian-dsa' },
    )
    const done = await engine.fleet.rejudge(signal)
    expect(done.map(({ packages }) => packages)).toEqual([1, 1])
    const report = await engine.fleet.report(index, options)
    expect(report?.findings).toMatchObject([{ description: 'two', advisory: 'DSA-9' }])
    await expectEqual(index)
  })

  it('judges nothing again for feeds that only enrich', async () => {
    await load([fixed('CVE-1', 'zlib')])
    const { fleet, judged } = watched('rules')
    await fleet.add(indexOf(1, [zlib]), [], signal)
    await fleet.rejudge(signal)
    judged.length = 0
    for (const id of ['nvd-2024', 'epss', 'kev']) await load([fact('CVE-1', 1), fixed('CVE-1', 'zlib')], { id })
    expect([await fleet.rejudge(signal), judged]).toEqual([[], []])
  })

  it('carries on with what was interrupted', async () => {
    const packages = Array.from({ length: 1200 }, (_, index) => packageOf(`package-${index}`, '1'))
    const records = (version: string) => packages.map(({ name }) => fixed(`CVE-${name}`, name, version))
    await load(records('2'))
    await engine.fleet.add(indexOf(1, packages), [], signal)
    await engine.fleet.rejudge(signal)
    await load(records('3'))
    const stop = new AbortController()
    const killed = watched('rules', stop)
    await expect(killed.fleet.rejudge(stop.signal)).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }))
    expect(killed.judged).toHaveLength(500)
    // What was begun is about the generations of then; more has come since.
    await load(records('4'))
    const done = await engine.fleet.rejudge(signal)
    expect(done.map(({ cause, opened }) => [cause, opened])).toEqual([
      [{ kind: 'data', feed: 'debian', from: 1, to: 2 }, 1200],
      [{ kind: 'data', feed: 'debian', from: 2, to: 3 }, 0],
    ])
    const all = (await store.fleet.findings(digestOfNumber(1)))!.flatMap(({ findings }) => findings)
    expect(new Set(all.map(({ fixedIn }) => fixedIn))).toEqual(new Set(['4']))
    const operations = await store.fleet.operations(1, 10)
    expect(operations.every(({ endedAt }) => endedAt !== null)).toBe(true)
    expect(await engine.fleet.rejudge(signal)).toEqual([])
  })

  it('judges everything again where it cannot be told any more what changed', async () => {
    await load([fixed('CVE-1', 'zlib'), fixed('CVE-2', 'openssl')])
    await engine.fleet.add(indexOf(1, [zlib, openssl]), [], signal)
    await engine.fleet.rejudge(signal)
    await load([fixed('CVE-2', 'openssl')])
    await load([fixed('CVE-2', 'openssl'), fixed('CVE-3', 'zlib')])
    await store.gc('9999-01-01')
    const [done] = await engine.fleet.rejudge(signal)
    expect(done).toEqual({ cause: { kind: 'data', feed: 'debian', from: 1, to: 3 }, packages: 2, opened: 1, closed: 1 })
    expect(await ids(1)).toEqual(['openssl CVE-2', 'zlib CVE-3'])
  })

  it('judges everything again by new rules, and carries on with that too', async () => {
    const packages = Array.from({ length: 700 }, (_, index) => packageOf(`package-${index}`, '1'))
    await load([fixed('CVE-1', 'package-1')])
    await watched('old').fleet.add(indexOf(1, packages), [], signal)
    const stop = new AbortController()
    const killed = watched('new', stop)
    await expect(killed.fleet.rejudgeByRules(stop.signal)).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }))
    expect(killed.judged).toHaveLength(500)
    const next = watched('new')
    const [done] = await next.fleet.rejudgeByRules(signal)
    expect(done).toEqual({ cause: { kind: 'rules', rules: 'new' }, packages: 200, opened: 0, closed: 0 })
    expect(await watched('new').fleet.rejudgeByRules(signal)).toEqual([])
    expect(await ids(1)).toEqual(['package-1 CVE-1'])
  })

  it('misses no update, however images and data come in between by two processes', async () => {
    await load([fixed('CVE-0', 'package-0', '2')])
    const other = await open()
    try {
      const packages = Array.from({ length: 40 }, (_, index) => packageOf(`package-${index}`, '1'))
      const indexes = packages.map((_, index) => indexOf(index, packages.slice(index, index + 5)))
      const update = async () => {
        for (let round = 1; round <= 6; round++) {
          const versionOf = (place: number) => String(2 + (place % 6 <= round ? round : 0))
          await load(packages.map(({ name }, place) => fixed(`CVE-${name}`, name, versionOf(place))))
          await Promise.all([engine.fleet.rejudge(signal), other.fleet.rejudge(signal)])
        }
      }
      const put = async (own: Engine, all: readonly IndexReport[]) => {
        for (const index of all) await own.fleet.add(index, [], signal)
      }
      await Promise.all([update(), put(engine, indexes), put(other, indexes.toReversed())])
      await other.fleet.rejudge(signal)
      for (const index of indexes) await expectEqual(index)
      expect(await store.fleet.unjudgedPackages(0, 10)).toEqual([])
    } finally {
      await other[Symbol.asyncDispose]()
    }
  })

  it('forgets images with their index reports', async () => {
    const index = indexOf(1, [zlib])
    await store.index.putImage(index, 'a@1', true)
    await engine.fleet.add(index, [], signal)
    expect(await engine.fleet.remove([digestOfNumber(1), digestOfNumber(2)])).toEqual([digestOfNumber(1)])
    expect(await store.fleet.image(digestOfNumber(1))).toBeUndefined()
    expect(await store.index.image(digestOfNumber(1), 'a@1')).toBeUndefined()
  })
})
