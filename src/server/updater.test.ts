import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { serveFeeds } from '../../test/support/feed-server.ts'
import { twoMirrors } from '../../test/support/two-states.ts'
import { createEngine } from '../compose.ts'
import { startUpdater } from './updater.ts'

const hour = 60 * 60 * 1000
const patience = { timeout: 20_000 }
const { files } = await twoMirrors()
const feeds = ['debian', 'debian-dla', 'debian-dsa']

/** An updater that looks every 20 ms, with a mirror that answers, or not. */
async function start(period = 6 * hour) {
  const state = { fails: false }
  const resources = new AsyncDisposableStack()
  const sources = resources.use(
    await serveFeeds(files[0], {
      intercept: (_, response) => {
        if (state.fails) response.writeHead(404).end()
        return state.fails
      },
    }),
  )
  const engine = resources.use(await createEngine({ database: 'sqlite::memory:', mirror: sources.url, offline: false }))
  const failed: unknown[] = []
  const done: unknown[] = []
  const log = {
    info: ({ feed, outcome }: { feed: string; outcome: string }) => void done.push(`${feed} ${outcome}`),
    warn: ({ feed, code }: { feed: string; code: string }) => void failed.push(`${feed} ${code}`),
    error: (found: unknown) => void failed.push(found),
  }
  const updater = resources.use(startUpdater({ engine, feeds, period, check: 20, log: log as never }))
  await expect.poll(() => updater.tried, patience).toBe(true)
  return { state, sources, engine, done, failed, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('what is due', () => {
  it('is updated once in a period', async () => {
    await using updater = await start()
    expect([...updater.done].sort()).toEqual(feeds.map((feed) => `${feed} imported`))
    await sleep(200)
    expect(updater.sources.requests).toHaveLength(feeds.length)
    vi.setSystemTime(Date.now() + 5 * hour)
    await sleep(200)
    expect(updater.done).toHaveLength(feeds.length)
    vi.setSystemTime(Date.now() + 2 * hour)
    await expect.poll(() => updater.done.length, patience).toBe(2 * feeds.length)
    expect(updater.failed).toEqual([])
  })

  it.each([
    ['ahead', 400 * 24 * hour],
    ['back', -400 * 24 * hour],
  ])('is everything, once, where the clock jumps %s', async (_, jump) => {
    await using updater = await start()
    vi.setSystemTime(Date.now() + jump)
    await expect.poll(() => updater.done.length, patience).toBe(2 * feeds.length)
    await sleep(200)
    expect(updater.done).toHaveLength(2 * feeds.length)
    const { checkedAt } = (await updater.engine.store.advisories.status(['debian']))[0]!
    expect(Math.abs(Date.parse(checkedAt!) - Date.now())).toBeLessThan(1000)
  })

  it('is what failed a quarter of an hour ago', async () => {
    await using updater = await start()
    updater.state.fails = true
    vi.setSystemTime(Date.now() + 7 * hour)
    await expect.poll(() => [...updater.failed].sort(), patience).toEqual(feeds.map((feed) => `${feed} NETWORK_FAILED`))
    await sleep(200)
    expect(updater.failed).toHaveLength(feeds.length)
    updater.state.fails = false
    vi.setSystemTime(Date.now() + 16 * 60 * 1000)
    await expect.poll(() => updater.done.length, patience).toBe(2 * feeds.length)
  })
})

it('a database that fails is told, and asked again', async () => {
  await using updater = await start(50)
  await updater.engine.store[Symbol.asyncDispose]()
  await expect.poll(() => updater.failed.length, patience).toBeGreaterThan(1)
})
