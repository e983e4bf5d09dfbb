import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, finished } from '../../../../test/support/chiaro-v1.ts'
import { databases, type TestDatabase } from '../../../../test/support/databases.ts'
import { exampleFeeds, startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { limits } from '../../../core/limits.ts'
import type { Store } from '../../../core/store.ts'
import { openStore } from '../../../store/open.ts'
import { eventStream } from './event-stream.ts'
import { createJobs } from './jobs.ts'
import type { ChangeBody, DataBody, UpdateBody } from './schema.ts'

interface PageOf<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** The events of a stream: their names, numbers and data. */
function parse(text: string) {
  const blocks = text.split('\n\n').filter((block) => block.startsWith('id: '))
  return blocks.map((block) => {
    const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block)!
    return { id: Number(id), event, data: JSON.parse(data!) as Record<string, unknown> }
  })
}

it('the data is ready where /readyz says so, also where a list is missing after a whole round', async () => {
  const mirror = mkdtempSync(join(tmpdir(), 'chiaro-mirror-'))
  cpSync(exampleFeeds, mirror, { recursive: true, filter: (path) => !path.includes('salsa.debian.org') })
  try {
    const config = { matcher: { period: '6h' }, updaters: { sets: ['debian'] } }
    await using server = await startTestServer({ data: false, mirror, config })
    const readyz = async () => (await (await fetch(`${server.urls.introspection}/readyz`)).json()) as { ready: boolean }
    await expect.poll(readyz, { timeout: 20_000 }).toMatchObject({
      ready: true,
      missing: [{ feed: 'debian-dsa' }, { feed: 'debian-dla' }],
    })
    expect((await ask<DataBody>(server, 'GET', '/data')).body.ready).toBe(true)
  } finally {
    rmSync(mirror, { recursive: true, force: true })
  }
})

