import { createHmac } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf, tarOf } from '../../../../test/support/layout.ts'
import { advisory, fact, source, statement } from '../../../../test/support/records.ts'
import { startRegistry, type TestRegistry } from '../../../../test/support/registry.ts'
import {
  exampleLayout,
  layoutManifest,
  loadDebian,
  startTestServer,
  type TestServer,
} from '../../../../test/support/server.ts'
import type { Advisory } from '../../../core/advisory.ts'
import * as schemas from './schema.ts'

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
const validators = new Map<object, (value: unknown) => boolean>()

/** The body of an answer, if it is as the schema says. */
async function checked<T>(response: Response, schema: object): Promise<T> {
  const body = await response.json()
  if (!validators.has(schema)) validators.set(schema, ajv.compile(schema))
  const validator = validators.get(schema)! as { (value: unknown): boolean; errors?: unknown }
  expect(validator(body), JSON.stringify(validator.errors)).toBe(true)
  return body as T
}

const image = layoutManifest(exampleLayout)
const unknown = `sha256:${'0'.repeat(64)}`
const indexPath = '/indexer/api/v1/index_report'
const reportPath = '/matcher/api/v1/vulnerability_report'

let registry: TestRegistry
let open: TestRegistry
let server: TestServer
let api: string

beforeAll(async () => {
  registry = await startRegistry(exampleLayout, { auth: { kind: 'token' } })
  open = await startRegistry(exampleLayout)
  server = await startTestServer()
  api = server.urls.api
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
  await open[Symbol.asyncDispose]()
})

/** What clairctl and Quay make of an image: a token, and where its layers are. */
async function manifestOf(host = registry.host): Promise<{ hash: string; layers: object[] }> {
  const scope = 'scope=repository:test/image:pull&service=test, registry'
  const { token } = (await (await fetch(`http://${host}/token?${encodeURI(scope)}`)).json()) as { token: string }
  return {
    hash: image.digest,
    layers: image.layers.map((hash) => ({
      hash,
      uri: `http://${host}/v2/test/image/blobs/${hash}`,
      headers: { Authorization: [`Bearer ${token}`], Range: ['bytes=0-0'], Host: ['elsewhere'] },
    })),
  }
}

