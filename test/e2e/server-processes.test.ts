import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { signedHeader } from '../../src/server/token.ts'
import { openStore } from '../../src/store/open.ts'
import { image, indexPath, manifestIn, post, reportPath } from '../support/clair-v4.ts'
import { serveFeeds } from '../support/feed-server.ts'
import { digestOf, tarOf } from '../support/layout.ts'
import { createPostgres, type PostgresDatabase } from '../support/postgres.ts'
import { startRegistry } from '../support/registry.ts'
import { type ServeProcess, startServe } from '../support/serve-process.ts'
import { exampleLayout } from '../support/server.ts'
import { contentOf, type TwoMirrors, twoMirrors } from '../support/two-states.ts'

let two: TwoMirrors
beforeAll(async () => {
  two = await twoMirrors()
})

let database: PostgresDatabase
beforeEach(async () => {
  database = await createPostgres()
})
afterEach(() => database.remove())

/** A server of several on the database, which updates Debian's data from `mirror`, or nothing. */
function start(mirror?: string, period = '1h'): Promise<ServeProcess> {
  const updating = { matcher: { period }, updaters: { sets: ['debian'] } }
  return startServe({
    config: {
      ...(mirror === undefined ? { matcher: { disable_updaters: true } } : updating),
      chiaro: { database: database.address, allow_layer_addresses: ['127.0.0.1'], ...(mirror && { mirror }) },
    },
  })
}

const isReady = async ({ urls }: ServeProcess) => (await fetch(`${urls.introspection}/readyz`)).status === 200
const whole = { timeout: 30_000, interval: 50 }

/** Which state Debian's data is in, 0 or 1. The database is sound. */
async function stateOf(): Promise<number> {
  await using store = await openStore(database.address)
  expect(await store.verify()).toEqual([])
  const { feed, contents } = two.feeds[0]!
  return contents.indexOf(await contentOf(store.advisories, feed))
}