describe.each(databases)('data and updates, in $name', ({ create }) => {
  let database: TestDatabase
  let server: TestServer

  beforeAll(async () => {
    database = await create()
    server = await startTestServer({ database: database.location, data: false })
  }, 60_000)
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  it('the data is not there at first', async () => {
    const { body } = await ask<DataBody>(server, 'GET', '/data')
    expect(body.ready).toBe(false)
    expect(body.feeds.find(({ feed }) => feed === 'debian')).toMatchObject({ wanted: true, generation: 0, age: null })
    expect((await ask(server, 'GET', '/data/debian')).body).toMatchObject({ url: null, gapList: [] })
    expect((await ask(server, 'GET', '/data/debian/generations')).status).toBe(404)
    expect((await ask(server, 'GET', '/data/debian/changes')).status).toBe(404)
    expect((await ask(server, 'GET', '/data/nothing')).status).toBe(404)
  })

  it('an update brings it, and says how', async () => {
    const started = await ask<UpdateBody>(server, 'POST', '/updates', { json: { feeds: ['debian'] } })
    expect(started.status).toBe(202)
    expect(started.headers.get('location')).toBe(`/api/v1/updates/${started.body.id}`)
    const response = await fetch(`${server.urls.api}/api/v1/updates/${started.body.id}/events`, {
      headers: { 'accept-encoding': 'gzip' },
    })
    expect([response.headers.get('content-type'), response.headers.get('content-encoding')]).toEqual([
      'text/event-stream',
      null,
    ])
    const events = parse(await response.text())
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1))
    const feeds = events.filter(({ event }) => event === 'feed')
    expect(feeds[0]).toMatchObject({ data: { feed: 'debian', outcome: 'imported', generation: 1 } })
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { state: 'succeeded' } })
    const update = await finished<UpdateBody>(server, `/updates/${started.body.id}`)
    expect(update).toMatchObject({
      state: 'succeeded',
      feeds: ['debian'],
      force: false,
      outcomes: feeds.map(({ data }) => data),
    })

    const path = `/updates/${started.body.id}/events`
    const last = events.at(-1)!.id
    const rest = await ask<string>(server, 'GET', path, { headers: { 'last-event-id': String(last - 1) } })
    expect(parse(rest.body).map(({ event }) => event)).toEqual(['end'])
    const nothing = await ask(server, 'GET', path, { headers: { 'last-event-id': String(last) } })
    expect([nothing.status, nothing.body]).toEqual([204, undefined])
    expect((await ask(server, 'GET', path, { headers: { 'last-event-id': 'x' } })).status).toBe(400)
    await using other = await startTestServer({ database: database.location, data: false })
    for (let tries = 0; tries < 50 && (await ask(other, 'GET', `/updates/${update.id}`)).status === 404; tries++) {
      await sleep(50)
    }
    expect(parse((await ask<string>(other, 'GET', path)).body)).toEqual(events)
  })

  it('another one of a feed that failed is told of, and is no failed update', async () => {
    const { body } = await ask<UpdateBody>(server, 'POST', '/updates', {
      json: { feeds: ['debian', 'photon'], force: true },
    })
    const { state, outcomes } = await finished<UpdateBody>(server, `/updates/${body.id}`)
    expect(state).toBe('succeeded')
    expect(outcomes![0]).toMatchObject({ feed: 'debian', outcome: 'imported', error: null })
    expect(outcomes!.some(({ outcome, error }) => outcome === 'failed' && error !== null)).toBe(true)
    const { body: data } = await ask<DataBody>(server, 'GET', '/data')
    expect(data.feeds.some(({ error }) => error !== null)).toBe(true)
  })

  it('feeds have a state, generations, and what changed between them', async () => {
    const { body, headers } = await ask<DataBody>(server, 'GET', '/data')
    const debian = body.feeds.find(({ feed }) => feed === 'debian')!
    expect(debian).toMatchObject({ generation: 1, error: null, gaps: 0 })
    expect(debian.age).toBeLessThan(60)
    await sleep(1100)
    const again = await ask(server, 'GET', '/data', { headers: { 'if-none-match': headers.get('etag')! } })
    expect(again.status).toBe(304)

    const generations = await ask<PageOf<object>>(server, 'GET', '/data/debian/generations')
    expect(generations.body).toMatchObject({ items: [{ number: 1, records: debian.records }], next: null })
    const all: ChangeBody[] = []
    for (let cursor = ''; ; ) {
      const path = `/data/debian/changes?from=0&to=1&limit=2${cursor}`
      const page = (await ask<PageOf<ChangeBody>>(server, 'GET', path)).body
      all.push(...page.items)
      if (page.next === null) break
      cursor = `&cursor=${page.next}`
    }
    expect(all).toHaveLength(debian.records)
    expect(all[0]).toMatchObject({ change: 'added', before: null, after: { state: expect.any(String) } })
    expect((await ask<PageOf<ChangeBody>>(server, 'GET', '/data/debian/changes')).body.items).toEqual(all)
    expect((await ask(server, 'GET', '/data/debian/changes?from=7')).status).toBe(404)
    expect((await ask(server, 'GET', '/data/debian/changes?from=1&to=0')).status).toBe(404)
  })
})

