import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'amqplib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/compose.ts'
import type { NotifierTimes } from '../../src/server/notifier.ts'
import { isAuthorized } from '../../src/server/token.ts'
import { openStore } from '../../src/store/open.ts'
import { type ChangingFeeds, changingFeeds } from '../support/changing-feeds.ts'
import { databases } from '../support/databases.ts'
import { hasRabbitMq, startRabbitMq } from '../support/rabbitmq.ts'
import { startRegistry, type TestRegistry } from '../support/registry.ts'
import { serveInChild } from '../support/serve-in-child.ts'
import { exampleLayout, layoutManifest, startTestServer, type TestServerOptions } from '../support/server.ts'
import { startWebhook, type TestWebhook } from '../support/webhook.ts'

const key = Buffer.from('a key of the test')
const image = layoutManifest(exampleLayout)
const callback = 'https://chiaro.example/notifier/api/v1/notification'
const quick: NotifierTimes = { poll: 100, delivery: 200, clean: 1000, retry: 100 }
const patient = { timeout: 30_000, interval: 50 }

/** A page of a notification. */
interface Page {
  readonly page: { readonly next?: string }
  readonly notifications: readonly {
    readonly manifest: string
    readonly reason: string
    readonly vulnerability: {
      readonly name: string
      readonly severity: string
      readonly package: { readonly name: string }
    }
  }[]
}

let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry(exampleLayout)
})
afterAll(() => registry[Symbol.asyncDispose]())