describe('servers in processes of their own on one PostgreSQL', { timeout: 180_000 }, () => {
  it('ask the sources once for all of them', async () => {
    await using sources = await serveFeeds(two.files[0])
    await using one = await start(sources.url)
    await using another = await start(sources.url)
    await using three = await start(sources.url)
    for (const server of [one, another, three]) await expect.poll(() => isReady(server), whole).toBe(true)
    await sleep(500)
    const asked = sources.requests.map(({ url }) => url)
    expect(new Set(asked).size).toBe(asked.length)
    const imported = [one, another, three].filter(({ log }) => log.some(({ outcome }) => outcome === 'imported'))
    expect(imported).toHaveLength(1)
  })

  it('carry on at once where one is killed that updates', async () => {
    let held = true
    await using sources = await serveFeeds(two.files[0], { intercept: () => held })
    await using first = await start(sources.url)
    await expect.poll(() => sources.requests.length, whole).toBeGreaterThan(0)
    await using second = await start(sources.url)
    await sleep(1000)
    // One at a time: the other waits.
    const before = sources.requests.length
    await sleep(500)
    expect(sources.requests).toHaveLength(before)
    held = false
    const killed = performance.now()
    expect(await first.end('SIGKILL')).toBe('SIGKILL')
    await expect.poll(() => sources.requests.length, whole).toBeGreaterThan(before)
    expect(performance.now() - killed).toBeLessThan(5000)
    await expect.poll(() => isReady(second), whole).toBe(true)
    expect(await stateOf()).toBe(0)
  })

  it('killed at random moments of updates, leave the data whole, and the last of them brings it up to date', async () => {
    const files = [...two.files[0]]
    await using sources = await serveFeeds(files, { validator: 'none' })
    const servers = await Promise.all([start(sources.url, '300ms'), start(sources.url, '300ms')])
    let loaded = false
    for (let kill = 0; kill < 10; kill++) {
      files.splice(0, files.length, ...two.files[kill % 2]!)
      await sleep(Math.random() * 1500)
      const place = Math.floor(Math.random() * 2)
      expect(await servers[place]!.end('SIGKILL')).toBe('SIGKILL')
      const state = await stateOf()
      if (loaded) expect([0, 1]).toContain(state)
      loaded ||= state !== -1
      servers[place] = await start(sources.url, '300ms')
    }
    files.splice(0, files.length, ...two.files[1])
    await expect.poll(stateOf, whole).toBe(1)
    for (const server of servers) expect(await server.end('SIGTERM')).toBe(143)
  })

  it('read a manifest once that both get at a time', async () => {
    await using registry = await startRegistry(exampleLayout)
    const servers = await Promise.all([start(), start()])
    const body = JSON.stringify(manifestIn(registry.host))
    const answers = Array.from({ length: 8 }, (_, turn) =>
      fetch(`${servers[turn % 2]!.urls.api}${indexPath}`, { method: 'POST', body }),
    )
    const found = await Promise.all(
      (await Promise.all(answers)).map(async (answer) => [answer.status, await answer.text()]),
    )
    expect(found.map(([status]) => status)).toEqual(Array(8).fill(201))
    expect(new Set(found.map(([, text]) => text)).size).toBe(1)
    expect(registry.requests.filter((line) => line.includes('/blobs/'))).toHaveLength(image.layers.length)
    for (const server of servers) await server[Symbol.asyncDispose]()
  })

  it.each(['one database', 'a database each'])('are an indexer, a matcher and a notifier with %s', async (kind) => {
    await using registry = await startRegistry(exampleLayout)
    const other = await createPostgres()
    const key = Buffer.from('a key of all services')
    const one = kind === 'one database'
    const connstring = one ? database.address : other.address
    const common = {
      auth: { psk: { key: key.toString('base64'), iss: ['clairctl'] } },
      updaters: { sets: ['debian'] },
      indexer: { connstring: database.address },
      notifier: { connstring },
      chiaro: {
        mirror: join(import.meta.dirname, '..', '..', 'examples', 'feeds'),
        allow_layer_addresses: ['127.0.0.1'],
      },
    }
    const headers = () => ({ authorization: signedHeader(key, 'clairctl', Date.now() / 1000) })
    {
      await using indexer = await startServe({ config: { ...common, matcher: { connstring } }, mode: 'indexer' })
      const matching = { ...common, matcher: { connstring, ...(!one && { indexer_addr: indexer.urls.api }) } }
      await using matcher = await startServe({ config: matching, mode: 'matcher' })
      await using notifier = await startServe({ config: matching, mode: 'notifier' })
      for (const server of [indexer, matcher, notifier]) await expect.poll(() => isReady(server), whole).toBe(true)
      expect((await post(indexer.urls.api, manifestIn(registry.host), headers())).status).toBe(201)
      const report = await fetch(`${matcher.urls.api}${reportPath}/${image.digest}`, { headers: headers() })
      expect([report.status, await report.text()]).toEqual([200, expect.stringContaining('CVE-2099-1002')])
      const elsewhere = [
        `${matcher.urls.api}${indexPath}/${image.digest}`,
        `${indexer.urls.api}${reportPath}/${image.digest}`,
        `${notifier.urls.api}${reportPath}/${image.digest}`,
      ]
      for (const url of elsewhere) expect((await fetch(url, { headers: headers() })).status, url).toBe(404)
      // Whether the matcher asked the indexer is in the indexer's log.
      const asked = indexer.log.filter(({ req }) => (req as { url?: string })?.url === `${indexPath}/${image.digest}`)
      expect(asked).toHaveLength(one ? 0 : 1)
      for (const server of [indexer, matcher, notifier]) expect(await server.end('SIGTERM')).toBe(143)
    }
    await other.remove()
  })

  it('killed at random moments of indexing, lose nothing that was answered, and the rest is read again', async () => {
    const layers = await Promise.all(
      Array.from({ length: 24 }, (_, number) =>
        tarOf({
          'etc/os-release': 'ID=debian\nVERSION_ID=13\n',
          'var/lib/dpkg/status': `Package: p${number}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n`,
        }),
      ),
    )
    const blobs = new Map(layers.map((tar) => [digestOf(tar), tar]))
    const files = createServer((request, response) => {
      setTimeout(() => response.end(blobs.get(request.url!.slice(1) as never)), Math.random() * 300)
    })
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
    const base = `http://127.0.0.1:${(files.address() as AddressInfo).port}`
    const servers = await Promise.all([start(), start()])

    /** Submits until somebody answers, as a client behind a load balancer. */
    async function submit(hash: string): Promise<void> {
      for (let turn = Math.floor(Math.random() * 2); ; turn++) {
        const body = JSON.stringify({ hash, layers: [{ hash, uri: `${base}/${hash}` }] })
        const url = `${servers[turn % 2]!.urls.api}${indexPath}`
        const status = await fetch(url, { method: 'POST', body }).then(
          (answer) => answer.status,
          () => 0,
        )
        if (status === 201) return
        expect([0, 429, 500]).toContain(status)
        await sleep(50)
      }
    }
    const hashes = [...blobs.keys()]
    let done = false
    const killing = (async () => {
      for (let kill = 0; kill < 6 && !done; kill++) {
        await sleep(Math.random() * 400)
        const place = Math.floor(Math.random() * 2)
        await servers[place]!.end('SIGKILL')
        servers[place] = await start()
      }
    })()
    const workers = Array.from({ length: 4 }, async () => {
      for (let hash = hashes.pop(); hash !== undefined; hash = hashes.pop()) await submit(hash)
    })
    await Promise.all(workers)
    done = true
    await killing
    for (const [number, hash] of [...blobs.keys()].entries()) {
      const answer = await fetch(`${servers[number % 2]!.urls.api}${indexPath}/${hash}`)
      const { packages } = (await answer.json()) as { packages: Record<string, { name: string }> }
      expect(Object.values(packages).map(({ name }) => name)).toEqual([`p${number}`])
      expect((await fetch(`${servers[number % 2]!.urls.api}${reportPath}/${hash}`)).status).toBe(202)
    }
    for (const server of servers) await server[Symbol.asyncDispose]()
    files.close()
    await using store = await openStore(database.address)
    expect(await store.verify()).toEqual([])
  })
})
