import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JobBody } from '../../src/server/api/chiaro-v1/schema.ts'
import { signedHeader } from '../../src/server/token.ts'
import { openStore } from '../../src/store/open.ts'
import { type ChangingFeeds, changingFeeds } from '../support/changing-feeds.ts'
import { ask } from '../support/chiaro-v1.ts'
import { image, manifestIn, post, reportPath, statePath } from '../support/clair-v4.ts'
import { databases, type TestDatabase } from '../support/databases.ts'
import { startRegistry, type TestRegistry } from '../support/registry.ts'
import { type ChildServer, serveInChild } from '../support/serve-in-child.ts'
import { exampleLayout } from '../support/server.ts'
import { startWebhook, type TestWebhook } from '../support/webhook.ts'

const key = Buffer.from('a key of the test')
const hour = 60 * 60 * 1000
const day = 24 * hour
const patient = { timeout: 20_000, interval: 50 }

const folder = mkdtempSync(join(tmpdir(), 'chiaro-clock-'))
const clock = join(folder, 'clock')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** By how much the server's clock is ahead of this one; milliseconds. */
let ahead = 0
async function move(offset: number): Promise<void> {
  ahead = offset
  writeFileSync(`${clock}.new`, String(offset))
  renameSync(`${clock}.new`, clock)
  await sleep(20)
}

let registry: TestRegistry
/** While manifests are held back, what was not answered. */
let held: ServerResponse[] | undefined
beforeAll(async () => {
  registry = await startRegistry(exampleLayout, {
    intercept: ({ url = '' }, response) => {
      const isHeld = held !== undefined && url.includes('/manifests/')
      if (isHeld) held!.push(response)
      return isHeld
    },
  })
})
afterAll(() => registry[Symbol.asyncDispose]())

let feeds: ChangingFeeds
beforeEach(async () => {
  feeds = changingFeeds()
  held = undefined
  await move(0)
})
afterEach(() => feeds[Symbol.dispose]())

/** A server that updates and sweeps all the time, and notifies `target`. */
function start({ location }: TestDatabase, target: string): Promise<ChildServer> {
  const config = {
    matcher: { period: '200ms' },
    updaters: { sets: ['debian'] },
    auth: { psk: { key: key.toString('base64'), iss: ['quay'] } },
    notifier: { disable_summary: true, webhook: { target, callback: 'https://chiaro.example/' } },
    chiaro: { gc_period: '300ms', gc_keep: '720h', rate_limit: { burst: 30, per_second: 30 } },
  }
  const notifierTimes = { poll: 100, delivery: 200, clean: 500, retry: 100 }
  return serveInChild({ database: location, mirror: feeds.folder, data: false, notifierTimes, config }, clock)
}

const tokenOf = (offset: number) => ({ authorization: signedHeader(key, 'quay', (Date.now() + offset) / 1000) })
const headers = () => tokenOf(ahead)
const idsOf = ({ received }: TestWebhook) =>
  received.map(({ body }) => (body as { notification_id: string }).notification_id)

/** The vulnerabilities that the notifications tell of, by what their pages say. */
async function toldBy({ urls }: ChildServer, webhook: TestWebhook): Promise<readonly string[]> {
  const told: string[] = []
  for (const id of idsOf(webhook)) {
    const answer = await fetch(`${urls.api}/notifier/api/v1/notification/${id}`, { headers: headers() })
    const { notifications } = (await answer.json()) as { notifications: { vulnerability: { name: string } }[] }
    told.push(...notifications.map(({ vulnerability }) => vulnerability.name))
  }
  return [...new Set(told)].sort()
}

/** Has the first data loaded, and the example's image indexed and judged. */
async function settle({ urls }: ChildServer, { location }: TestDatabase): Promise<void> {
  await using store = await openStore(location)
  await expect.poll(async () => [...(await store.fleet.judgedGenerations()).keys()], patient).toContain('debian')
  await expect.poll(() => store.notifications.handled(), patient).toBeGreaterThan(0)
  expect((await post(urls.api, manifestIn(registry.host), headers())).status).toBe(201)
}

/** The names of the vulnerabilities in the report of the example's image. */
async function reported({ urls }: ChildServer): Promise<readonly string[]> {
  const answer = await fetch(`${urls.api}${reportPath}/${image.digest}`, { headers: headers() })
  expect(answer.status).toBe(200)
  const { vulnerabilities } = (await answer.json()) as { vulnerabilities: Record<string, { name: string }> }
  return [...new Set(Object.values(vulnerabilities).map(({ name }) => name))].sort()
}

/** What it logged with this message, or above this level. */
function logged(server: ChildServer, wanted: string | number): readonly { readonly notification?: string }[] {
  const lines = server
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
  const entries = lines.map((line) => JSON.parse(line) as { msg: string; level: number; notification?: string })
  return entries.filter(({ msg, level }) => (typeof wanted === 'string' ? msg === wanted : level >= wanted))
}

