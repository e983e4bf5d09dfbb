import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { advisory, gap, manyAdvisories, source, statement } from '../../test/support/records.ts'
import type { AdvisoryKey, FeedRecord } from '../core/advisory.ts'
import type { ImportSource, Store } from '../core/store.ts'
import { openStore } from '../store/open.ts'
import { openDataFile, writeDataFile } from './data-file.ts'
import { exportFeeds } from './export.ts'
import { importFeeds, type TransferOptions } from './import.ts'

let folder: string
let here: Store
let there: Store

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chiaro-transfer-'))
  here = await openStore(join(folder, 'here.db'), {})
  there = await openStore(join(folder, 'there.db'), {})
})

afterEach(async () => {
  for (const store of [here, there]) {
    expect(await store.verify()).toEqual([])
    await store[Symbol.asyncDispose]()
  }
  rmSync(folder, { recursive: true, force: true })
})

const never = new AbortController().signal

function optionsOf(store: Store, rest: Partial<TransferOptions> = {}): TransferOptions {
  const { advisories } = store
  return { advisories, feeds: [], versions: () => undefined, signal: never, progress: () => {}, ...rest }
}

function load(
  store: Store,
  id: string,
  fingerprint: string,
  records: Iterable<FeedRecord> | AsyncIterable<FeedRecord>,
  rest: Partial<ImportSource> = {},
) {
  return store.advisories.import({ ...source(records, { id, fingerprint }), ...rest }, never)
}

async function exported(store: Store, names: readonly string[] = [], since?: string | number): Promise<string> {
  const parts: string[] = []
  for await (const part of writeDataFile(await exportFeeds(names, since, optionsOf(store)))) parts.push(part)
  return parts.join('')
}

async function imported(
  store: Store,
  file: string,
  names: readonly string[] = [],
  rest: Partial<TransferOptions> = {},
) {
  async function* bytes() {
    yield Buffer.from(file)
  }
  return importFeeds(await openDataFile(bytes(), 'file', never), names, 'file', optionsOf(store, rest))
}

const keys: readonly AdvisoryKey[] = ['debian:12', 'debian:11', 'alpine:3.18'].flatMap((scope) =>
  ['openssl', 'zlib', 'package-1', 'package-7'].map((name) => ({ scope, name })),
)

async function everything(store: Store) {
  const candidates = await store.advisories.candidates(keys)
  const texts = candidates.map((candidate) => JSON.stringify(candidate)).sort()
  const status = await store.advisories.status()
  const gaps = await Promise.all(status.map(({ feed }) => store.advisories.gaps(feed)))
  return { texts, gaps, counts: status.map(({ feed, records, gaps: count }) => [feed, records, count]) }
}

const openssl = (version: string) => advisory('CVE-1', [statement('debian:12', 'openssl', version)])
const zlib = (version: string) => advisory('CVE-2', [statement('debian:12', 'zlib', version)])
const alpine = [advisory('CVE-1', [statement('alpine:3.18', 'openssl', '3.1-r0')])]

