import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { credentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testCertificate } from '../../../../test/support/certificate.ts'
import { definition, type Outcome, type V3Client, v3Client } from '../../../../test/support/clair-v3.ts'
import { databases } from '../../../../test/support/databases.ts'
import { tarOf } from '../../../../test/support/layout.ts'
import { startRegistry, type TestRegistry } from '../../../../test/support/registry.ts'
import {
  exampleLayout,
  type LayoutManifest,
  layoutManifest,
  startTestServer,
  type TestServer,
} from '../../../../test/support/server.ts'
import { temporaryTls } from '../../../../test/support/tls.ts'
import { file_clair } from './clair_pb.ts'

const debian = layoutManifest(exampleLayout, 'debian')
const alpine = layoutManifest(exampleLayout, 'alpine')
const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`
const hex = (digest: string) => digest.slice('sha256:'.length)
const hostOf = ({ urls }: TestServer) => new URL(urls.api).host

/** An image as Klar posts it. */
const posted = (name: string, { config, layers }: LayoutManifest, host: string) => ({
  ancestry_name: name,
  format: 'Docker',
  layers: layers.map((digest) => ({
    hash: hex(config) + hex(digest),
    path: `http://${host}/v2/test/image/blobs/${digest}`,
    headers: { Authorization: authorization },
  })),
})

const asked = (name: string) => ({ ancestry_name: name, with_features: true, with_vulnerabilities: true })

interface FeatureAnswer {
  readonly name: string
  readonly namespace_name: string
  readonly vulnerabilities?: readonly { readonly name: string; readonly severity: string; readonly fixed_by?: string }[]
}

const found = (features: readonly FeatureAnswer[]) =>
  features
    .flatMap(({ name, vulnerabilities = [] }) =>
      vulnerabilities.map((one) => `${name} ${one.name} ${one.severity} ${one.fixed_by || '-'}`),
    )
    .sort()

const debianFindings = [
  'curl CVE-2099-1002 High 8.14.1-2+deb13u3',
  'glibc CVE-2099-1003 Negligible -',
  'openssl CVE-2099-1004 High 3.5.1-1+deb13u1',
  'openssl CVE-2099-1005 Low -',
]

let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry(exampleLayout, { auth: { kind: 'basic', username: 'u', password: 'p' } })
})
afterAll(() => registry[Symbol.asyncDispose]())