const post = (base: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${base}${indexPath}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

describe('the flow of clairctl', () => {
  it('does not know a manifest, indexes it, and reports on it', async () => {
    const before = await fetch(`${api}${indexPath}/${image.digest}`)
    expect(before.status).toBe(404)
    expect(await checked(before, schemas.errorSchema)).toEqual({ code: 'not-found', message: 'index report not found' })

    const submitted = await post(api, await manifestOf(), { 'content-type': 'application/vnd.clair.manifest.v1+json' })
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
    const again = await post(api, await manifestOf())
    expect(again.status).toBe(201)
    const other = await post(api, { ...(await manifestOf()), hash: unknown })
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
    expect((await post(api, await manifestOf())).status).toBe(201)
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
})

describe('what cannot be told', () => {
  const alpine = layoutManifest(exampleLayout, 'alpine')

  it('is no report at all while the data that the image needs is missing', async () => {
    const layers = alpine.layers.map((hash) => ({ hash, uri: `http://${open.host}/v2/test/image/blobs/${hash}` }))
    expect((await post(api, { hash: alpine.digest, layers })).status).toBe(201)
    const report = await fetch(`${api}${reportPath}/${alpine.digest}`)
    expect([report.status, await report.text()]).toEqual([202, ''])
  })

  it('is in the reports', async () => {
    const tar = await tarOf({ 'etc/hostname': 'nothing to see' })
    const hash = digestOf(tar)
    const files = createServer((_, response) => response.end(tar))
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
    const uri = `http://127.0.0.1:${(files.address() as AddressInfo).port}/`
    const submitted = await post(api, { hash, layers: [{ hash, uri }] })
    files.close()
    expect(await checked(submitted, schemas.indexReportSchema)).toMatchObject({ packages: {}, distributions: {} })
    const report = await fetch(`${api}${reportPath}/${hash}`)
    expect(await checked(report, schemas.vulnerabilityReportSchema)).toMatchObject({
      vulnerabilities: {},
      gaps: [{ code: 'no-packages' }],
    })
  })
})

describe("Quay's client", () => {
  const key = Buffer.from('a key of Quay')
  const psk = { key: key.toString('base64'), iss: ['quay'] }
  const token = (claims: object, alg = 'HS256', secret: Uint8Array = key) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${part({ alg, typ: 'JWT' })}.${part(claims)}`
    const signature = createHmac(`sha${alg.slice(2)}`, secret)
      .update(signed)
      .digest('base64url')
    return { authorization: `Bearer ${signed}.${signature}` }
  }
  const now = Math.floor(Date.now() / 1000)

  it('compares the state, submits, and asks until there is a report', async () => {
    await using quay = await startTestServer({ config: { auth: { psk } }, data: false })
    const headers = token({ iss: 'quay', exp: now + 300, nbf: now, iat: now })
    const state = await fetch(`${quay.urls.api}/indexer/api/v1/index_state`, { headers })
    const { state: value } = await checked<{ state: string }>(state, schemas.indexStateSchema)
    expect(state.headers.get('etag')).toBe(`"${value}"`)
    const submitted = await post(quay.urls.api, await manifestOf(), headers)
    expect([submitted.status, submitted.headers.get('etag')]).toEqual([201, `"${value}"`])
    const report = () => fetch(`${quay.urls.api}${reportPath}/${image.digest}`, { headers })
    const early = await report()
    expect([early.status, await early.text()]).toEqual([202, ''])
    await loadDebian(quay.engine)
    expect((await report()).status).toBe(200)
    expect((await fetch(`${quay.urls.api}${reportPath}/${unknown}`, { headers })).status).toBe(404)
    const same = await post(quay.urls.api, await manifestOf(), { ...headers, 'if-none-match': `"${value}"` })
    expect([same.status, await same.text()]).toEqual([412, ''])
  })

  it('is let in with its token only, everywhere but for robots', async () => {
    await using quay = await startTestServer({ config: { auth: { psk } } })
    const ask = (headers: Readonly<Record<string, string>>, path = '/indexer/api/v1/index_state') =>
      fetch(`${quay.urls.api}${path}`, { headers })
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      expect((await ask(token({ iss: 'quay' }, alg))).status, alg).toBe(200)
    }
    expect((await ask(token({ iss: 'clair-intraservice', exp: now - 10 }))).status).toBe(200)
    const refused = [
      {},
      { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` },
      token({ iss: 'quay' }, 'HS256', Buffer.from('another key')),
      token({ iss: 'clairctl' }),
      token({}),
      token({ iss: 'quay', exp: now - 60 }),
      token({ iss: 'quay', nbf: now + 60 }),
      token({ iss: 'quay', iat: now + 60 }),
      token({ iss: 'quay', exp: 'never' }),
      { authorization: `${token({ iss: 'quay' }).authorization}x` },
      { authorization: token({ iss: 'quay' }).authorization.replace(/\.[^.]+$/, '.') },
    ]
    for (const headers of refused) {
      const response = await ask(headers as Record<string, string>)
      expect([response.status, await response.text()], JSON.stringify(headers)).toEqual([401, ''])
      expect(response.headers.get('www-authenticate')).toBeNull()
    }
    for (const path of ['/openapi/v1', '/nothing', indexPath]) expect((await ask({}, path)).status, path).toBe(401)
    expect(await (await ask({}, '/robots.txt')).text()).toBe('User-agent: *\nDisallow: /\n')
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
    expect((await fetch(`${api}${indexPath}/${unknown}`)).status).toBe(404)
  })

  it.each([
    ['GET', `${indexPath}/sha256:1`, 400, 'malformed path: '],
    ['GET', `${reportPath}/x`, 400, 'malformed path: '],
    ['DELETE', `${indexPath}/md5:1`, 400, 'malformed path: '],
    ['DELETE', indexPath, 400, 'failed to deserialize bulk delete: '],
    ['PUT', indexPath, 405, 'method disallowed: PUT'],
    ['GET', indexPath, 405, 'method disallowed: GET'],
    ['POST', '/indexer/api/v1/index_state', 405, 'method disallowed: POST'],
    ['POST', `${reportPath}/${unknown}`, 405, 'endpoint only allows GET'],
    ['POST', '/openapi/v1', 405, 'method disallowed: POST'],
    ['GET', '/matcher/api/v1/internal/update_operation', 400, 'unknown kind: ""'],
    ['GET', '/matcher/api/v1/internal/update_operation?kind=x', 400, 'unknown kind: "x"'],
    ['GET', '/matcher/api/v1/internal/update_diff', 400, '"cur" query param is required'],
    ['GET', '/matcher/api/v1/internal/update_diff?cur=x', 400, 'could not parse "cur" query param into uuid'],
    [
      'GET',
      `/matcher/api/v1/internal/update_diff?cur=${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}&prev=x`,
      400,
      '"prev"',
    ],
    ['GET', '/notifier/api/v1/notification/x', 404, 'not found'],
    ['GET', '/', 404, 'not found'],
  ])('%s %s is %s %s', async (method, path, status, message) => {
    const response = await fetch(`${api}${path}`, { method })
    expect(response.status).toBe(status)
    const error = await checked<{ message: string }>(response, schemas.errorSchema)
    expect(error.message).toContain(message)
  })

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
    const second = await post(busy.urls.api, await manifestOf())
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
    expect((await post(busy.urls.api, await manifestOf())).status).toBe(429)
    held.writeHead(404).end()
    await sleep(200)
    expect((await post(busy.urls.api, await manifestOf())).status).toBe(201)
    const metrics = await (await fetch(`${busy.urls.introspection}/metrics`)).text()
    expect(metrics).toContain('clair_http_concurrencylimited_total{handler="index_report",method="post"} 2')
    expect(metrics).toContain('clair_http_indexerv1_request_total{handler="index_report",code="201",method="post"} 1')
    stalled.closeAllConnections()
    stalled.close()
  })
})

