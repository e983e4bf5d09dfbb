import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mirrorOf } from '../../test/support/feeds.ts'
import { advisory, gap, statement } from '../../test/support/records.ts'
import type { FeedRecord } from '../core/advisory.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Feed } from '../core/feed.ts'
import { limits } from '../core/limits.ts'
import type { ProgressEvent } from '../core/progress.ts'
import type { Store } from '../core/store.ts'
import { feedsOf } from '../ecosystems/alpine/feed.ts'
import { trackerFeed } from '../ecosystems/debian/feed.ts'
import { createSpools } from '../io/spools.ts'
import { openStore } from '../store/open.ts'
import { type UpdateFeedsOptions, updateFeeds } from './update.ts'

let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:', {})
})
afterEach(() => store[Symbol.asyncDispose]())

/** A feed that needs no files. */
function feed(id: string, parts: Partial<Feed> & { records?: () => Iterable<FeedRecord> } = {}): Feed {
  const { records = () => [advisory(`CVE-2099-${id}`, [statement('test:1', id, '1.0')])], ...rest } = parts
  return {
    id,
    url: `https://a.example/${id}`,
    version: 1,
    scopes: ['test:1'],
    fetch: async (_spool, last) => (last === 'state 1' ? 'unchanged' : { fingerprint: 'state 1' }),
    parse: async () =>
      (async function* () {
        yield* records()
      })(),
    ...rest,
  }
}

function fails(error: unknown): Partial<Feed> {
  return {
    fetch: async () => {
      throw error
    },
  }
}

function update(feeds: readonly Feed[], options: Partial<UpdateFeedsOptions> = {}) {
  return updateFeeds(feeds, {
    store: store.advisories,
    lock: (name, signal, work) => store.lock(name, signal, work),
    spools: createSpools({ mirror: undefined, offline: true }),
    maxAge: undefined,
    force: false,
    signal: new AbortController().signal,
    progress: () => {},
    now: new Date(),
    ...options,
  })
}

async function outcomes(feeds: readonly Feed[], options: Partial<UpdateFeedsOptions> = {}): Promise<readonly string[]> {
  return (await update(feeds, options)).map(({ feed: id, outcome }) => `${id} ${outcome}`)
}