describe.each(databases)('on $name', ({ create }) => {
  const resources = new AsyncDisposableStack()
  let server: TestServer
  let other: TestServer
  let client: V3Client
  beforeAll(async () => {
    const { location: database } = resources.use(await create())
    server = resources.use(await startTestServer({ database }))
    await server.engine.update(['alpine'], { force: false, signal: new AbortController().signal, progress: () => {} })
    other = resources.use(await startTestServer({ database, data: false }))
    client = resources.use(v3Client(hostOf(server)))
  })
  afterAll(() => resources.disposeAsync())

  it('answers what Klar calls: PostAncestry, and GetAncestry with everything', async () => {
    const before = registry.requests.length
    const post = await client.call('AncestryService.PostAncestry', posted('library/debian', debian, registry.host))
    expect(post).toMatchObject({ code: 0, answer: { status: { listers: ['apk', 'dpkg', 'rpm'] } } })
    expect(registry.requests.slice(before).sort()).toEqual(
      debian.layers.map((digest) => `GET /v2/test/image/blobs/${digest} ${authorization}`).sort(),
    )
    const { code, answer } = await client.call('AncestryService.GetAncestry', asked('library/debian'))
    expect(code).toBe(0)
    const { ancestry, status } = answer
    expect(found(ancestry.features)).toEqual(debianFindings)
    expect(ancestry).toMatchObject({
      name: 'library/debian',
      layers: debian.layers.map((digest) => ({ hash: hex(debian.config) + hex(digest) })),
      scanned_listers: ['apk', 'dpkg', 'rpm'],
      scanned_detectors: ['os-release'],
    })
    expect(ancestry.features.find(({ name }: FeatureAnswer) => name === 'curl')).toMatchObject({
      namespace_name: 'debian:13',
      version: '8.14.1-2+deb13u2',
      version_format: 'dpkg',
      vulnerabilities: [
        {
          name: 'CVE-2099-1002',
          namespace_name: 'debian:13',
          description: 'Sample data: curl follows a link into a local file.',
          link: 'https://security-tracker.debian.org/tracker/CVE-2099-1002',
        },
      ],
    })
    expect(Date.now() / 1000 - status.last_update_time.seconds).toBeLessThan(600)
  })

  it('knows what it was posted, in every process', async () => {
    const before = registry.requests.length
    const again = posted('library/debian', debian, registry.host)
    expect((await client.call('AncestryService.PostAncestry', again)).code).toBe(0)
    using elsewhere = v3Client(hostOf(other))
    expect((await elsewhere.call('AncestryService.PostAncestry', again)).code).toBe(0)
    const { answer } = await elsewhere.call('AncestryService.GetAncestry', asked('library/debian'))
    expect(found(answer.ancestry.features)).toEqual(debianFindings)
    expect(registry.requests).toHaveLength(before)
  })

  it('has the image that a name was last given to', async () => {
    const features = async () => {
      const { answer } = await client.call('AncestryService.GetAncestry', asked('reused'))
      return answer.ancestry.features as readonly FeatureAnswer[]
    }
    for (const [image, namespace] of [
      [debian, 'debian:13'],
      [alpine, 'alpine:v3.22'],
      [debian, 'debian:13'],
    ] as const) {
      expect((await client.call('AncestryService.PostAncestry', posted('reused', image, registry.host))).code).toBe(0)
      expect(new Set((await features()).map(({ namespace_name }) => namespace_name))).toEqual(new Set([namespace]))
    }
    expect(found(await features())).toEqual(debianFindings)
  })

  it('has one image or the other, when two are given the same name at a time', async () => {
    using elsewhere = v3Client(hostOf(other))
    for (let round = 0; round < 3; round++) {
      const name = `contested ${round}`
      const posts = [debian, alpine, debian, alpine].map((image, place) =>
        [client, elsewhere][place % 3 === 0 ? 0 : 1]!.call(
          'AncestryService.PostAncestry',
          posted(name, image, registry.host),
        ),
      )
      expect((await Promise.all(posts)).map(({ code }) => code)).toEqual([0, 0, 0, 0])
      const { answer } = await client.call('AncestryService.GetAncestry', asked(name))
      const { layers, features } = answer.ancestry
      const isDebian = layers.length === debian.layers.length
      const namespaces = new Set((features as readonly FeatureAnswer[]).map(({ namespace_name }) => namespace_name))
      expect(namespaces).toEqual(new Set([isDebian ? 'debian:13' : 'alpine:v3.22']))
      if (isDebian) expect(found(features)).toEqual(debianFindings)
    }
  })

  it('gives of an image what is asked for', async () => {
    const get = async (request: object) => {
      const { answer } = await client.call('AncestryService.GetAncestry', {
        ancestry_name: 'library/debian',
        ...request,
      })
      return answer.ancestry
    }
    const bare = await get({})
    expect(bare.layers).toHaveLength(3)
    expect(bare).not.toHaveProperty('features')
    expect(bare).not.toHaveProperty('scanned_listers')
    const features = (await get({ with_features: true })).features as readonly FeatureAnswer[]
    expect(features.length).toBeGreaterThan(5)
    expect(found(features)).toEqual([])
    expect(found((await get({ with_vulnerabilities: true })).features)).toEqual(debianFindings)
  })

  it('is there in REST as well', async () => {
    const base = server.urls.api
    const body = JSON.stringify(posted('rest_1', debian, registry.host))
    const post = await fetch(`${base}/ancestry`, { method: 'POST', body })
    expect([post.status, post.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(await post.json()).toMatchObject({ status: { listers: ['apk', 'dpkg', 'rpm'] } })
    const get = await fetch(`${base}/ancestry/rest_1?with_vulnerabilities=1&with_features=1`)
    expect(get.status).toBe(200)
    const { ancestry, status } = await json(get)
    expect(found(ancestry.features)).toEqual(debianFindings)
    expect(ancestry.layers).toHaveLength(3)
    expect(Date.parse(status.last_update_time)).toBeLessThanOrEqual(Date.now())
    // What has its default value is left out.
    expect(Object.keys((await json(await fetch(`${base}/ancestry/rest_1`))).ancestry)).toEqual(['name', 'layers'])
    const slashes = await fetch(`${base}/ancestry/${encodeURIComponent('library/debian')}`)
    expect((await json(slashes)).ancestry.name).toBe('library/debian')
  })
})

describe('a server', () => {
  const resources = new AsyncDisposableStack()
  let server: TestServer
  let client: V3Client
  beforeAll(async () => {
    server = resources.use(await startTestServer())
    client = resources.use(v3Client(hostOf(server)))
  })
  afterAll(() => resources.disposeAsync())

  it('tells its status', async () => {
    const { answer } = await client.call('StatusService.GetStatus', {})
    expect(answer.status).toMatchObject({ listers: ['apk', 'dpkg', 'rpm'], detectors: ['os-release'] })
    expect((await json(await fetch(`${server.urls.api}/status`))).status.detectors).toEqual(['os-release'])
  })

  const layer = { hash: 'a', path: 'http://127.0.0.1:1/x' }
  const post = { ancestry_name: 'x', format: 'Docker', layers: [layer] }
  const [postMethod, getMethod] = ['AncestryService.PostAncestry', 'AncestryService.GetAncestry']
  it.each([
    [postMethod, { ...post, ancestry_name: '' }, 3, 'ancestry name should not be empty'],
    [postMethod, { ...post, layers: [] }, 3, 'ancestry should have at least one layer'],
    [postMethod, { ...post, format: '' }, 3, 'ancestry format should not be empty'],
    [postMethod, { ...post, format: 'ACI' }, 3, 'image blob format is not supported'],
    [postMethod, { ...post, layers: [{ ...layer, hash: '' }] }, 3, 'ancestry layer hash should not be empty'],
    [postMethod, { ...post, layers: [{ ...layer, path: '' }] }, 3, 'ancestry layer path should not be empty'],
    [postMethod, { ...post, layers: [{ ...layer, path: '/etc/passwd' }] }, 3, 'not an http or https URL'],
    [postMethod, { ...post, layers: [{ ...layer, headers: { 'x-a': 'b\nc' } }] }, 3, 'a header cannot be sent'],
    [postMethod, { ...post, layers: [{ ...layer, path: 'http://169.254.169.254/' }] }, 3, "reason: '169.254.169.254"],
    [postMethod, { ...post, layers: Array(1001).fill(layer) }, 3, 'more than 1000 layers'],
    [getMethod, {}, 3, 'ancestry name should not be empty'],
    [getMethod, { ancestry_name: `${'x'.repeat(199)}🦊` }, 5, 'is not found'],
    [getMethod, { ancestry_name: 'a%b\n' }, 5, "requested ancestry 'a%b\\u000a' is not found"],
    [getMethod, { ancestry_name: 'grün' }, 5, "requested ancestry 'grün' is not found"],
    ['NotificationService.GetNotification', { limit: 1 }, 3, 'notification name should not be empty'],
    ['NotificationService.GetNotification', { name: 'n' }, 3, 'page limit should not be empty or less than 1'],
    ['NotificationService.GetNotification', { name: 'n', limit: 1 }, 5, "requested notification 'n' is not found"],
    ['NotificationService.MarkNotificationAsRead', {}, 3, 'notification name should not be empty'],
    ['NotificationService.MarkNotificationAsRead', { name: 'n' }, 5, "requested notification 'n' is not found"],
  ])('%s %j fails with %i %s', async (method, request, code, message) => {
    expect(await client.call(method, request)).toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it.each([
    ['GET', '/ancestry/x', 404, 5, "requested ancestry 'x' is not found"],
    ['GET', '/ancestry/x?with_features=maybe', 400, 3, '"maybe" is neither true nor false'],
    ['GET', '/notifications/n?limit=x', 400, 3, 'limit'],
    ['GET', '/notifications/n?limit=1&old_vulnerability_page=a&unknown=b', 404, 5, "notification 'n' is not found"],
    ['GET', '/notifications/n', 400, 3, 'page limit'],
    ['DELETE', '/notifications/n', 404, 5, "notification 'n' is not found"],
    ['POST', '/ancestry', 400, 3, 'ancestry name should not be empty'],
  ])('%s %s is %i in REST', async (method, path, status, code, message) => {
    const response = await fetch(server.urls.api + path, { method })
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/json'])
    expect(await response.json()).toEqual({ code, error: expect.stringContaining(message) })
  })

  it.each([
    '{',
    '[]',
    'null',
    '{"a": 1}',
    '{"layers": {}}',
    '{"ancestry_name": 1}',
    '{"layers": [{"headers": {"a": 1}}]}',
  ])('the body %s is 400 in REST', async (body) => {
    const response = await fetch(`${server.urls.api}/ancestry`, { method: 'POST', body })
    expect([response.status, await response.json()]).toEqual([400, { code: 3, error: expect.any(String) }])
  })

  it.each([
    ['POST', '/ancestry/x'],
    ['DELETE', '/ancestry/x'],
    ['GET', '/ancestry'],
    ['PUT', '/status'],
  ])('%s %s is 405', async (method, path) => {
    const response = await fetch(server.urls.api + path, { method })
    expect([response.status, await response.text()]).toEqual([405, 'Method Not Allowed\n'])
  })

  it.each([
    ['that is not there', `sha256:${'0'.repeat(64)}`, { Authorization: authorization }, '404'],
    ['that one may not have', `sha256:${'0'.repeat(64)}`, {}, '401'],
    ['of a host that does not answer', undefined, {}, '127.0.0.1:1'],
  ])('a layer %s fails', async (_, digest, headers, message) => {
    const path = digest === undefined ? 'http://127.0.0.1:1/x' : `http://${registry.host}/v2/test/image/blobs/${digest}`
    const outcome = await client.call(postMethod, { ...post, layers: [{ hash: 'a', path, headers }] })
    expect(outcome).toMatchObject({ code: 9, message: expect.stringMatching(`^clair error reason: '.*${message}`) })
  })

  it('a layer that cannot be read, or is of a system that is not supported, fails and is not kept', async () => {
    const strange = {
      'etc/os-release': 'ID=unheardof\nVERSION_ID=1\n',
      'var/lib/dpkg/status': 'Package: a\nStatus: install ok installed\nVersion: 1\n\n',
    }
    for (const [bytes, message] of [
      [Buffer.from('this is no archive at all, however long one looks at it'.repeat(20)), 'clair error reason'],
      [await tarOf(strange), 'OS and/or package manager are not supported'],
    ] as const) {
      await using files = await serve(bytes)
      const layers = [{ hash: message, path: `${files.base}/x` }]
      const outcome = await client.call(postMethod, { ancestry_name: 'bad', format: 'docker', layers })
      expect(outcome).toMatchObject({ code: 3, message: expect.stringContaining(message) })
      expect((await client.call(getMethod, { ancestry_name: 'bad' })).code).toBe(5)
    }
  })

  it('there is no answer without the data', async () => {
    await using empty = await startTestServer({ data: false })
    using own = v3Client(hostOf(empty))
    expect((await own.call(postMethod, posted('x', debian, registry.host))).code).toBe(0)
    expect(await own.call(getMethod, asked('x'))).toMatchObject({
      code: 14,
      message: expect.stringContaining('debian'),
    })
    const rest = await fetch(`${empty.urls.api}/ancestry/x?with_vulnerabilities=true`)
    expect([rest.status, (await json(rest)).code]).toEqual([503, 14])
    expect((await own.call(getMethod, { ancestry_name: 'x', with_features: true })).code).toBe(0)
    expect((await own.call('StatusService.GetStatus', {})).answer.status).not.toHaveProperty('last_update_time')
  })

  it('counts calls as gRPC servers do', async () => {
    await client.call(getMethod, { ancestry_name: 'nobody' })
    const metrics = await (await fetch(`${server.urls.api}/metrics`)).text()
    expect(metrics).toMatch(
      /^grpc_server_handled_total\{grpc_type="unary",grpc_service="coreos\.clair\.AncestryService",grpc_method="GetAncestry",grpc_code="NotFound"\} [1-9]/m,
    )
  })
})

describe('who does not wait', () => {
  it('is told of the deadline, and finds what was begun; others wait or are refused', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    const bytes = await tarOf({ 'etc/os-release': 'ID=debian\nVERSION_ID=13\n' })
    await using files = await serve(bytes, opened)
    await using server = await startTestServer({ config: { indexer: { index_report_request_concurrency: 1 } } })
    using client = v3Client(hostOf(server))
    const request = { ancestry_name: 'slow', format: 'Docker', layers: [{ hash: 'a', path: `${files.base}/x` }] }
    const post = (options: object) => client.call('AncestryService.PostAncestry', request, options)
    await client.call('StatusService.GetStatus', {}) // it is connected now
    expect(await post({ deadline: Date.now() + 1000 })).toMatchObject({ code: 4 })
    await files.asked
    // The work goes on, and has the only place.
    expect(await post({})).toMatchObject({ code: 8, message: 'server handling too many requests' })
    const body = JSON.stringify(request)
    const refused = await fetch(`${server.urls.api}/ancestry`, { method: 'POST', body })
    expect([refused.status, await refused.json()]).toEqual([
      429,
      { error: 'server handling too many requests', code: 8 },
    ])
    open()
    let outcome: Outcome
    do {
      await sleep(50)
      outcome = await client.call('AncestryService.GetAncestry', { ancestry_name: 'slow' })
    } while (outcome.code === 5)
    expect(outcome.answer.ancestry.layers).toEqual([{ hash: 'a' }])
  })

  it('is told of the deadline in REST as well, and may take back what was asked', async () => {
    await using files = await serve(Buffer.alloc(0), new Promise(() => {}))
    await using server = await startTestServer()
    using client = v3Client(hostOf(server))
    const request = { ancestry_name: 'slow', format: 'Docker', layers: [{ hash: 'a', path: `${files.base}/x` }] }
    const rest = (timeout: string) =>
      fetch(`${server.urls.api}/ancestry`, {
        method: 'POST',
        body: JSON.stringify(request),
        headers: { 'grpc-timeout': timeout },
      })
    const late = await rest('200m')
    expect([late.status, await late.json()]).toEqual([504, { error: 'the operation timed out', code: 4 }])
    expect((await rest('soon')).status).toBe(400)
    const stop = new AbortController()
    const call = client.call('AncestryService.PostAncestry', request, { signal: stop.signal })
    const path = '/coreos.clair.AncestryService/PostAncestry'
    while (!server.log.some((line) => line.includes(path))) await sleep(20)
    await sleep(100)
    stop.abort()
    expect((await call).code).toBe(1)
    const handled = async () => (await fetch(`${server.urls.api}/metrics`)).text()
    while (!(await handled()).includes('grpc_method="PostAncestry",grpc_code="Canceled"')) await sleep(20)
    expect((await client.call('StatusService.GetStatus', {})).code).toBe(0)
  })
})

it('an image is read for as long as that takes, whatever limits.answerTime is', async () => {
  const slowly = new Promise<void>((resolve) => setTimeout(resolve, 1500))
  await using files = await serve(await tarOf({ 'etc/os-release': 'ID=debian\nVERSION_ID=13\n' }), slowly)
  await using server = await startTestServer({ limits: { answerTime: 300 } })
  using client = v3Client(hostOf(server))
  const request = { ancestry_name: 'x', format: 'Docker', layers: [{ hash: 'a', path: `${files.base}/x` }] }
  const body = JSON.stringify({ ...request, ancestry_name: 'y' })
  const rest = fetch(`${server.urls.api}/ancestry`, { method: 'POST', body })
  expect(await client.call('AncestryService.PostAncestry', request)).toMatchObject({ code: 0 })
  expect((await rest).status).toBe(200)
})

it('a server that ends answers what it was asked, and takes no more', async () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  await using files = await serve(await tarOf({ 'etc/os-release': 'ID=debian\nVERSION_ID=13\n' }), opened)
  const server = await startTestServer()
  using client = v3Client(hostOf(server))
  const request = { ancestry_name: 'last', format: 'Docker', layers: [{ hash: 'a', path: `${files.base}/x` }] }
  const call = client.call('AncestryService.PostAncestry', request)
  await files.asked
  const ended = server[Symbol.asyncDispose]()
  setTimeout(open, 200)
  expect(await call).toMatchObject({ code: 0 })
  await ended
  expect((await client.call('StatusService.GetStatus', {})).code).toBe(14)
})

describe('who may call', () => {
  const key = Buffer.from('a key that nobody knows')
  const config = { auth: { psk: { key: key.toString('base64'), iss: ['klar'] } } }
  const token = (claims: object, secret: Uint8Array = key) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${part({ alg: 'HS256' })}.${part(claims)}`
    return `Bearer ${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
  }

  it('is who has a token', async () => {
    await using server = await startTestServer({ config })
    using client = v3Client(hostOf(server))
    const call = async (value?: string) => {
      const metadata = value === undefined ? {} : { authorization: value }
      return (await client.call('StatusService.GetStatus', {}, { metadata })).code
    }
    expect(await call(token({ iss: 'klar' }))).toBe(0)
    for (const bad of [undefined, 'Bearer x', token({ iss: 'else' }), token({ iss: 'klar' }, Buffer.from('y'))]) {
      expect(await call(bad)).toBe(16)
    }
    expect(await call(token({ iss: 'klar', exp: Date.now() / 1000 - 60 }))).toBe(16)
    expect((await client.call('AncestryService.PostAncestry', {})).code).toBe(16)
    const rest = await fetch(`${server.urls.api}/status`)
    expect([rest.status, await rest.text()]).toEqual([401, ''])
    const allowed = await fetch(`${server.urls.api}/status`, { headers: { authorization: token({ iss: 'klar' }) } })
    expect(allowed.status).toBe(200)
  })

  it('may call in TLS', async () => {
    const certificate = testCertificate()
    using tls = temporaryTls(certificate)
    await using server = await startTestServer({ config: { tls: tls.files } })
    using client = v3Client(
      `localhost:${new URL(server.urls.api).port}`,
      {},
      credentials.createSsl(Buffer.from(certificate.cert)),
    )
    expect((await client.call('StatusService.GetStatus', {})).code).toBe(0)
  })
})

describe('the definition', () => {
  it('is what the server was generated from', () => {
    const { fileDescriptorProtos } = definition['coreos.clair.Layer'] as { fileDescriptorProtos: Buffer[] }
    const own = fileDescriptorProtos
      .map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
      .find(({ package: name }) => name === 'coreos.clair')!
    const fieldsOf = ({ messageType }: typeof own) =>
      messageType
        .flatMap((message) => [message, ...message.nestedType])
        .map(({ name, field }) => [
          name,
          field.map((one) => [
            one.name,
            one.number,
            one.type,
            one.label,
            one.typeName
              .split('.')
              .at(-1)!
              .replace(/Entry$/, ''),
          ]),
        ])
        .sort()
    expect(fieldsOf(own)).toEqual(fieldsOf(file_clair.proto))
    expect(own.service.map(({ name, method }) => [name, method.map((one) => one.name)]).sort()).toEqual(
      file_clair.proto.service.map(({ name, method }) => [name, method.map((one) => one.name)]).sort(),
    )
    expect(toBinary(FileDescriptorProtoSchema, file_clair.proto).length).toBeGreaterThan(0)
  })

  it.each([
    ['Vulnerability', 'name namespace_name description link severity metadata fixed_by affected_versions'],
    ['Feature', 'name namespace_name version version_format vulnerabilities'],
    ['ClairStatus', 'listers detectors last_update_time'],
    ['GetAncestryRequest', 'ancestry_name with_vulnerabilities with_features'],
    ['GetAncestryResponse', 'ancestry status'],
    ['PostAncestryRequest', 'ancestry_name format layers'],
    ['PostAncestryResponse', 'status'],
    ['GetNotificationRequest', 'old_vulnerability_page new_vulnerability_page limit name'],
    ['PagedVulnerableAncestries', 'current_page next_page limit vulnerability ancestries'],
  ])('has the fields of %s where Klar has them', (name, fields) => {
    const message = file_clair.messages.find((one) => one.name === name)!
    expect(message.typeName).toBe(`coreos.clair.${name}`)
    const numbered = [...message.fields].sort((left, right) => left.number - right.number)
    expect(numbered.map((field) => field.name).join(' ')).toBe(fields)
    expect(numbered.map((field) => field.number)).toEqual(numbered.map((_, place) => place + 1))
  })
})

// biome-ignore lint/suspicious/noExplicitAny: what it has to be, it is expected to be
const json = (response: Response): Promise<any> => response.json()

/** Serves bytes at every path, once that is wanted. */
async function serve(bytes: Buffer, wanted: Promise<void> = Promise.resolve()) {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
  const files = createServer((_, response) => {
    ask()
    wanted.then(() => response.end(bytes))
  })
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
  return {
    base: `http://127.0.0.1:${(files.address() as AddressInfo).port}`,
    /** Once somebody has asked for one. */
    asked,
    async [Symbol.asyncDispose]() {
      files.closeAllConnections()
      files.close()
    },
  }
}