describe('updates', () => {
  it('of feeds that there are not are refused', async () => {
    await using server = await startTestServer({ data: false })
    const { status, body } = await ask(server, 'POST', '/updates', { json: { feeds: ['debian', 'debina', '*'] } })
    expect(status).toBe(400)
    expect(body).toMatchObject({
      code: 'REQUEST_INVALID',
      errors: [
        { in: 'body', pointer: '/feeds/1' },
        { in: 'body', pointer: '/feeds/2' },
      ],
    })
  })

  it('limits.updatesAtOnce + 1 are one too many; those that wait are queued', async () => {
    const database = await databases[1]!.create()
    try {
      await using server = await startTestServer({ database: database.location, data: false })
      const gate = Promise.withResolvers<void>()
      const held = server.engine.store.lock('update', new AbortController().signal, () => gate.promise)
      const ids: string[] = []
      for (let count = 0; count < limits.updatesAtOnce; count++) {
        const { status, body } = await ask<UpdateBody>(server, 'POST', '/updates', { json: { feeds: ['debian'] } })
        expect(status).toBe(202)
        ids.push(body.id)
      }
      const refused = await ask(server, 'POST', '/updates', { json: {} })
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
      expect((await ask(server, 'GET', `/updates/${ids[0]}`)).body).toMatchObject({ state: 'queued', startedAt: null })
      gate.resolve()
      await held
      for (const id of ids) expect(await finished(server, `/updates/${id}`)).toMatchObject({ state: 'succeeded' })
      expect((await ask(server, 'POST', '/updates', { json: { feeds: ['debian'] } })).status).toBe(202)
    } finally {
      await database[Symbol.asyncDispose]()
    }
  }, 60_000)

  it('that wait for another process are left to others when the server ends', async () => {
    await using database = await databases[1]!.create()
    await using other = await startTestServer({ database: database.location, data: false })
    const gate = Promise.withResolvers<void>()
    const held = other.engine.store.lock('update', new AbortController().signal, () => gate.promise)
    const server = await startTestServer({ database: database.location, data: false })
    const { body } = await ask<UpdateBody>(server, 'POST', '/updates', { json: { feeds: ['debian'] } })
    const started = performance.now()
    await server[Symbol.asyncDispose]()
    expect(performance.now() - started).toBeLessThan(5000)
    const known = await ask<UpdateBody>(other, 'GET', `/updates/${body.id}`)
    expect(known.body).toMatchObject({ state: 'queued', startedAt: null, error: null })
    gate.resolve()
    await held
  }, 20_000)

  it('limits.eventStreams + 1 streams are one too many, and those that are open end with the server', async () => {
    await using server = await startTestServer({ data: false })
    const { jobs } = server.engine.store
    const { body } = await ask<UpdateBody>(server, 'POST', '/updates', { json: { feeds: ['debian'] } })
    await finished(server, `/updates/${body.id}`)
    // One that another process works on.
    const id = '00000000-0000-4000-8000-000000000001'
    const aliveAt = new Date().toISOString()
    await jobs.put(
      'another',
      { ...(await jobs.get(body.id))!, id, worker: 'another', state: 'running', endedAt: null, aliveAt },
      [],
    )
    const path = `${server.urls.api}/api/v1/updates/${id}/events`
    const gone = new AbortController()
    const streams = await Promise.all(
      Array.from({ length: limits.eventStreams }, (_, index) =>
        fetch(path, index === 0 ? { signal: gone.signal } : {}),
      ),
    )
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await ask(server, 'GET', `/updates/${id}/events`)).status).toBe(429)
    gone.abort()
    for (let tries = 0, status = 429; status === 429 && tries < 50; tries++) {
      await sleep(50)
      const next = await fetch(path)
      status = next.status
      if (status === 200) streams.push(next)
    }
    expect(streams).toHaveLength(limits.eventStreams + 1)
    const started = performance.now()
    const texts = streams.slice(1).map((stream) => stream.text())
    await server[Symbol.asyncDispose]()
    expect(performance.now() - started).toBeLessThan(5000)
    expect((await Promise.all(texts)).every((text) => text.startsWith('retry: '))).toBe(true)
  }, 20_000)
})

describe('a stream of events', () => {
  const { log } = Fastify()
  const { signal } = new AbortController()
  let store: Store
  const open = () => {
    const work = { take: () => () => {}, run: async () => null }
    return createJobs({ store: store.jobs, log, works: { image: work, update: work } })
  }
  const read = async (stream: AsyncIterable<string>) => (await Array.fromAsync(stream)).join('')

  beforeAll(async () => {
    store = await openStore('sqlite::memory:', {})
  })
  afterAll(() => store[Symbol.asyncDispose]())

  it('has comments while nothing happens, until the end', async () => {
    const jobs = open()
    const { id } = (await jobs.start('update', {}, async () => {
      await sleep(150)
      return null
    }))!
    const options = { after: 0, signal, interval: 5, keepAlive: 20 }
    const text = await read(eventStream(jobs, id, options))
    expect(text.match(/^: still there$/gm)!.length).toBeGreaterThan(1)
    expect(parse(text)).toEqual([{ id: 1, event: 'end', data: { state: 'succeeded' } }])
    await jobs.close()
  })

  it('ends when the job is forgotten', async () => {
    const jobs = open()
    const { id } = (await jobs.start('update', {}, async () => null))!
    await jobs.close()
    await store.jobs.sweep(new Date(Date.now() + 1000).toISOString())
    const other = open()
    expect(await read(eventStream(other, id, { after: 1, signal, interval: 5 }))).toBe('retry: 2000\n\n')
    await other.close()
  })

  it('ends when the client is gone', async () => {
    const jobs = open()
    const never = Promise.withResolvers<null>()
    const { id } = (await jobs.start('update', {}, () => never.promise))!
    const options = { after: 0, signal: AbortSignal.timeout(30), interval: 60_000 }
    expect(await read(eventStream(jobs, id, options))).toBe('retry: 2000\n\n')
    never.resolve(null)
    await jobs.close()
  })
})
