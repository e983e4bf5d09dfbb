import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  checked,
  image,
  indexPath,
  manifestIn,
  manifestWithToken,
  post,
  reportPath,
  statePath,
  unknown,
} from '../../../../test/support/clair-v4.ts'
import { startRegistry, type TestRegistry } from '../../../../test/support/registry.ts'
import { exampleLayout, startTestServer, type TestServer } from '../../../../test/support/server.ts'
import * as schemas from './schema.ts'

let registry: TestRegistry
let server: TestServer
let api: string

beforeAll(async () => {
  registry = await startRegistry(exampleLayout, { auth: { kind: 'token' } })
  server = await startTestServer()
  api = server.urls.api
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

describe('the flow of clairctl', () => {
  it('does not know a manifest, indexes it, and reports on it', async () => {
    const before = await fetch(`${api}${indexPath}/${image.digest}`)
    expect(before.status).toBe(404)
    expect(await checked(before, schemas.errorSchema)).toEqual({ code: 'not-found', message: 'index report not found' })

    const submitted = await post(api, await manifestWithToken(registry.host), {
      'content-type': 'application/vnd.clair.manifest.v1+json',
    })
    expect(submitted.status).toBe(201)
    expect(submitted.headers.get('location')).toBe(`${indexPath}/${image.digest}`)
    const links = submitted.headers.get('link')!
    expect(links).toContain(`<${indexPath}/${image.digest}>; rel="https://projectquay.io/clair/v1/index_report"`)
    expect(links).toContain(
      `<${reportPath}/${image.digest}>; rel="https://projectquay.io/clair/v1/vulnerability_report"`,
    )
    expect(submitted.headers.get('content-type')).toBe('application/vnd.clair.index_report.v1+json')
    const etag = submitted.headers.get('etag')!
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/)
    const index = await checked<schemas.ClairIndexReport>(submitted, schemas.indexReportSchema)

    const known = await fetch(`${api}${indexPath}/${image.digest}`)
    expect([known.status, known.headers.get('etag')]).toEqual([200, etag])
    expect(await checked(known, schemas.indexReportSchema)).toEqual(index)
    const unchanged = await fetch(`${api}${indexPath}/${image.digest}`, { headers: { 'if-none-match': etag } })
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ''])

    const reported = await fetch(`${api}${reportPath}/${image.digest}`)
    expect([reported.status, reported.headers.get('cache-control')]).toEqual([200, 'max-age=21600'])
    const report = await checked<schemas.ClairVulnerabilityReport>(reported, schemas.vulnerabilityReportSchema)
    expect(report).toMatchObject({ packages: index.packages, environments: index.environments })
    const found = Object.entries(report.package_vulnerabilities).flatMap(([id, vulnerabilities]) =>
      vulnerabilities.map((key) => {
        const { name, normalized_severity, fixed_in_version } = report.vulnerabilities[key]!
        return `${report.packages[id]!.name} ${name} ${normalized_severity} ${fixed_in_version}`
      }),
    )
    expect(found.sort()).toEqual([
      'curl CVE-2099-1002 High 8.14.1-2+deb13u3',
      'libc-bin CVE-2099-1003 Negligible ',
      'libc6 CVE-2099-1003 Negligible ',
      'libcurl4t64 CVE-2099-1002 High 8.14.1-2+deb13u3',
      'libssl3t64 CVE-2099-1004 High 3.5.1-1+deb13u1',
      'libssl3t64 CVE-2099-1005 Low ',
      'openssl CVE-2099-1004 High 3.5.1-1+deb13u1',
      'openssl CVE-2099-1005 Low ',
    ])
    const curl = Object.values(report.vulnerabilities).find(({ name }) => name === 'CVE-2099-1002')!
    expect(curl).toMatchObject({ package: { name: 'curl', kind: 'source' }, distribution: { did: 'debian' } })
    expect(Object.keys(report.vulnerabilities)).toHaveLength(4)
  })

  it('tells what is in the image, and which layer brought it', async () => {
    const index = (await (await fetch(`${api}${indexPath}/${image.digest}`)).json()) as schemas.ClairIndexReport
    expect(index).toMatchObject({ manifest_hash: image.digest, state: 'IndexFinished', success: true, err: '' })
    expect(index).not.toHaveProperty('gaps')
    const id = Object.values(index.packages).find(({ name }) => name === 'libcurl4t64')!.id
    expect(index.packages[id]).toMatchObject({
      kind: 'binary',
      arch: 'amd64',
      source: { name: 'curl', kind: 'source' },
    })
    expect(index.environments[id]).toEqual([
      {
        package_db: 'var/lib/dpkg/status',
        introduced_in: image.layers[1],
        distribution_id: '1',
        repository_ids: null,
      },
    ])
    expect(index.distributions['1']).toMatchObject({ did: 'debian', name: 'Debian GNU/Linux', version_id: '13' })
    const ids = Object.values(index.packages).flatMap((pkg) => [pkg.id, pkg.source.id])
    const sources = new Set(Object.values(index.packages).map(({ source }) => `${source.name} ${source.version}`))
    expect(new Set(ids).size).toBe(Object.keys(index.packages).length + sources.size)
  })

  it('reads no layer again, whatever tokens are good for', async () => {
    const requests = registry.requests.length
    const again = await post(api, await manifestWithToken(registry.host))
    expect(again.status).toBe(201)
    const other = await post(api, { ...(await manifestWithToken(registry.host)), hash: unknown })
    expect(other.status).toBe(201)
    expect(registry.requests.slice(requests).filter((line) => line.includes('/blobs/'))).toEqual([])
    expect(((await other.json()) as { packages: object }).packages).toEqual(
      ((await again.json()) as { packages: object }).packages,
    )
  })

  it('reads layers once, however many submit the same at a time', async () => {
    await using other = await startTestServer()
    await using counted = await startRegistry(exampleLayout)
    const layers = image.layers.map((hash) => ({ hash, uri: `http://${counted.host}/v2/test/image/blobs/${hash}` }))
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post(other.urls.api, { hash: image.digest, layers })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201))
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1)
    expect(counted.requests).toHaveLength(image.layers.length)
  })

  it('deletes manifests', async () => {
    const remove = (path: string, body?: unknown) =>
      fetch(`${api}${path}`, { method: 'DELETE', ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    const bulk = await remove(indexPath, [unknown, image.digest, unknown, `sha256:${'1'.repeat(64)}`])
    expect(bulk.status).toBe(200)
    expect(await checked(bulk, schemas.bulkDeleteSchema)).toEqual([unknown, image.digest])
    expect(await (await remove(indexPath, [unknown])).json()).toBeNull()
    expect((await fetch(`${api}${indexPath}/${image.digest}`)).status).toBe(404)
    expect((await post(api, await manifestWithToken(registry.host))).status).toBe(201)
    for (let time = 0; time < 2; time++) {
      expect((await remove(`${indexPath}/${image.digest}`)).status).toBe(204)
    }
    const missing = await fetch(`${api}${reportPath}/${image.digest}`)
    expect(missing.status).toBe(404)
    expect(await checked(missing, schemas.errorSchema)).toEqual({
      code: 'not-found',
      message: `index report for manifest "${image.digest}" not found`,
    })
  })

  it('tells of a manifest that was deleted and comes with other layers what these have', async () => {
    await using plain = await startRegistry(exampleLayout)
    const submit = async (layers: readonly string[]) => {
      const answer = await post(api, manifestIn(plain.host, { ...image, layers }))
      expect(answer.status).toBe(201)
      return answer.text()
    }
    const whole = await submit(image.layers)
    for (let time = 0; time < 2; time++) expect(await submit(image.layers)).toBe(whole)
    await fetch(`${api}${indexPath}/${image.digest}`, { method: 'DELETE' })
    const other = await submit(image.layers.slice(0, 1))
    expect(other).not.toBe(whole)
    for (let time = 0; time < 2; time++) expect(await submit(image.layers)).toBe(other)
  })
})