describe('export and import', () => {
  it('gives an empty database the same data', async () => {
    await load(here, 'debian', 'a', [...manyAdvisories(100, '1'), openssl('3'), gap('CVE-9 x')])
    await load(here, 'alpine-3.18-main', 'b', alpine, { dataTime: '2026-01-01T00:00:00.000Z' })
    await load(here, 'epss', 'c', [{ fact: 'CVE-1', value: [0.5, 0.9] }])
    const { feeds } = await imported(there, await exported(here))
    expect(feeds.map(({ feed, outcome, result }) => [feed, outcome, result?.records])).toEqual([
      ['alpine-3.18-main', 'imported', 1],
      ['debian', 'imported', 201],
      ['epss', 'imported', 1],
    ])
    expect(await everything(there)).toEqual(await everything(here))
    expect((await there.advisories.facts('epss', ['CVE-1'])).get('CVE-1')).toEqual([0.5, 0.9])
    const [own, other] = await Promise.all([here, there].map((store) => store.advisories.status()))
    expect(other!.map(({ importedAt: _, ...rest }) => rest)).toEqual(own!.map(({ importedAt: _, ...rest }) => rest))
  })

  it('takes the feeds that are named only, by id, beginning or pattern', async () => {
    for (const id of ['debian', 'alpine-3.18-main', 'alpine-3.18-community', 'alpine-edge-main']) {
      await load(here, id, id, alpine)
    }
    const file = await exported(here, ['alpine', 'debian'])
    const names = async (chosen: readonly string[]) =>
      (await imported(there, file, chosen)).feeds.map(({ feed }) => feed)
    expect(await names(['*-main'])).toEqual(['alpine-3.18-main', 'alpine-edge-main'])
    expect(await names(['debian'])).toEqual(['debian'])
    expect(await names(['alpine-3.18'])).toEqual(['alpine-3.18-community', 'alpine-3.18-main'])
    const unknown = { code: 'FEED_UNKNOWN', message: expect.stringContaining('"debina"') }
    await expect(imported(there, file, ['alpine', 'debina'])).rejects.toMatchObject(unknown)
    await expect(exported(here, ['debian', 'debina'])).rejects.toMatchObject(unknown)
  })

  it('has nothing to export of an empty database', async () => {
    await here.advisories.failed({ id: 'debian', url: 'x' }, { code: 'FEED_FAILED', message: 'x' })
    await expect(exported(here)).rejects.toMatchObject({ code: 'FEED_UNKNOWN' })
  })

  it('skips a feed that is the same, but learns that it was checked later', async () => {
    await load(here, 'debian', 'a', [openssl('3')], { checkedAt: '2026-01-01T00:00:00.000Z' })
    await imported(there, await exported(here))
    await here.advisories.checked('debian', 'a2', '2026-02-01T00:00:00.000Z')
    expect((await imported(there, await exported(here))).feeds).toEqual([
      { feed: 'debian', url: 'https://example.org/debian', outcome: 'unchanged' },
    ])
    expect(await there.advisories.status()).toMatchObject([{ generation: 1, checkedAt: '2026-02-01T00:00:00.000Z' }])
    await here.advisories.checked('debian', 'a3', '2026-01-15T00:00:00.000Z')
    await imported(there, await exported(here))
    expect(await there.advisories.status()).toMatchObject([{ checkedAt: '2026-02-01T00:00:00.000Z' }])
  })

  it('is as old as it was found to be where it was exported, and never from the future', async () => {
    await load(here, 'debian', 'a', [openssl('3')], { checkedAt: '2026-01-01T00:00:00.000Z' })
    const file = await exported(here)
    await imported(there, file)
    expect(await there.advisories.status()).toMatchObject([{ checkedAt: '2026-01-01T00:00:00.000Z' }])
    await load(here, 'debian', 'b', [openssl('4')], { checkedAt: '9999-01-01T00:00:00.000Z' })
    await imported(there, await exported(here))
    const [status] = await there.advisories.status()
    expect(Date.parse(status!.checkedAt!)).toBeLessThanOrEqual(Date.now())
  })

  it('keeps the number of gaps, though only some of them', async () => {
    const gaps = Array.from({ length: 1500 }, (_, index) => gap(`CVE-${index}`))
    await load(here, 'debian', 'a', [...manyAdvisories(30_000, '1'), ...gaps])
    await imported(there, await exported(here))
    expect(await everything(there)).toEqual(await everything(here))
    expect(await there.advisories.status()).toMatchObject([{ gaps: 1500 }])
  })

  it('takes as many gaps as were taken before, though records of one vulnerability are one now', async () => {
    const records = Array.from({ length: 40 }, (_, index) =>
      advisory('CVE-1', [statement('debian:12', `p${index}`, '1')]),
    )
    await load(here, 'debian', 'a', [...records, gap('CVE-2'), gap('CVE-3')])
    await imported(there, await exported(here))
    expect(await everything(there)).toEqual(await everything(here))
  })

  it('is not of two states when the feed is brought up to date meanwhile', async () => {
    await load(here, 'alpine', 'a', alpine)
    await load(here, 'debian', 'a', manyAdvisories(2000, '1'))
    const text = writeDataFile(await exportFeeds([], undefined, optionsOf(here)))
    await load(here, 'debian', 'b', manyAdvisories(2000, '2'))
    const reading = async () => {
      for await (const _ of text) void _
    }
    await expect(reading()).rejects.toMatchObject({ code: 'FEED_FAILED', message: expect.stringContaining('debian') })
  })

  it('stops at the signal', async () => {
    await load(here, 'debian', 'a', manyAdvisories(3000, '1'))
    const file = await exported(here)
    const stop = new AbortController()
    const progress = () => stop.abort()
    await expect(imported(there, file, [], { signal: stop.signal, progress })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect(await there.advisories.status()).toEqual([])
  })
})

describe('import of several feeds', () => {
  it('is all or nothing where the last of them is damaged', async () => {
    await load(there, 'alpine', 'old', alpine)
    const before = await everything(there)
    await load(here, 'alpine', 'a', [advisory('CVE-1', [statement('alpine:3.18', 'openssl', '9')])])
    await load(here, 'debian', 'a', manyAdvisories(50, '1'))
    const file = await exported(here)
    for (const wrong of [
      file.replace(/"records":50/, '"records":51'),
      file.slice(0, -100),
      file.replace('"package-7"', '"package-8"'),
      `${file}{}\n`,
    ]) {
      await expect(imported(there, wrong)).rejects.toMatchObject({ code: 'DATA_FILE_INVALID' })
      // Nor where the feed that is wanted is in front of the damage.
      await expect(imported(there, wrong, ['alpine'])).rejects.toMatchObject({ code: 'DATA_FILE_INVALID' })
      expect(await everything(there)).toEqual(before)
    }
  })

  it('finds damage in feeds that are unchanged, too', async () => {
    await load(here, 'debian', 'a', [openssl('3')])
    const file = await exported(here)
    await imported(there, file)
    await expect(imported(there, file.replace('openssl', 'opensss'))).rejects.toMatchObject({
      code: 'DATA_FILE_INVALID',
    })
  })

  it('works while others read and write the same database', async () => {
    await load(there, 'debian', 'a', [openssl('3')])
    await load(here, 'alpine', 'a', alpine)
    const file = await exported(here)
    const other = await openStore(join(folder, 'there.db'), {})
    const reading = Promise.all(Array.from({ length: 20 }, () => other.advisories.candidates(keys)))
    const writing = load(other, 'epss', 'a', [{ fact: 'CVE-1', value: 1 }])
    await Promise.all([imported(there, file), reading, writing])
    expect((await other.advisories.status()).map(({ feed }) => feed)).toEqual(['alpine', 'debian', 'epss'])
    await other[Symbol.asyncDispose]()
  })
})

describe('export since a state', () => {
  async function threeStates(): Promise<void> {
    await load(here, 'debian', 'a', [openssl('1'), zlib('1'), advisory('CVE-3', [statement('debian:12', 'zlib', '9')])])
    await later(5)
    await load(here, 'debian', 'b', [openssl('1'), zlib('2'), advisory('CVE-3', [statement('debian:12', 'zlib', '9')])])
    await later(5)
    await load(here, 'debian', 'c', [openssl('1'), zlib('2')])
  }

  it('has only what changed, and removals', async () => {
    await load(here, 'debian', 'a', [...manyAdvisories(500, '1'), openssl('1'), zlib('1')])
    await imported(there, await exported(here))
    await load(here, 'debian', 'b', [...manyAdvisories(500, '1'), openssl('2')])
    const file = await exported(here, [], 1)
    const lines = file.trimEnd().split('\n')
    expect(lines.slice(2, -2).map((line) => JSON.parse(line))).toEqual([{ removed: 'CVE-2' }, openssl('2')])
    expect((await imported(there, file)).feeds).toMatchObject([
      { outcome: 'imported', result: { changed: 1, closed: 1 } },
    ])
    expect(await everything(there)).toEqual(await everything(here))
  })

  it('is of the generation that was current at a time', async () => {
    await threeStates()
    const [first, second] = await here.advisories.generations('debian')
    const count = async (since: string | number) => (await exported(here, [], since)).split('\n').length - 5
    expect(await count(first!.importedAt)).toBe(2)
    expect(await count(second!.importedAt)).toBe(1)
    expect(await count(new Date().toISOString())).toBe(0)
    expect(await count(0)).toBe(2)
    const before = await exported(here, [], '2000-01-01T00:00:00.000Z')
    expect(before).not.toContain('"since"')
    await expect(exported(here, [], 7)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('is refused where the base is another one, or none', async () => {
    await threeStates()
    const file = await exported(here, [], 1)
    const refusal = (message: RegExp) => ({ code: 'DATA_FILE_INVALID', message: expect.stringMatching(message) })
    await expect(imported(there, file)).rejects.toMatchObject(refusal(/is not loaded here/))
    await load(there, 'debian', 'x', [openssl('7')])
    const before = await everything(there)
    await expect(imported(there, file)).rejects.toMatchObject(refusal(/is in another state here/))
    expect(await everything(there)).toEqual(before)
  })

  it('is refused where another process changes the base before the import', async () => {
    await threeStates()
    await load(there, 'debian', 'a', [openssl('1'), zlib('1')])
    const importAll: Store['advisories']['importAll'] = async (sources, signal) => {
      await load(there, 'debian', 'x', [openssl('7')])
      return there.advisories.importAll(sources, signal)
    }
    const advisories = { ...there.advisories, importAll }
    const file = await exported(here, [], 1)
    await expect(imported(there, file, [], { advisories })).rejects.toMatchObject({ code: 'FEED_FAILED' })
    expect(await there.advisories.status()).toMatchObject([{ fingerprint: 'x', records: 1 }])
  })

  it('is unchanged where its end is what is there already', async () => {
    await threeStates()
    await imported(there, await exported(here))
    expect((await imported(there, await exported(here, [], 1))).feeds).toMatchObject([{ outcome: 'unchanged' }])
  })

  it('fits a base that was found unchanged in between, on either side', async () => {
    await load(here, 'debian', 'a', [openssl('1')])
    await imported(there, await exported(here))
    // The same records under another fingerprint, and one that only the source's answer changed.
    await load(here, 'debian', 'a2', [openssl('1')])
    await here.advisories.checked('debian', 'a3')
    await load(there, 'debian', 'a4', [openssl('1')])
    await load(here, 'debian', 'b', [openssl('2')])
    expect((await imported(there, await exported(here, [], 1))).feeds).toMatchObject([{ outcome: 'imported' }])
    expect(await everything(there)).toEqual(await everything(here))
  })

  it('is not refused for the gaps of a feed of which little changed', async () => {
    const gaps = [gap('CVE-7 x'), gap('CVE-8 x')]
    await load(here, 'debian', 'a', [...manyAdvisories(500, '1'), ...gaps])
    await imported(there, await exported(here))
    await load(here, 'debian', 'b', [...manyAdvisories(500, '1'), openssl('2'), ...gaps])
    await imported(there, await exported(here, [], 1))
    expect(await everything(there)).toEqual(await everything(here))
  })

  it('is everything of a feed that keeps no history', async () => {
    await load(here, 'epss', 'a', [{ fact: 'CVE-1', value: 1 }])
    await load(here, 'epss', 'b', [{ fact: 'CVE-2', value: 1 }])
    const feeds = [{ id: 'epss', keepsHistory: false }] as unknown as TransferOptions['feeds']
    const [only] = await exportFeeds([], 1, optionsOf(here, { feeds }))
    expect(only!.feed).toMatchObject({ keepsHistory: false })
    expect(only!.feed).not.toHaveProperty('since')
  })
})
