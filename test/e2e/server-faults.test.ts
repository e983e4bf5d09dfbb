import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { image, indexPath, manifestIn, post, reportPath } from '../support/clair-v4.ts'
import { serveFeeds } from '../support/feed-server.ts'
import { digestOf, tarOf } from '../support/layout.ts'
import { startCluster } from '../support/postgres-cluster.ts'
import { startRegistry } from '../support/registry.ts'
import { exampleLayout, startTestServer, type TestServer } from '../support/server.ts'
import { contentOf, twoMirrors } from '../support/two-states.ts'

/** A server of layers on 127.0.0.1. */
async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A layer with one package, and its digest. */
async function layerWith(name: string) {
  const tar = await tarOf({
    'etc/os-release': 'ID=debian\nVERSION_ID=13\n',
    'var/lib/dpkg/status': `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n`,
  })
  return { tar, hash: digestOf(tar) }
}

const messageOf = async (response: Response) => ((await response.json()) as { message: string }).message
const reportOf = ({ urls }: TestServer) => fetch(`${urls.api}${reportPath}/${image.digest}`)

describe('a layer that', () => {
  it.each<[string, RequestListener, number, RegExp]>([
    [
      'is longer than its server says',
      (_, response) => {
        response.socket!.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n0123456789 and more')
      },
      500,
      /the layer hashes to/,
    ],
    [
      'is shorter than its server says, again and again',
      (_, response) => response.writeHead(200, { 'content-length': 1000 }).write('short', () => response.destroy()),
      500,
      /breaks? off|closed|hang up|aborted|reset/i,
    ],
    ['is another one', (_, response) => response.end('another'), 500, /the layer hashes to/],
    ['stalls', (_, response) => void response.writeHead(200).write('x'), 400, /indexing takes longer than/],
    [
      'is redirected to a private address',
      (_, response) => response.writeHead(302, { location: 'http://10.1.2.3/layer' }).end(),
      400,
      /10\.1\.2\.3/,
    ],
    [
      'is redirected to the metadata of a cloud, by a name of it',
      (_, response) => response.writeHead(307, { location: 'http://[::ffff:a9fe:a9fe]/latest' }).end(),
      400,
      /failed to start scan: /,
    ],
    [
      'is redirected to itself without end',
      (request, response) => response.writeHead(301, { location: request.url }).end(),
      500,
      /redirects more than/,
    ],
  ])('%s is refused, and the next one is read', { timeout: 120_000 }, async (name, listener, status, message) => {
    const { tar, hash } = await layerWith('good')
    let bad = true
    using layers = await serve((request, response) => {
      if (bad) listener(request, response as Parameters<RequestListener>[1])
      else response.end(tar)
    })
    await using server = await startTestServer({ limits: { indexTime: name === 'stalls' ? 3000 : 60_000 } })
    const manifest = { hash, layers: [{ hash, uri: `${layers.base}/layer`, headers: { Authorization: ['secret'] } }] }
    const refused = await post(server.urls.api, manifest)
    expect([refused.status, await messageOf(refused)]).toEqual([status, expect.stringMatching(message)])
    bad = false
    expect((await post(server.urls.api, manifest)).status).toBe(201)
    expect(server.log.join('')).not.toContain('secret')
  })
})