describe('updateFeeds', () => {
  it('imports what is new, and then nothing', async () => {
    const [first] = await update([feed('one')])
    expect(first).toMatchObject({ feed: 'one', outcome: 'imported', result: { records: 1, added: 1, generation: 1 } })
    const before = (await store.advisories.status(['one']))[0]!
    await sleep(5)
    expect(await outcomes([feed('one')])).toEqual(['one unchanged'])
    const after = (await store.advisories.status(['one']))[0]!
    expect(after.generation).toBe(1)
    expect(after.checkedAt! > before.checkedAt!).toBe(true)
  })

  it('does not ask a source whose data is young enough', async () => {
    await update([feed('one')])
    const never = feed('one', fails(new Error('it was asked')))
    const inAnHour = new Date(Date.now() + 3_600_000)
    expect(await outcomes([never], { maxAge: 3_700_000, now: inAnHour })).toEqual(['one fresh'])
    expect(await outcomes([feed('one')], { maxAge: 3_500_000, now: inAnHour })).toEqual(['one unchanged'])
  })

  it('imports again when asked to, and when the parser is another one', async () => {
    await update([feed('one')])
    expect(await outcomes([feed('one')], { force: true, maxAge: 1_000_000 })).toEqual(['one imported'])
    expect(await outcomes([feed('one', { version: 2 })], { maxAge: 1_000_000 })).toEqual(['one imported'])
    expect((await store.advisories.status(['one']))[0]!.version).toBe(2)
    expect(await outcomes([feed('one', { version: 2 })])).toEqual(['one unchanged'])
  })

  it('lets no failing feed hurt another, keeps its data and notes why', async () => {
    await update([feed('one'), feed('two')])
    const broken = feed(
      'one',
      fails(new ChiaroError('NETWORK_FAILED', 'the host is down', { where: 'https://a.example' })),
    )
    const damaged = feed('two', {
      fetch: async () => ({ fingerprint: 'state 2' }),
      records: function* () {
        yield advisory('CVE-2099-9', [statement('test:1', 'two', '9')])
        throw new ChiaroError('FEED_FAILED', 'it ends too early')
      },
    })
    const defective = feed('three', fails(new TypeError('x is not a function')))
    const result = await update([broken, damaged, defective, feed('four')])
    expect(result.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['failed', { code: 'NETWORK_FAILED', message: 'the host is down (https://a.example)' }],
      ['failed', { code: 'FEED_FAILED', message: 'it ends too early' }],
      ['failed', { code: 'INTERNAL', message: 'x is not a function' }],
      ['imported', undefined],
    ])
    const [one, two, three] = await store.advisories.status(['one', 'two', 'three'])
    expect([one!.generation, one!.lastError?.code]).toEqual([1, 'NETWORK_FAILED'])
    expect([two!.generation, two!.lastError?.message]).toEqual([1, 'it ends too early'])
    expect(three!.generation).toBe(0)
    const [kept] = await store.advisories.candidates([{ scope: 'test:1', name: 'two' }])
    expect(kept!.statement.fixedIn).toBe('1.0')
  })

  it('refuses a feed of which too much cannot be read', async () => {
    const records = () => [advisory('CVE-2099-1', [statement('test:1', 'one', '1')]), gap('a'), gap('b')]
    const [outcome] = await update([feed('one', { records })])
    expect(outcome!.error?.code).toBe('FEED_FAILED')
  })

  it('fetches several feeds at a time and imports one', async () => {
    let fetching = 0
    let importing = 0
    const most = { fetching: 0, importing: 0 }
    const feeds = Array.from({ length: 12 }, (_, index) =>
      feed(`feed-${index}`, {
        url: `https://host-${index}.example/`,
        fetch: async () => {
          most.fetching = Math.max(most.fetching, ++fetching)
          await sleep(5)
          fetching--
          return { fingerprint: 'state 1' }
        },
        parse: async () =>
          (async function* () {
            most.importing = Math.max(most.importing, ++importing)
            await sleep(2)
            yield advisory(`CVE-2099-${index}`, [statement('test:1', `package-${index}`, '1')])
            importing--
          })(),
      }),
    )
    expect(await outcomes(feeds)).toEqual(feeds.map(({ id }) => `${id} imported`))
    expect(most).toEqual({ fetching: limits.feedsAtOnce, importing: 1 })
  })

  it('asks a host for limits.feedFetchesPerHost feeds at a time, and others meanwhile', async () => {
    const fetching = new Map<string, number>()
    const most = new Map<string, number>()
    const started: string[] = []
    const from = (host: string, id: string) =>
      feed(id, {
        url: `https://${host}/${id}`,
        fetch: async () => {
          started.push(id)
          fetching.set(host, (fetching.get(host) ?? 0) + 1)
          most.set(host, Math.max(most.get(host) ?? 0, fetching.get(host)!))
          await sleep(10)
          fetching.set(host, fetching.get(host)! - 1)
          return { fingerprint: 'state 1' }
        },
      })
    const feeds = [
      ...Array.from({ length: 9 }, (_, index) => from('many.example', `many-${index}`)),
      from('one.example', 'one'),
      from('two.example', 'two'),
    ]
    expect(await outcomes(feeds)).toEqual(feeds.map(({ id }) => `${id} imported`))
    expect(Object.fromEntries(most)).toEqual({ 'many.example': 2, 'one.example': 1, 'two.example': 1 })
    expect(started.slice(0, 4)).toEqual(['many-0', 'many-1', 'one', 'two'])
  })

  it('does not mind how many feeds are read from a directory', async () => {
    let fetching = 0
    let most = 0
    const feeds = Array.from({ length: 8 }, (_, index) =>
      feed(`feed-${index}`, {
        fetch: async () => {
          most = Math.max(most, ++fetching)
          await sleep(5)
          fetching--
          return { fingerprint: 'state 1' }
        },
      }),
    )
    await update(feeds, { spools: createSpools({ mirror: mirrorOf({}), offline: true }) })
    expect(most).toBe(limits.feedsAtOnce)
  })

  it('updates a feed under its lock, and not again what another process brought meanwhile', async () => {
    await update([feed('one')])
    const asked: string[] = []
    const watched = (id: string) =>
      feed(id, {
        fetch: async () => {
          asked.push(id)
          return { fingerprint: 'state 2' }
        },
      })
    const lock: Store['lock'] = async (name, _signal, work) => {
      asked.push(name)
      if (name === 'feed:one') await store.advisories.checked('one', 'state 2', '2099-01-01T00:00:00.000Z')
      return work()
    }
    const feeds = [watched('one'), watched('two')]
    expect(await outcomes(feeds, { lock })).toEqual(['one fresh', 'two imported'])
    expect(asked.sort()).toEqual(['feed:one', 'feed:two', 'two'])
    expect(await outcomes(feeds.slice(0, 1), { lock, force: true })).toEqual(['one imported'])
  })

  it('does not believe a clock that was ahead for longer than the age it is asked for', async () => {
    await update([feed('one')])
    await store.advisories.checked('one', 'state 1', new Date(Date.now() + 90_000_000).toISOString())
    expect(await outcomes([feed('one')], { maxAge: 86_400_000 })).toEqual(['one unchanged'])
    await store.advisories.checked('one', 'state 1', new Date(Date.now() + 60_000).toISOString())
    expect(await outcomes([feed('one')], { maxAge: 86_400_000 })).toEqual(['one fresh'])
  })

  it('does not take a source at its word that what was never loaded did not change', async () => {
    const liar = feed('one', { fetch: async () => 'unchanged' })
    const [outcome] = await update([liar])
    expect(outcome).toMatchObject({ outcome: 'failed', error: { code: 'FEED_FAILED' } })
  })

  it('stops when told to, and notes no failure', async () => {
    const controller = new AbortController()
    const waits = feed('one', {
      fetch: async (_spool, _last, signal) => {
        controller.abort()
        await sleep(10_000, undefined, { signal })
        return 'unchanged'
      },
    })
    const error = await update([waits, feed('two')], { signal: controller.signal }).catch((thrown: unknown) => thrown)
    expect((error as ChiaroError).code).toBe('ABORTED')
    expect((await store.advisories.status()).filter(({ lastError }) => lastError !== undefined)).toEqual([])
  })

  it('stops in the middle of records for which nothing has to be waited', async () => {
    const begun = performance.now()
    const endless = feed('endless', {
      records: function* () {
        for (let i = 0; performance.now() - begun < 5000; i++)
          yield advisory(`CVE-${i}`, [statement('test:1', 'x', '1')])
      },
    })
    await expect(update([endless], { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(performance.now() - begun).toBeLessThan(2500)
  })

  it('stops for what is wrong with all feeds', async () => {
    const full = new ChiaroError('DATABASE_FAILED', 'the disk is full')
    const error = await update([feed('one', fails(full)), feed('two')]).catch((thrown: unknown) => thrown)
    expect(error).toBe(full)
    expect((await store.advisories.status()).filter(({ lastError }) => lastError !== undefined)).toEqual([])
  })

  it('tells progress of each feed, and its end', async () => {
    const events: ProgressEvent[] = []
    const records = () =>
      Array.from({ length: 2500 }, (_, index) => advisory(`CVE-2099-${index}`, [statement('test:1', 'one', '1')]))
    await update([feed('one', { records })], { progress: (event) => events.push(event) })
    expect(events.map(({ label, done, finished }) => [label, done, finished])).toEqual([
      ['one: fetching', 0, false],
      ['one: importing', 0, false],
      ['one: importing', 1000, false],
      ['one: importing', 2000, false],
      ['one', 0, true],
    ])
  })

  it('tells how many of several feeds are done', async () => {
    const events: ProgressEvent[] = []
    await update([feed('one'), feed('two', fails(new Error('no'))), feed('three')], {
      progress: (event) => {
        if (event.step === 'feeds') events.push(event)
      },
    })
    expect(events.map(({ done, total, finished }) => [done, total, finished])).toEqual([
      [0, 3, false],
      [1, 3, false],
      [2, 3, false],
      [3, 3, false],
      [3, 3, true],
    ])
  })

  it('takes an empty document for what it says only where that can be, and damage elsewhere', async () => {
    const mirror = mirrorOf({
      'secdb.alpinelinux.org/v3.3/main.json': '{"packages": []}',
      'secdb.alpinelinux.org/v3.3/community.json': '{"packages": []}',
      'security-tracker.debian.org/tracker/data/json': '{}',
    })
    const spools = createSpools({ mirror, offline: true })
    const feeds = [...feedsOf('3.3'), trackerFeed]
    expect(await outcomes(feeds, { spools })).toEqual([
      'alpine-3.3-main failed',
      'alpine-3.3-community imported',
      'debian failed',
    ])
    expect(await outcomes(feeds.slice(1, 2), { spools })).toEqual(['alpine-3.3-community unchanged'])
  })

  it('brings a real feed from a mirror', async () => {
    const state = { status: 'resolved', fixed_version: '1.0-2', urgency: 'low' }
    const path = 'security-tracker.debian.org/tracker/data/json'
    const document = { sample: { 'CVE-2099-0001': { description: 'x', releases: { bookworm: state } } } }
    const mirror = mirrorOf({ [path]: JSON.stringify(document) })
    const spools = createSpools({ mirror, offline: true })
    expect(await outcomes([trackerFeed], { spools })).toEqual(['debian imported'])
    expect(await outcomes([trackerFeed], { spools })).toEqual(['debian unchanged'])
    const [found] = await store.advisories.candidates([{ scope: 'debian:12', name: 'sample' }])
    expect(found).toMatchObject({
      feed: 'debian',
      statement: { fixedIn: '1.0-2' },
      vulnerability: { id: 'CVE-2099-0001' },
    })
  })
})