describe('the forms of answers', () => {
  const state = '/indexer/api/v1/index_state'
  const vendor = 'application/vnd.clair.index_state.v1+json'

  it.each([
    ['*/*', 200, vendor],
    ['application/*', 200, vendor],
    ['application/json', 200, 'application/json'],
    ['text/html, application/json;q=0.5', 200, 'application/json'],
    [`application/json;q=0.9, ${vendor};q=0.1`, 200, 'application/json'],
    [`application/json;q=0, */*`, 200, vendor],
    ['text/html', 415, undefined],
    ['application/json;q=2', 400, undefined],
    ['nonsense', 400, undefined],
  ])('Accept: %s gives %s %s', async (accept, status, type) => {
    const response = await fetch(`${api}${state}`, { headers: { accept } })
    expect(response.status).toBe(status)
    if (type !== undefined) expect(response.headers.get('content-type')).toBe(type)
    else await checked(response, schemas.errorSchema)
  })

  it.each([
    ['zstd', zstdDecompressSync],
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
    ['br, gzip;q=0.5, zstd;q=0.1', gunzipSync],
    ['*', zstdDecompressSync],
  ])('Accept-Encoding: %s is understood', async (accepted, decompress) => {
    const { hostname, port } = new URL(api)
    const { request } = await import('node:http')
    const [encoding, bytes] = await new Promise<[string | undefined, Buffer]>((resolve) => {
      const headers = { 'accept-encoding': accepted }
      request({ hostname, port, path: '/openapi/v1', headers }, async (response) => {
        resolve([response.headers['content-encoding'], Buffer.concat(await response.toArray())])
      }).end()
    })
    expect(encoding).toMatch(/^(?:zstd|gzip|deflate)$/)
    expect(JSON.parse(decompress(bytes).toString())).toMatchObject({ openapi: '3.1.0' })
  })

  it.each([
    ['identity', 200],
    ['br', 200],
    ['br, *;q=0', 415],
    ['identity;q=0', 415],
  ])('Accept-Encoding: %s gives %s, not compressed', async (accepted, status) => {
    const response = await fetch(`${api}${state}`, { headers: { 'accept-encoding': accepted } })
    expect([response.status, response.headers.get('content-encoding')]).toEqual([status, null])
    if (status === 200) expect(response.headers.get('accept-encoding')).toBe('zstd, gzip, deflate')
  })

  it('there is an OpenAPI document in JSON and YAML, with an etag', async () => {
    const json = await fetch(`${api}/openapi/v1`)
    expect(json.headers.get('content-type')).toBe('application/openapi+json')
    const document = (await json.json()) as { info: object; paths: object }
    expect(document.info).toMatchObject({ title: 'Clair Container Analyzer', version: '1.2.0' })
    expect(Object.keys(document.paths)).toHaveLength(8)
    const yaml = await fetch(`${api}/openapi/v1`, { headers: { accept: 'application/yaml' } })
    expect(await yaml.text()).toContain('openapi: 3.1.0')
    const headers = { 'if-none-match': json.headers.get('etag')! }
    expect((await fetch(`${api}/openapi/v1`, { headers })).status).toBe(304)
  })
})