describe('a database that restarts under load', { timeout: 120_000 }, () => {
  it('makes requests fail while it is away, and nothing that was answered is lost', async () => {
    const cluster = await startCluster()
    const layers = new Map<string, Buffer>()
    using files = await serve((request, response) => response.end(layers.get(request.url!.slice(1))))
    await using registry = await startRegistry(exampleLayout)
    await using server = await startTestServer({ database: cluster.address('postgres', 'admin') })
    expect((await post(server.urls.api, manifestIn(registry.host))).status).toBe(201)
    const expected = await (await reportOf(server)).text()
    const statuses: number[] = []
    const kept: string[] = []
    let done = false

    async function read(): Promise<void> {
      while (!done) {
        const response = await reportOf(server)
        const text = await response.text()
        statuses.push(response.status)
        if (response.status === 200) expect(text).toBe(expected)
      }
    }
    async function write(writer: number): Promise<void> {
      for (let number = 0; !done; number++) {
        const { tar, hash } = await layerWith(`p${writer}-${number}`)
        layers.set(hash, tar)
        const response = await post(server.urls.api, { hash, layers: [{ hash, uri: `${files.base}/${hash}` }] })
        await response.arrayBuffer()
        statuses.push(response.status)
        if (response.status === 201) kept.push(hash)
        else await sleep(20)
      }
    }
    const load = [read(), read(), write(1), write(2)]
    const stateOf = async (url: string) => (await fetch(url)).status
    for (let time = 0; time < 2; time++) {
      const already = kept.length
      await expect.poll(() => kept.length, { timeout: 20_000 }).toBeGreaterThan(already + 1)
      await cluster.kill()
      await sleep(300)
      expect(await stateOf(`${server.urls.introspection}/readyz`)).toBe(503)
      expect(await stateOf(`${server.urls.introspection}/healthz`)).toBe(200)
      expect(await stateOf(`${server.urls.health}/health`)).toBe(500)
      await cluster.restart()
      await expect.poll(async () => (await reportOf(server)).status, { timeout: 10_000 }).toBe(200)
      expect(await stateOf(`${server.urls.health}/health`)).toBe(200)
    }
    const before = statuses.length
    await sleep(1000)
    done = true
    await Promise.all(load)
    // Once it is back, nothing fails any more.
    expect(new Set(statuses.slice(before))).toEqual(new Set([200, 201]))
    expect(new Set(statuses)).toEqual(new Set([200, 201, 500]))
    for (const hash of kept) expect(await stateOf(`${server.urls.api}${indexPath}/${hash}`), hash).toBe(200)
    expect(await server.engine.store.verify()).toEqual([])
    await server[Symbol.asyncDispose]()
    await cluster.stop()
  })
})

describe('a database that restarts while data is imported', { timeout: 120_000 }, () => {
  it('has the old data or the new, and the server goes on with what is due', async () => {
    const cluster = await startCluster()
    const { feeds, files } = await twoMirrors()
    const served = [...files[0]]
    await using sources = await serveFeeds(served, { validator: 'none' })
    const database = cluster.address('postgres', 'admin')
    const config = { matcher: { period: '100ms' }, updaters: { sets: ['debian'] } }
    await using server = await startTestServer({ database, config, data: false, mirror: sources.url })
    const { feed, contents } = feeds[0]!
    const { store } = server.engine
    const state = async () => contents.indexOf(await contentOf(store.advisories, feed))
    await expect.poll(state, { timeout: 20_000 }).toBe(0)
    for (let time = 1; time <= 4; time++) {
      served.splice(0, served.length, ...files[time % 2]!)
      const asked = sources.requests.length
      await expect.poll(() => sources.requests.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(asked)
      await sleep(time * 40)
      await cluster.kill()
      await sleep(100)
      await cluster.restart()
      await expect.poll(() => state().catch(() => -1), { timeout: 10_000 }).not.toBe(-1)
      expect(await store.verify()).toEqual([])
      await expect.poll(state, { timeout: 20_000 }).toBe(time % 2)
    }
    await server[Symbol.asyncDispose]()
    await cluster.stop()
  })
})

const folder = mkdtempSync(join(tmpdir(), 'chiaro-server-disk-'))
const small = join(folder, 'small')
mkdirSync(small)
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'none', small]).status === 0
afterAll(() => {
  if (mounted) spawnSync('umount', [small])
  rmSync(folder, { recursive: true, force: true })
})

it.skipIf(!mounted)(
  'a full disk refuses what is new, and answers what is known (skipped where nothing may be mounted)',
  async () => {
    using files = await serve(
      (request, response) => void layerWith(request.url!.slice(1)).then(({ tar }) => response.end(tar)),
    )
    await using registry = await startRegistry(exampleLayout)
    await using server = await startTestServer({ database: join(small, 'chiaro.db') })
    expect((await post(server.urls.api, manifestIn(registry.host))).status).toBe(201)
    const expected = await (await reportOf(server)).text()
    const submit = async (name: string) => {
      const { hash } = await layerWith(name)
      const response = await post(server.urls.api, { hash, layers: [{ hash, uri: `${files.base}/${name}` }] })
      return [response.status, response.status === 201 ? '' : await messageOf(response)]
    }
    const filler = openSync(join(small, 'filler'), 'w')
    for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 4)) {
      try {
        for (;;) writeSync(filler, Buffer.alloc(size))
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' })
      }
    }
    closeSync(filler)
    const answers = []
    for (let number = 0; number < 20; number++) answers.push(await submit(`p${number}`))
    expect(answers.at(-1)).toEqual([500, expect.stringMatching(/server side error: .*(full|disk)/)])
    expect(await (await reportOf(server)).text()).toBe(expected)
    rmSync(join(small, 'filler'))
    expect(await submit('p19')).toEqual([201, ''])
    expect(await server.engine.store.verify()).toEqual([])
  },
)