const undelivered = 'a notification could not be delivered'

describe.each(databases)('a server whose clock is set, with $name,', { timeout: 90_000 }, ({ create }) => {
  it('tells a webhook everything that was down for a day, once, however often it was tried', async () => {
    await using database = await create()
    const before = await startWebhook()
    await before[Symbol.asyncDispose]()
    await using server = await start(database, before.url)
    await settle(server, database)
    const failed = () => logged(server, undelivered)
    const expected: string[] = []
    for (let hours = 1; hours <= 24; hours += 3) {
      if (hours % 9 === 1) {
        expected.push(`CVE-2099-2${100 + hours}`)
        feeds.add(expected.at(-1)!, 'openssl', 'high')
        const all = expected.length
        await expect.poll(() => new Set(failed().map(({ notification }) => notification)).size, patient).toBe(all)
      }
      const tries = failed().length
      await move(hours * hour)
      await expect.poll(() => failed().length, patient).toBeGreaterThan(tries)
    }
    await using webhook = await startWebhook(undefined, Number(new URL(before.url).port))
    await expect.poll(() => webhook.received.length, patient).toBe(expected.length)
    await sleep(500)
    expect(new Set(idsOf(webhook)).size).toBe(expected.length)
    expect(webhook.received).toHaveLength(expected.length)
    expect(await toldBy(server, webhook)).toEqual(expected)
    expect(logged(server, 50)).toEqual([])
  })

  it.each([
    ['forwards by more than a year', 400 * day],
    ['backwards by more than a year', -400 * day],
  ])('%s and back loses nothing and goes on', async (_, offset) => {
    await using database = await create()
    const before = await startWebhook()
    await before[Symbol.asyncDispose]()
    await using server = await start(database, before.url)
    await settle(server, database)
    // Some work is under way: a notification that waits, and an image that is being read.
    feeds.add('CVE-2099-2001', 'openssl', 'high')
    await expect.poll(() => logged(server, undelivered).length, patient).toBeGreaterThan(0)
    held = []
    const { body } = await ask<JobBody>(server, 'POST', '/images', {
      json: { reference: `${registry.host}/test/image:debian` },
      headers: headers(),
    })
    await expect.poll(() => held!.length, patient).toBe(1)

    await move(offset)
    await using webhook = await startWebhook(undefined, Number(new URL(before.url).port))
    await expect.poll(() => webhook.received.length, patient).toBe(1)
    expect(await toldBy(server, webhook)).toEqual(['CVE-2099-2001'])
    const statusWith = async (token: Record<string, string>) =>
      (await fetch(`${server.urls.api}${statePath}`, { headers: token })).status
    // Tokens are good in the server's time, and in no other.
    expect([await statusWith(tokenOf(offset)), await statusWith(tokenOf(0))]).toEqual([200, 401])

    feeds.add('CVE-2099-2002', 'openssl', 'high')
    await expect.poll(() => webhook.received.length, patient).toBe(2)
    expect(await toldBy(server, webhook)).toEqual(['CVE-2099-2001', 'CVE-2099-2002'])
    expect(await reported(server)).toEqual(expect.arrayContaining(['CVE-2099-2001', 'CVE-2099-2002']))
    expect((await fetch(`${server.urls.introspection}/readyz`)).status).toBe(200)

    await move(0)
    feeds.add('CVE-2099-2003', 'openssl', 'high')
    feeds.remove('CVE-2099-2001', 'openssl')
    await expect.poll(() => webhook.received.length, patient).toBeGreaterThanOrEqual(3)
    await expect.poll(() => reported(server), patient).toContain('CVE-2099-2003')
    expect(await reported(server)).not.toContain('CVE-2099-2001')
    await expect.poll(() => toldBy(server, webhook), patient).toContain('CVE-2099-2003')
    // The images that are there are none that nobody needs, whatever the time.
    expect(logged(server, 'what is not needed any more was removed').length).toBeGreaterThan(0)
    const [waiting] = held
    held = undefined
    waiting!.destroy()
    const state = async () => (await ask<JobBody>(server, 'GET', `/jobs/${body.id}`, { headers: headers() })).body.state
    await expect.poll(state, patient).toBe('succeeded')
    // A burst is served, and who asks too often is served again a little later.
    const burst = async () =>
      Promise.all(Array.from({ length: 150 }, () => ask(server, 'GET', '/data', { headers: headers() })))
    expect(new Set((await burst()).map(({ status }) => status))).toEqual(new Set([200, 429]))
    await sleep(200)
    expect((await ask(server, 'GET', '/data', { headers: headers() })).status).toBe(200)
    expect(logged(server, 50)).toEqual([])
    await server.end('SIGTERM')
    await using store = await openStore(database.location)
    expect(await store.verify()).toEqual([])
  })
})