describe('what is wrong', () => {
  const layer = { hash: unknown, uri: 'http://127.0.0.1:1/x' }

  it.each([
    ['', 'failed to deserialize manifest: '],
    ['{', 'failed to deserialize manifest: '],
    ['[]', 'failed to deserialize manifest: '],
    ['null', 'failed to deserialize manifest: '],
    [{ layers: 'x' }, 'failed to deserialize manifest: /layers'],
    [{ hash: 'sha256:1', layers: [layer] }, 'failed to deserialize manifest: a hash is not a digest'],
    [{ hash: unknown, layers: [{ ...layer, hash: 'x' }] }, 'failed to deserialize manifest: a hash is not a digest'],
    [{ hash: unknown, layers: [{ hash: unknown }] }, 'failed to deserialize manifest: the uri of a layer'],
    [{ hash: unknown, layers: [{ ...layer, uri: 'file:///etc/passwd' }] }, 'failed to deserialize manifest: the uri'],
    [{ hash: unknown, layers: [{ ...layer, headers: { 'a b': ['c'] } }] }, 'failed to deserialize manifest: a header'],
    [
      { hash: unknown, layers: [{ ...layer, headers: { a: ['c\r\nd: e'] } }] },
      'failed to deserialize manifest: a header',
    ],
    [{ hash: unknown, layers: Array(1001).fill(layer) }, 'failed to deserialize manifest: there are more than'],
    [{ hash: unknown, layers: [] }, 'bogus manifest'],
    [{ hash: unknown, layers: null }, 'bogus manifest'],
    [{ layers: [layer] }, 'bogus manifest'],
    [
      { hash: unknown, layers: [{ ...layer, uri: 'http://169.254.169.254/x' }] },
      'failed to start scan: 169.254.169.254',
    ],
    [{ hash: unknown, layers: [{ ...layer, uri: 'http://[::1]:1/x' }] }, 'failed to start scan: [::1]'],
  ])('the manifest %j is refused: %s', async (body, message) => {
    const response = await post(api, body)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect([response.headers.get('link'), response.headers.get('etag')]).toEqual([null, null])
    const error = await checked<{ code: string; message: string }>(response, schemas.errorSchema)
    expect(error.code).toBe('bad-request')
    expect(error.message).toContain(message)
  })

  it('a body that is too large is refused', async () => {
    const response = await post(api, `"${'x'.repeat(9 * 1024 * 1024)}"`)
    expect(response.status).toBe(413)
    await checked(response, schemas.errorSchema)
  })

  it('a layer that is no archive is the fault of who made it, one that cannot be had is not', async () => {
    await using other = await startRegistry(exampleLayout, {
      intercept: (request, response) => {
        if (!request.url!.includes('/blobs/')) return false
        response.writeHead(request.url!.endsWith('0') ? 404 : 200).end('not a layer')
        return true
      },
    })
    const text = 'sha256:fa2a9a4f5da1e0e0c0df5b4e1d6cfeb7c4e3d4c3ee2d5b4cc7a1b5e5a5f5c5d5'
    const layers = (hash: string) => [{ hash, uri: `http://${other.host}/v2/test/image/blobs/${hash}` }]
    const lying = await post(api, { hash: unknown, layers: layers(text) })
    expect([lying.status, ((await lying.json()) as { message: string }).message]).toEqual([
      500,
      expect.stringContaining('experienced a server side error: the layer hashes to'),
    ])
    const gone = await post(api, { hash: unknown, layers: layers(unknown) })
    expect([gone.status, ((await gone.json()) as { message: string }).message]).toEqual([
      500,
      expect.stringContaining('status 404'),
    ])
  })

  it('what could not be read is known as such, until it is read or deleted', async () => {
    let damaged = true
    await using other = await startRegistry(exampleLayout, {
      intercept: (_, response) => {
        if (damaged) response.end('not a layer')
        return damaged
      },
    })
    await using own = await startTestServer()
    const base = own.urls.api
    const ask = (headers = {}) => fetch(`${base}${indexPath}/${image.digest}`, { headers })
    const fail = async () => expect((await post(base, manifestIn(other.host))).status).toBe(500)
    await fail()
    const failed = await ask()
    expect([failed.status, failed.headers.get('etag')]).toEqual([200, expect.stringMatching(/^"[0-9a-f]{32}"$/)])
    expect(await checked(failed, schemas.indexReportSchema)).toEqual({
      manifest_hash: image.digest,
      state: 'IndexError',
      success: false,
      err: expect.stringContaining('the layer hashes to sha256:'),
      packages: {},
      distributions: {},
      repository: {},
      environments: {},
    })
    expect((await fetch(`${base}${reportPath}/${image.digest}`)).status).toBe(404)
    expect((await ask({ accept: 'application/vnd.chiaro.index_report.v1+json' })).status).toBe(404)
    await fetch(`${base}${indexPath}/${image.digest}`, { method: 'DELETE' })
    expect((await ask()).status).toBe(404)
    await fail()
    damaged = false
    expect((await post(base, manifestIn(other.host))).status).toBe(201)
    expect(await checked(await ask(), schemas.indexReportSchema)).toMatchObject({ state: 'IndexFinished', err: '' })
    expect((await fetch(`${base}${reportPath}/${image.digest}`)).status).toBe(200)
  })

  it('what is not the fault of an image is not said of it', async () => {
    await using own = await startTestServer()
    await own.engine.store[Symbol.asyncDispose]()
    expect((await post(own.urls.api, manifestIn(registry.host))).status).toBe(500)
    expect((await fetch(`${own.urls.api}${indexPath}/${image.digest}`)).status).toBe(500)
  })
})

