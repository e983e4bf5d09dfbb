import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tarOf } from '../../../../test/support/layout.ts'
import { startRegistry, type TestRegistry } from '../../../../test/support/registry.ts'
import { exampleLayout, layoutManifest, startTestServer, type TestServer } from '../../../../test/support/server.ts'
import * as schemas from './schema.ts'

const ajv = new Ajv2020({ strict: false })

/** The body of an answer, if it is as the schema says. */
// biome-ignore lint/suspicious/noExplicitAny: the schema has just said what it is
async function checked(response: Response, schema: object): Promise<any> {
  expect(response.headers.get('content-type')).toBe('application/json;charset=utf-8')
  expect(response.headers.get('server')).toBe('clair')
  const body = await response.json()
  expect(ajv.validate(schema, body), JSON.stringify(ajv.errors)).toBe(true)
  return body
}

const image = layoutManifest(exampleLayout)
const hex = (digest: string) => digest.slice('sha256:'.length)

let registry: TestRegistry
let server: TestServer
let api: string

beforeAll(async () => {
  registry = await startRegistry(exampleLayout, { auth: { kind: 'basic', username: 'u', password: 'p' } })
  server = await startTestServer()
  api = server.urls.api
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`
const blob = (digest: string) => `http://${registry.host}/v2/test/image/blobs/${digest}`
const post = (layer: object, base = api) =>
  fetch(`${base}/v1/layers`, { method: 'POST', body: JSON.stringify({ Layer: layer }) })
const get = (path: string) => fetch(`${api}/v1/${path}`)

/** Serves bytes at every path, for as long as they are wanted. */
async function serve(bytes: Buffer) {
  const files = createServer((_, response) => response.end(bytes))
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(files.address() as AddressInfo).port}`
  return { base, [Symbol.dispose]: () => void files.close() }
}

describe('the flow of Klar', () => {
  const nameOf = (digest: string) => hex(image.config) + hex(digest)

  it('posts the layers from the lowest on, and asks for the last', async () => {
    let parent = ''
    for (const digest of image.layers) {
      const layer = { Name: nameOf(digest), Path: blob(digest), ParentName: parent, Format: 'Docker' }
      const response = await post({ ...layer, Features: null, Headers: { Authorization: authorization } })
      expect(response.status).toBe(201)
      expect((await checked(response, schemas.layerAnswerSchema)).Layer).toMatchObject({
        ...(({ ParentName, ...rest }) => (ParentName === '' ? rest : layer))(layer),
        Headers: { Authorization: authorization },
        IndexedByVersion: 3,
      })
      parent = layer.Name
    }
    const response = await get(`layers/${parent}?vulnerabilities`)
    expect(response.status).toBe(200)
    const { Layer } = await checked(response, schemas.layerSchema)
    expect(Layer).toMatchObject({ Name: parent, NamespaceName: 'debian:13', ParentName: nameOf(image.layers.at(-2)!) })
    const features = Layer.Features as readonly schemas.V1Feature[]
    const found = features.flatMap(({ Name, Vulnerabilities = [] }) =>
      Vulnerabilities.map((one) => `${Name} ${one.Name} ${one.Severity} ${one.FixedBy ?? '-'}`),
    )
    expect(found.sort()).toEqual([
      'curl CVE-2099-1002 High 8.14.1-2+deb13u3',
      'glibc CVE-2099-1003 Negligible -',
      'openssl CVE-2099-1004 High 3.5.1-1+deb13u1',
      'openssl CVE-2099-1005 Low -',
    ])
    expect(features.find(({ Name }) => Name === 'glibc')!.AddedBy).toBe(nameOf(image.layers[0]!))
    expect(features.find(({ Name }) => Name === 'curl')!.AddedBy).toBe(nameOf(image.layers[1]!))
  })

  it('posts a layer that is known without its being read again', async () => {
    const [digest] = image.layers
    const requests = registry.requests.length
    expect((await post({ Name: nameOf(digest!), Path: blob(digest!), Format: 'Docker' })).status).toBe(201)
    expect(registry.requests).toHaveLength(requests)
  })
})

describe('the flow of the old clairctl', () => {
  it('posts, asks for every layer from the top on, deletes them, and looks after the health', async () => {
    let parent = ''
    for (const digest of image.layers) {
      const layer = { Name: digest, Path: blob(digest), ParentName: parent, Format: 'Docker' }
      expect((await post({ ...layer, Headers: { Authorization: authorization } })).status).toBe(201)
      parent = digest
    }
    const counts: number[] = []
    for (const digest of image.layers.toReversed()) {
      const response = await get(`layers/${digest}?vulnerabilities`)
      expect(response.status).toBe(200)
      const { Layer } = await checked(response, schemas.layerSchema)
      counts.push(((Layer.Features ?? []) as readonly schemas.V1Feature[]).length)
    }
    // What is in a layer is in those above it, until it is removed.
    expect(Math.min(...counts)).toBeGreaterThan(0)
    for (const digest of image.layers) {
      const gone = await fetch(`${api}/v1/layers/${digest}`, { method: 'DELETE' })
      expect([gone.status, await gone.text()]).toEqual([200, ''])
    }
    const missing = await get(`layers/${image.layers[0]}?vulnerabilities`)
    expect(missing.status).toBe(404)
    expect(await checked(missing, schemas.errorSchema)).toEqual({ Error: { Message: 'the resource cannot be found' } })
    expect((await fetch(`${api}/v1/layers/${image.layers[0]}`, { method: 'DELETE' })).status).toBe(404)
    const health = await fetch(`${server.urls.health}/health`)
    expect([health.status, health.headers.get('server'), await health.text()]).toEqual([200, 'clair', ''])
  })

  it('posts layers of local images, whose digests nobody says', async () => {
    const os = 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n'
    using lower = await serve(await tarOf({ 'etc/os-release': os }))
    const status = 'Package: curl\nStatus: install ok installed\nVersion: 8.14.1-2+deb13u2\nArchitecture: amd64\n\n'
    using upper = await serve(gzipSync(await tarOf({ 'var/lib/dpkg/status': status })))
    const layer = { Format: 'docker' }
    expect((await post({ ...layer, Name: 'a', Path: `${lower.base}/local/image/blobs/a/layer.tar` })).status).toBe(201)
    const path = `${upper.base}/local/image/blobs/b/layer.tar`
    expect((await post({ ...layer, Name: 'b', ParentName: 'a', Path: path })).status).toBe(201)
    const { Layer } = await checked(await get('layers/b?features'), schemas.layerSchema)
    expect(Layer.Features).toEqual([
      { Name: 'curl', NamespaceName: 'debian:13', VersionFormat: 'dpkg', Version: '8.14.1-2+deb13u2', AddedBy: 'b' },
    ])
    const bare = await checked(await get('layers/b'), schemas.layerSchema)
    expect(bare).toEqual({ Layer: { Name: 'b', NamespaceName: 'debian:13', ParentName: 'a', IndexedByVersion: 3 } })
  })
})

describe('what is wrong', () => {
  it.each([
    ['', 400, ''],
    ['{}', 400, 'failed to provide layer'],
    ['{"Layer": 1}', 400, 'failed to provide layer'],
    [{ Path: 'http://x/', Format: 'Docker' }, 400, 'which does not have a name'],
    [{ Name: 'x', Format: 'Docker' }, 400, 'which does not have a path'],
    [{ Name: 'x', Path: 'http://x/' }, 400, 'which does not have a format'],
    [{ Name: 'x', Path: 'http://x/', Format: 'ACI' }, 400, 'unsupported image format'],
    [{ Name: 'x', Path: '/etc/passwd', Format: 'Docker' }, 400, 'could not find layer: its path'],
    [{ Name: 'x', Path: 'http://169.254.169.254/', Format: 'Docker' }, 400, 'could not find layer: 169.254.169.254'],
    [{ Name: 'x', Path: 'http://127.0.0.1/', ParentName: 'y', Format: 'Docker' }, 400, 'parent layer is unknown'],
    [{ Name: 'x', Path: 'http://127.0.0.1/', Format: 'Docker', Headers: { 'x-a': 'b\nc' } }, 400, 'a header'],
  ])('%j is %i: %s', async (body, status, message) => {
    const text = typeof body === 'string' ? body : JSON.stringify({ Layer: body })
    const response = await fetch(`${api}/v1/layers`, { method: 'POST', body: text })
    expect(response.status).toBe(status)
    expect((await checked(response, schemas.errorSchema)).Error.Message).toContain(message)
  })

  it('a layer that the registry does not give is 400', async () => {
    const response = await post({ Name: 'x', Path: blob(image.layers[0]!), Format: 'Docker' })
    // It is known by its digest, so it is not even asked for.
    expect(response.status).toBe(201)
    const other = await post({ Name: 'z', Path: blob(`sha256:${'0'.repeat(64)}`), Format: 'Docker' })
    expect(other.status).toBe(400)
    expect((await checked(other, schemas.errorSchema)).Error.Message).toContain('could not find layer: ')
  })

  it('a layer that cannot be read, or of a system that is not supported, is 422 and not kept', async () => {
    using text = await serve(Buffer.from('this is no archive at all, however long one looks at it'.repeat(20)))
    using strange = await serve(
      await tarOf({
        'etc/os-release': 'ID=unheardof\nVERSION_ID=1\n',
        'var/lib/dpkg/status': 'Package: a\nStatus: install ok installed\nVersion: 1\n\n',
      }),
    )
    for (const [name, base, message] of [
      ['text', text.base, 'could not extract the layer'],
      ['strange', strange.base, 'worker: OS and/or package manager are not supported'],
    ]) {
      const response = await post({ Name: name, Path: `${base}/`, Format: 'Docker' })
      expect(response.status).toBe(422)
      expect((await checked(response, schemas.errorSchema)).Error.Message).toContain(message)
      expect((await get(`layers/${name}`)).status).toBe(404)
    }
  })

  it('a body beyond limits.requestBodyBytesV1 is refused', async () => {
    const response = await post({ Name: 'x'.repeat(1024 * 1024) })
    expect(response.status).toBe(413)
    await checked(response, schemas.errorSchema)
  })

  it('there is no answer without the data', async () => {
    await using empty = await startTestServer({ data: false })
    const [digest] = image.layers
    const layer = { Name: 'a', Path: blob(digest!), Format: 'Docker', Headers: { Authorization: authorization } }
    expect((await post(layer, empty.urls.api)).status).toBe(201)
    const response = await fetch(`${empty.urls.api}/v1/layers/a?vulnerabilities`)
    expect(response.status).toBe(503)
    expect((await checked(response, schemas.errorSchema)).Error.Message).toContain('debian')
  })

  it.each(['versions', 'nothing', 'notifications/x'])('there is no /v1/%s', async (path) => {
    expect((await get(path)).status).toBe(404)
  })
})

describe('namespaces', () => {
  it('are those that something is said about', async () => {
    const { Namespaces } = await checked(await get('namespaces'), schemas.namespacesSchema)
    expect(Namespaces).toContainEqual({ Name: 'debian:13', VersionFormat: 'dpkg' })
  })

  it('have vulnerabilities, page by page', async () => {
    const names: string[] = []
    let page: string | undefined
    do {
      const response = await get(
        `namespaces/debian:13/vulnerabilities?limit=2${page === undefined ? '' : `&page=${page}`}`,
      )
      expect(response.status).toBe(200)
      const body = await checked(response, schemas.vulnerabilitiesSchema)
      expect(body.Vulnerabilities.length).toBeLessThanOrEqual(2)
      names.push(...body.Vulnerabilities.map(({ Name }: { Name: string }) => Name))
      page = body.NextPage
    } while (page !== undefined)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(['CVE-2099-1002', 'CVE-2099-1005']))
  })

  it('have fixes of vulnerabilities', async () => {
    const path = 'namespaces/debian:13/vulnerabilities'
    const fix = { Name: 'curl', NamespaceName: 'debian:13', Version: '8.14.1-2+deb13u3' }
    expect(await checked(await get(`${path}/CVE-2099-1002/fixes`), schemas.fixesSchema)).toEqual({ Features: [fix] })
    const { Features } = await checked(await get(`${path}/CVE-2099-1003/fixes`), schemas.fixesSchema)
    expect(Features).toMatchObject([{ Name: 'glibc', Version: 'None' }])
    const one = await checked(await get(`${path}/CVE-2099-1002?fixedIn`), schemas.vulnerabilitySchema)
    expect(one.Vulnerability).toMatchObject({ Name: 'CVE-2099-1002', NamespaceName: 'debian:13', FixedIn: [fix] })
    const plain = await checked(await get(`${path}/CVE-2099-1002`), schemas.vulnerabilitySchema)
    expect(plain.Vulnerability).not.toHaveProperty('FixedIn')
  })

  it.each([
    ['GET', 'namespaces/debian:13/vulnerabilities', 400, 'must provide limit'],
    ['GET', 'namespaces/debian:13/vulnerabilities?limit=-1', 400, 'invalid limit'],
    ['GET', 'namespaces/debian:13/vulnerabilities?limit=1&page=x', 400, 'invalid page'],
    ['GET', 'namespaces/plan9:4/vulnerabilities?limit=1', 404, 'cannot be found'],
    ['GET', 'namespaces/debian:13/vulnerabilities/CVE-1', 404, 'cannot be found'],
    ['GET', 'namespaces/debian:13/vulnerabilities/CVE-1/fixes', 404, 'cannot be found'],
  ])('%s %s is %i %s', async (method, path, status, message) => {
    const response = await fetch(`${api}/v1/${path}`, { method })
    expect(response.status).toBe(status)
    expect((await checked(response, schemas.errorSchema)).Error.Message).toContain(message)
  })
})