it('what an erratum covers has the date and the words of the erratum', async () => {
  await using own = await startTestServer({ data: false })
  const { vulnerability, statements } = advisory('DSA-2099-1', [statement('debian:13', 'curl', '99')])
  const ratings = [{ severity: 'high', source: 'debian', original: 'important' }] as const
  const erratum = { ...vulnerability, covers: ['CVE-2099-7', 'CVE-2099-8'], published: '2099-01-02T00:00:00Z', ratings }
  const records = [{ vulnerability: erratum, statements }]
  await own.engine.store.advisories.import(source(records), new AbortController().signal)
  expect((await post(own.urls.api, await manifestOf())).status).toBe(201)
  const response = await fetch(`${own.urls.api}${reportPath}/${image.digest}`)
  const report = await checked<schemas.ClairVulnerabilityReport>(response, schemas.vulnerabilityReportSchema)
  const said = { issued: '2099-01-02T00:00:00.000Z', severity: 'important', normalized_severity: 'High' }
  const found = Object.values(report.vulnerabilities).sort((left, right) => (left.name < right.name ? -1 : 1))
  expect(found).toMatchObject([
    { name: 'CVE-2099-7', ...said },
    { name: 'CVE-2099-8', ...said },
  ])
})

describe('enrichment', () => {
  const cvss = /enricher=clair\.cvss /
  const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N'
  const loadScores = (own: TestServer) =>
    own.engine.store.advisories.import(
      source([fact('CVE-2099-1002', [null, [['nvd', vector, 9.1]], []])], { id: 'nvd-2099' }),
      new AbortController().signal,
    )

  async function reportOf(own: TestServer): Promise<schemas.ClairVulnerabilityReport> {
    expect((await post(own.urls.api, await manifestOf())).status).toBe(201)
    const response = await fetch(`${own.urls.api}${reportPath}/${image.digest}`)
    return checked(response, schemas.vulnerabilityReportSchema)
  }

  it("has NVD's scores first, by the ids of vulnerabilities", async () => {
    await using own = await startTestServer()
    expect((await reportOf(own)).gaps).toContainEqual(
      expect.objectContaining({ code: 'enrichment-missing', where: 'nvd' }),
    )
    await loadScores(own)
    const report = await reportOf(own)
    const [[name, [scores]]] = Object.entries(report.enrichments) as [[string, [Record<string, schemas.ClairCvss[]>]]]
    expect(name).toMatch(cvss)
    const named = Object.entries(scores!).map(([id, list]) => [report.vulnerabilities[id]!.name, list])
    expect(Object.fromEntries(named)).toEqual({
      'CVE-2099-1002': [{ version: '3.1', vectorString: vector, baseScore: 9.1, baseSeverity: 'CRITICAL' }],
    })
    expect(report).not.toHaveProperty('gaps')
    const operations = await fetch(`${own.urls.api}/matcher/api/v1/internal/update_operation?kind=enrichment`)
    expect(Object.keys(await checked<object>(operations, schemas.updateOperationsSchema))).toEqual(['nvd-2099'])
    const others = await fetch(`${own.urls.api}/matcher/api/v1/internal/update_operation?kind=vulnerability`)
    expect(Object.keys(await checked<object>(others, schemas.updateOperationsSchema))).not.toContain('nvd-2099')
  })

  it.each([{ matcher: { disable_updaters: true, disable_enrichment: true } }, { updaters: { sets: ['debian'] } }])(
    'is left out with %j',
    async (config) => {
      await using own = await startTestServer({ config })
      await loadScores(own)
      const report = await reportOf(own)
      expect(report.enrichments).toEqual({})
      expect(report).not.toHaveProperty('gaps')
    },
  )
})