describe('the state of the indexer', () => {
  it('is a tag of every report, and says that submitting again changes nothing', async () => {
    const response = await fetch(`${api}${statePath}`)
    const { state } = await checked<{ state: string }>(response, schemas.indexStateSchema)
    const etag = response.headers.get('etag')!
    expect(etag).toBe(`"${state}"`)
    const tagged = { headers: { 'if-none-match': etag } }
    expect((await fetch(`${api}${statePath}`, tagged)).status).toBe(304)
    // Whether it was ever there is not looked at.
    expect((await fetch(`${api}${indexPath}/sha256:${'9'.repeat(64)}`, tagged)).status).toBe(304)
    const submitted = await post(api, await manifestWithToken(registry.host))
    expect([submitted.status, submitted.headers.get('etag')]).toEqual([201, etag])
    const same = await post(api, await manifestWithToken(registry.host), tagged.headers)
    expect([same.status, await same.text()]).toEqual([412, ''])
    expect((await post(api, await manifestWithToken(registry.host), { 'if-none-match': '*' })).status).toBe(201)
  })
})

describe('too much', () => {
  it('more requests to index than are allowed are refused at once, and counted', async () => {
    const asked = Promise.withResolvers<ServerResponse>()
    const stalled = createServer((_, response) => asked.resolve(response))
    await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve))
    await using busy = await startTestServer({ config: { indexer: { index_report_request_concurrency: 1 } } })
    const uri = `http://127.0.0.1:${(stalled.address() as AddressInfo).port}/`
    const abort = new AbortController()
    const body = JSON.stringify({ hash: unknown, layers: [{ hash: unknown, uri }] })
    const first = fetch(`${busy.urls.api}${indexPath}`, { method: 'POST', body, signal: abort.signal }).catch(() => {})
    const held = await asked.promise
    const second = await post(busy.urls.api, await manifestWithToken(registry.host))
    expect(second.status).toBe(429)
    expect(await checked(second, schemas.errorSchema)).toEqual({
      code: 'too-many-requests',
      message: 'server handling too many requests',
    })
    expect((await fetch(`${busy.urls.api}/indexer/api/v1/index_state`)).status).toBe(200)
    // A client that has gone leaves work behind, and with it the place.
    abort.abort()
    await first
    await sleep(100)
    expect((await post(busy.urls.api, await manifestWithToken(registry.host))).status).toBe(429)
    held.writeHead(404).end()
    await sleep(200)
    expect((await post(busy.urls.api, await manifestWithToken(registry.host))).status).toBe(201)
    const metrics = await (await fetch(`${busy.urls.introspection}/metrics`)).text()
    expect(metrics).toContain('clair_http_concurrencylimited_total{handler="index_report",method="post"} 2')
    expect(metrics).toContain('clair_http_indexerv1_request_total{handler="index_report",code="201",method="post"} 1')
    stalled.closeAllConnections()
    stalled.close()
  })
})
