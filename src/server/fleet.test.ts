import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, type TestDatabase } from '../../test/support/databases.ts'
import { startRegistry, type TestRegistry } from '../../test/support/registry.ts'
import {
  exampleLayout,
  layoutManifest,
  loadDebian,
  startTestServer,
  type TestServer,
} from '../../test/support/server.ts'
import type { Digest } from '../core/digest.ts'

const { digest: text, layers } = layoutManifest(exampleLayout)
const digest = text as Digest
const indexPath = '/indexer/api/v1/index_report'
const reportPath = '/matcher/api/v1/vulnerability_report'
const first = { after: undefined, limit: 100 }

describe.each(databases)('the fleet of a server on $name', ({ create }) => {
  let database: TestDatabase
  let registry: TestRegistry
  let server: TestServer

  beforeAll(async () => {
    database = await create()
    registry = await startRegistry(exampleLayout)
    server = await startTestServer({ database: database.location, data: false })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const submit = () =>
    fetch(`${server.urls.api}${indexPath}`, {
      method: 'POST',
      body: JSON.stringify({
        hash: digest,
        layers: layers.map((hash) => ({ hash, uri: `http://${registry.host}/v2/test/image/blobs/${hash}` })),
      }),
    })
  const report = () => fetch(`${server.urls.api}${reportPath}/${digest}`)
  const names = async () => {
    const { vulnerabilities } = (await (await report()).json()) as { vulnerabilities: Record<string, { name: string }> }
    return new Set(Object.values(vulnerabilities).map(({ name }) => name))
  }

  it('has what is submitted, judges it when data comes, and reports it', async () => {
    expect((await submit()).status).toBe(201)
    const { fleet } = server.engine.store
    expect(await fleet.image(digest)).toMatchObject({ digest })
    expect((await report()).status).toBe(202)
    await loadDebian(server.engine)
    await server.engine.fleet.rejudge(new AbortController().signal)
    const found = await names()
    expect(found).toContain('CVE-2099-1002')
    const { items } = await fleet.imagesWithVulnerability('CVE-2099-1002', first)
    expect(items.map((image) => image.digest)).toEqual([digest])
    const index = (await server.engine.store.index.image(digest, (await fleet.image(digest))!.analyzers))!
    const matched = await server.engine.match(index, { maxDataAge: Number.POSITIVE_INFINITY, enrich: [] })
    expect(found).toEqual(new Set(matched.findings.map(({ id }) => id)))
  })

  it('answers again what it has answered, until something changes', async () => {
    const before = await (await report()).text()
    const { index } = server.engine.store
    const image = index.image
    let reads = 0
    Object.assign(index, {
      image: (...args: Parameters<typeof image>) => {
        reads++
        return image(...args)
      },
    })
    const again = await report()
    expect(again.headers.get('content-type')).toBe('application/vnd.clair.vulnerability_report.v1+json')
    expect(again.headers.get('cache-control')).toMatch(/^max-age=\d+$/)
    expect([await again.text(), reads]).toEqual([before, 0])
    await server.engine.store.advisories.failed({ id: 'debian', url: '' }, { code: 'FEED_FAILED', message: 'gone' })
    expect((await report()).status).toBe(200)
    expect(reads).toBe(1)
    Object.assign(index, { image })
  })

  it('a known image is looked up, and not read again', async () => {
    await registry[Symbol.asyncDispose]()
    const { store } = server.engine
    const { lock } = store
    let locks = 0
    Object.assign(store, {
      lock: (...args: Parameters<typeof lock>) => {
        locks++
        return lock(...args)
      },
    })
    expect((await submit()).status).toBe(201)
    expect(locks).toBe(0)
    Object.assign(store, { lock })
  })

  it('forgets what is deleted', async () => {
    expect((await fetch(`${server.urls.api}${indexPath}/${digest}`, { method: 'DELETE' })).status).toBe(204)
    expect(await server.engine.store.fleet.image(digest)).toBeUndefined()
    expect((await report()).status).toBe(404)
  })
})

it('a server judges again what its updates change, and removes what is not needed', async () => {
  await using registry = await startRegistry(exampleLayout)
  const config = {
    matcher: { disable_updaters: false },
    updaters: { sets: ['debian'] },
    chiaro: { gc_period: '50ms', gc_keep: '1ms' },
  }
  await using server = await startTestServer({ config, data: false })
  const body = JSON.stringify({
    hash: digest,
    layers: layers.map((hash) => ({ hash, uri: `http://${registry.host}/v2/test/image/blobs/${hash}` })),
  })
  expect((await fetch(`${server.urls.api}${indexPath}`, { method: 'POST', body })).status).toBe(201)
  const { fleet } = server.engine.store
  const isFound = async () => (await fleet.imagesWithVulnerability('CVE-2099-1002', first)).items.length === 1
  for (let tries = 0; tries < 200 && !(await isFound()); tries++) await sleep(50)
  expect(await isFound()).toBe(true)
  await fetch(`${server.urls.api}${indexPath}/${digest}`, { method: 'DELETE' })
  const isSwept = async () => (await fleet.packagesOfOtherRules(undefined, 0, 1)).length === 0
  for (let tries = 0; tries < 200 && !(await isSwept()); tries++) await sleep(50)
  expect(await isSwept()).toBe(true)
  expect(server.log.some((line) => line.includes('what is not needed any more was removed'))).toBe(true)
  const metrics = await (await fetch(`${server.urls.introspection}/metrics`)).text()
  expect(metrics).toMatch(/^chiaro_sweep_removed_total\{what="packages"\} [1-9]\d*$/m)
  expect(metrics).toMatch(/^chiaro_sweep_seconds_total \d+\.\d+$/m)
})