describe('update operations', () => {
  const path = '/matcher/api/v1/internal'

  it('are the generations of feeds, and differ in what they say', async () => {
    const response = await fetch(`${api}${path}/update_operation?kind=vulnerability&latest=true`)
    const operations = await checked<Record<string, schemas.ClairUpdateOperation[]>>(
      response,
      schemas.updateOperationsSchema,
    )
    const [operation] = operations.debian!
    expect(operation).toMatchObject({ updater: 'debian', kind: '' })
    const etag = response.headers.get('etag')!
    expect(Object.values(operations).map(([first]) => `"${first!.ref}"`)).toContain(etag)
    const same = await fetch(`${api}${path}/update_operation?kind=vulnerability`, {
      headers: { 'if-none-match': etag },
    })
    expect(same.status).toBe(304)
    const enrichment = await fetch(`${api}${path}/update_operation?kind=enrichment`)
    expect(await checked(enrichment, schemas.updateOperationsSchema)).toEqual({})

    const all = await fetch(`${api}${path}/update_diff?cur=${operation!.ref}`)
    expect(all.status).toBe(200)
    const diff = await checked<{ added: schemas.ClairVulnerability[]; removed: null; cur: object }>(
      all,
      schemas.updateDiffSchema,
    )
    expect(diff.cur).toEqual(operation)
    expect(diff.removed).toBeNull()
    expect(diff.added.map(({ name }) => name)).toContain('CVE-2099-1002')
    const none = await fetch(`${api}${path}/update_diff?cur=${operation!.ref}&prev=${operation!.ref}`)
    expect(await checked(none, schemas.updateDiffSchema)).toMatchObject({ added: null, removed: null })
    const gone = '11111111-1111-4111-8111-111111111111'
    expect((await fetch(`${api}${path}/update_diff?cur=${gone}`)).status).toBe(404)
  })

  it('tell what came, what went, and both for what changed; an advisory for each vulnerability that it covers', async () => {
    await using own = await startTestServer({ data: false })
    const { advisories } = own.engine.store
    const load = (records: readonly Advisory[], fingerprint: string) =>
      advisories.import(source(records, { fingerprint }), new AbortController().signal)
    const rhsa = advisory('RHSA-2099:1', [statement('debian:13', 'b', '2')])
    const covers = { ...rhsa, vulnerability: { ...rhsa.vulnerability, covers: ['CVE-2', 'CVE-3'] } }
    await load(
      [advisory('CVE-1', [statement('debian:13', 'a', '1')]), advisory('CVE-4', [statement('debian:13', 'd', '1')])],
      'one',
    )
    await load([advisory('CVE-1', [statement('debian:13', 'a', '1.1')]), covers], 'two')
    const base = `${own.urls.api}${path}`
    const all = await fetch(`${base}/update_operation?kind=vulnerability`)
    const { debian } = await checked<Record<string, schemas.ClairUpdateOperation[]>>(
      all,
      schemas.updateOperationsSchema,
    )
    expect(debian!.map(({ fingerprint }) => fingerprint)).toEqual(['two', 'one'])
    const [cur, prev] = debian!
    const shown = async (query: string) => {
      const response = await fetch(`${base}/update_diff?${query}`)
      const diff = await checked<Record<'added' | 'removed', schemas.ClairVulnerability[] | null>>(
        response,
        schemas.updateDiffSchema,
      )
      const list = (side: schemas.ClairVulnerability[] | null) =>
        side?.map(({ name, package: pkg, fixed_in_version }) => `${name} ${pkg.name} ${fixed_in_version}`).sort()
      return [list(diff.added), list(diff.removed)]
    }
    expect(await shown(`cur=${cur!.ref}&prev=${prev!.ref}`)).toEqual([
      ['CVE-1 a 1.1', 'CVE-2 b 2', 'CVE-3 b 2'],
      ['CVE-1 a 1', 'CVE-4 d 1'],
    ])
    expect(await shown(`cur=${prev!.ref}`)).toEqual([['CVE-1 a 1', 'CVE-4 d 1'], undefined])
    expect(await shown(`cur=${prev!.ref}&prev=${cur!.ref}`)).toEqual([
      ['CVE-1 a 1', 'CVE-4 d 1'],
      ['CVE-1 a 1.1', 'CVE-2 b 2', 'CVE-3 b 2'],
    ])
  })
})