/** What a client sends: a token of Quay's. */
function authorization(): Record<string, string> {
  const now = Math.floor(Date.now() / 1000)
  const content = [{ alg: 'HS256' }, { iss: 'quay', iat: now, exp: now + 60 }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return { authorization: `Bearer ${content}.${createHmac('sha256', key).update(content).digest('base64url')}` }
}

/** Options of a server that updates from these feeds again and again, and notifies this target. */
function optionsOf(
  database: string,
  feeds: ChangingFeeds,
  target: string,
  times: NotifierTimes = quick,
): TestServerOptions {
  return {
    database,
    mirror: feeds.folder,
    data: false,
    notifierTimes: times,
    config: {
      matcher: { period: '300ms' },
      updaters: { sets: ['debian'] },
      auth: { psk: { key: key.toString('base64'), iss: ['quay'] } },
      notifier: { disable_summary: true, webhook: { target, callback } },
    },
  }
}

/** Waits until the first data has been loaded, and images have been judged by it. */
async function settled({ store }: Pick<Engine, 'store'>): Promise<void> {
  await expect.poll(async () => [...(await store.fleet.judgedGenerations()).keys()], patient).toContain('debian')
  await expect.poll(() => store.notifications.handled(), patient).toBeGreaterThan(0)
}

/** Submits the example's image, and waits until it is kept. */
async function index(api: string): Promise<void> {
  const body = JSON.stringify({
    hash: image.digest,
    layers: image.layers.map((hash) => ({ hash, uri: `http://${registry.host}/v2/test/image/blobs/${hash}` })),
  })
  const path = '/indexer/api/v1/index_report'
  const response = await fetch(`${api}${path}`, { method: 'POST', body, headers: authorization() })
  expect(response.status).toBe(201)
}

const idsOf = ({ received }: TestWebhook) =>
  received.map(({ body }) => (body as { notification_id: string }).notification_id)

describe.each(databases)('what an update changes in images is notified, with $name', ({ name, create }) => {
  it('from the change of a feed to the deletion of the notification', async () => {
    await using database = await create()
    using feeds = changingFeeds()
    await using webhook = await startWebhook()
    await using server = await startTestServer(optionsOf(database.location, feeds, webhook.url))
    await settled(server.engine)
    await index(server.urls.api)
    await sleep(500)
    // Neither the first data nor a new image is news.
    expect(webhook.received).toEqual([])

    feeds.add('CVE-2099-2001', 'openssl', 'high')
    await expect.poll(() => idsOf(webhook), patient).toHaveLength(1)
    const [{ method, headers, body }] = webhook.received as [TestWebhook['received'][0]]
    const [id] = idsOf(webhook) as [string]
    expect([method, body]).toEqual(['POST', { notification_id: id, callback: `${callback}/${id}` }])
    const rules = { key, issuers: ['clair-notifier'] }
    expect(isAuthorized(headers.authorization, rules, Date.now() / 1000)).toBe(true)

    feeds.remove('CVE-2099-1002', 'curl')
    await expect.poll(() => idsOf(webhook), patient).toHaveLength(2)
    const ask = (one: string, query = '', options: RequestInit = {}) =>
      fetch(`${server.urls.api}/notifier/api/v1/notification/${one}${query}`, { headers: authorization(), ...options })
    const told: string[] = []
    for (const one of idsOf(webhook)) {
      for (let query: string | undefined = '?page_size=1'; query !== undefined; ) {
        const page = (await (await ask(one, query)).json()) as Page
        expect(page.notifications.length).toBeLessThanOrEqual(1)
        for (const { manifest, reason, vulnerability } of page.notifications) {
          expect(manifest).toBe(image.digest)
          told.push(`${reason} ${vulnerability.name} ${vulnerability.package.name} ${vulnerability.severity}`)
        }
        query = page.page.next && `?page_size=1&next=${page.page.next}`
      }
    }
    expect(told).toEqual([
      expect.stringMatching(/^added CVE-2099-2001 (openssl|libssl3\w*) High$/),
      expect.stringMatching(/^removed CVE-2099-1002 \S+ High$/),
    ])
    expect((await fetch(`${server.urls.api}/notifier/api/v1/notification/${id}`)).status).toBe(401)
    const removed = await ask(id, '', { method: 'DELETE' })
    expect(removed.status).toBe(200)
    expect(await (await ask(id)).json()).toEqual({ page: { size: 500 }, notifications: [] })
    expect((await ask(id, '', { method: 'DELETE' })).status).toBe(200)
    await sleep(500)
    expect(webhook.received).toHaveLength(2)
  })

  it('although the target is down for a while, and once', async () => {
    await using database = await create()
    using feeds = changingFeeds()
    const before = await startWebhook()
    await before[Symbol.asyncDispose]()
    await using server = await startTestServer(optionsOf(database.location, feeds, before.url))
    await settled(server.engine)
    await index(server.urls.api)
    feeds.add('CVE-2099-2001', 'openssl', 'high')
    await expect.poll(() => server.log.join(''), patient).toContain('a notification could not be delivered')
    feeds.add('CVE-2099-2002', 'openssl', 'high')
    const failed = () =>
      server.log.filter((line) => line.includes('could not be delivered')).map((line) => JSON.parse(line).notification)
    await expect.poll(() => new Set(failed()).size, patient).toBe(2)
    await using webhook = await startWebhook(undefined, Number(new URL(before.url).port))
    await expect.poll(() => new Set(idsOf(webhook)), patient).toEqual(new Set(failed()))
    await sleep(700)
    expect(webhook.received).toHaveLength(2)
    const metrics = await (await fetch(`${server.urls.introspection}/metrics`)).text()
    expect(metrics).toMatch(/^chiaro_notification_deliveries_total\{outcome="delivered"\} 2$/m)
    expect(metrics).toMatch(/^chiaro_notification_deliveries_total\{outcome="failed"\} [1-9]\d*$/m)
  })

  it('although a server is killed between making and delivering it', async () => {
    await using database = await create()
    using feeds = changingFeeds()
    await using webhook = await startWebhook()
    const hour = 60 * 60 * 1000
    const child = await serveInChild(optionsOf(database.location, feeds, webhook.url, { ...quick, delivery: hour }))
    try {
      await using store = await openStore(database.location)
      await settled({ store })
      await index(child.urls.api)
      feeds.add('CVE-2099-2001', 'openssl', 'high')
      const waiting = async () => {
        const operations = await store.fleet.operations(0, 100)
        return operations.some(({ cause, endedAt }) => cause.kind === 'data' && cause.from > 0 && endedAt !== null)
      }
      await expect.poll(waiting, patient).toBe(true)
      const last = (await store.fleet.operations(0, 100)).at(-1)!.number
      await expect.poll(() => store.notifications.handled(), patient).toBeGreaterThanOrEqual(last)
      await child.end('SIGKILL')
      expect(webhook.received).toEqual([])
    } finally {
      await child.end('SIGKILL')
    }
    await using _ = await startTestServer(optionsOf(database.location, feeds, webhook.url))
    await expect.poll(() => webhook.received, patient).toHaveLength(1)
    await sleep(500)
    expect(webhook.received).toHaveLength(1)
  })

  it.runIf(name === 'PostgreSQL')('once by two servers, whatever both of them do', async () => {
    await using database = await create()
    using feeds = changingFeeds()
    await using webhook = await startWebhook((_, response) => void setTimeout(() => response.end(), 20))
    const options = optionsOf(database.location, feeds, webhook.url)
    await using one = await startTestServer(options)
    await using two = await startTestServer(options)
    await settled(one.engine)
    await index(one.urls.api)
    const count = 4
    for (let number = 1; number <= count; number++) {
      feeds.add(`CVE-2099-200${number}`, 'openssl', 'high')
      await expect.poll(() => webhook.received.length, patient).toBeGreaterThanOrEqual(number)
    }
    await sleep(700)
    expect(webhook.received).toHaveLength(count)
    expect(new Set(idsOf(webhook)).size).toBe(count)
    const response = await fetch(`${two.urls.api}/notifier/api/v1/notification/${idsOf(webhook)[0]}`, {
      headers: authorization(),
    })
    expect(((await response.json()) as Page).notifications).toHaveLength(1)
  })
})

describe('other ways to notify, with SQLite', () => {
  const [{ create }] = databases as [(typeof databases)[0]]

  it('Clair v1: a vulnerability by the layers that have it, from the change of a feed to the deletion', async () => {
    await using database = await create()
    using feeds = changingFeeds()
    await using webhook = await startWebhook((_, response) => void response.writeHead(201).end())
    const options = optionsOf(database.location, feeds, '')
    const config = { ...options.config, auth: {}, notifier: {}, chiaro: { webhook_v1: { endpoint: webhook.url } } }
    await using server = await startTestServer({ ...options, config })
    await settled(server.engine)
    let parent = ''
    for (const [number, hash] of image.layers.entries()) {
      const Path = `http://${registry.host}/v2/test/image/blobs/${hash}`
      const Layer = { Name: `layer-${number}`, Path, ParentName: parent, Format: 'Docker' }
      const response = await fetch(`${server.urls.api}/v1/layers`, { method: 'POST', body: JSON.stringify({ Layer }) })
      expect(response.status).toBe(201)
      parent = Layer.Name
    }
    feeds.add('CVE-2099-2001', 'openssl', 'high')
    feeds.add('CVE-2099-2002', 'openssl', 'low')
    await expect.poll(() => webhook.received.length, patient).toBe(2)
    const told: string[] = []
    for (const { body } of webhook.received) {
      const { Name } = (body as { Notification: { Name: string } }).Notification
      const path = `${server.urls.api}/v1/notifications/${Name}`
      const { Notification } = (await (await fetch(`${path}?limit=10`)).json()) as {
        Notification: {
          New: { Vulnerability: { Name: string; Severity: string }; LayersIntroducingVulnerability: string[] }
        }
      }
      const { Vulnerability, LayersIntroducingVulnerability: layers } = Notification.New
      expect(layers.every((layer) => /^layer-\d+$/.test(layer)) && layers.length > 0).toBe(true)
      told.push(`${Vulnerability.Name} ${Vulnerability.Severity}`)
      const statuses = [await fetch(path, { method: 'DELETE' }), await fetch(`${path}?limit=10`)].map(
        (one) => one.status,
      )
      expect(statuses).toEqual([200, 404])
    }
    expect(told.sort()).toEqual(['CVE-2099-2001 High', 'CVE-2099-2002 Low'])
  })

  it.skipIf(!hasRabbitMq)('a broker that is told everything (skipped where rabbitmq-server is missing)', async () => {
    await using database = await create()
    using feeds = changingFeeds()
    await using broker = await startRabbitMq()
    const admin = await connect(`amqp://127.0.0.1:${broker.ports.amqp}`)
    const channel = await admin.createChannel()
    await channel.assertQueue('changes')
    const options = optionsOf(database.location, feeds, '')
    const amqp = { uris: [`amqp://127.0.0.1:${broker.ports.amqp}`], routing_key: 'changes', direct: true, rollup: 10 }
    await using server = await startTestServer({
      ...options,
      config: { ...options.config, notifier: { disable_summary: true, amqp } },
    })
    await settled(server.engine)
    await index(server.urls.api)
    feeds.add('CVE-2099-2001', 'openssl', 'high')
    const received: unknown[] = []
    await channel.consume('changes', (message) => void received.push(JSON.parse(message!.content.toString())))
    await expect.poll(() => received, patient).toHaveLength(1)
    expect(received).toMatchObject([
      [{ manifest: image.digest, reason: 'added', vulnerability: { name: 'CVE-2099-2001', severity: 'High' } }],
    ])
    await admin.close()
  })
})
