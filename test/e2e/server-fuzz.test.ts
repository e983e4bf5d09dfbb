import { type DescMethod, fromJson, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layerRequestSchema } from '../../src/server/api/clair-v1/schema.ts'
import { AncestryService, NotificationService, StatusService } from '../../src/server/api/clair-v3/clair_pb.ts'
import { openApi } from '../../src/server/api/clair-v4/openapi.ts'
import { signedHeader } from '../../src/server/token.ts'
import { image, manifestIn, unknown } from '../support/clair-v4.ts'
import { type Http2Client, http2Client } from '../support/http2.ts'
import { anyText, near, nearMessage, type Schema } from '../support/near.ts'
import { startRegistry, type TestRegistry } from '../support/registry.ts'
import { exampleLayout, startTestServer, type TestServer } from '../support/server.ts'

const runs = { numRuns: 30 }
/** No answer takes longer: it would be a hang. */
const patience = 10_000
const key = Buffer.from('a key of the test')
const secret = 'c2VjcmV0LW9mLWFub3RoZXI'
const id = '00000000-0000-4000-8000-000000000001'
const texts = [
  image.digest,
  unknown,
  id,
  'sha512:0',
  'sha256:XYZ',
  'debian:13',
  'CVE-2099-1001',
  'http://10.0.0.1/',
  'Docker',
]

/** A route with its parameters in braces, as the description of its API has it. */
interface Route {
  readonly method: string
  readonly path: string
  readonly query?: readonly string[]
  readonly body?: fc.Arbitrary<unknown>
}

/** The registry of another client, whose layers are read with a token. */
let registry: TestRegistry
let server: TestServer
let client: Http2Client
const authorization = () => ({ authorization: signedHeader(key, 'quay', Date.now() / 1000) })

/** What tells of the server's inside, or of what another client has sent. */
const leaks = [secret, process.cwd(), '/src/', 'node_modules', '.ts:', 'SQLITE', 'SELECT ', 'INSERT ', key.toString()]

/** The statuses that there were: all of what is asked must not be turned away at the door. */
const seen = new Set<number>()

/** Nothing of it is to be seen, and no fault is the server's own; what is said to be not implemented is none. */
function expectSound(status: number, text: string, asked: string): void {
  seen.add(status)
  expect(status === 501 || (status >= 200 && status < 500), `${asked} ${status} ${text.slice(0, 300)}`).toBe(true)
  expect(
    leaks.filter((leak) => text.includes(leak)),
    asked,
  ).toEqual([])
}

function inTime<T>(answer: Promise<T>, asked: string): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms: ${asked}`)), patience)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

/** Asks in HTTP/1.1 or HTTP/2. */
async function send(isHttp2: boolean, method: string, path: string, body?: string, headers: object = authorization()) {
  const asked = `${method} ${path} ${body?.slice(0, 300)}`
  if (isHttp2) {
    const answer = await inTime(client.ask({ ':method': method, ':path': path, ...headers }, body), asked)
    return { status: answer.status!, text: answer.body.toString(), asked }
  }
  const init = { method, headers: headers as Record<string, string>, ...(body === undefined ? {} : { body }) }
  const answer = await inTime(fetch(`${server.urls.api}${path}`, init), asked)
  return { status: answer.status, text: await answer.text(), asked }
}

const segment = fc.oneof(anyText, fc.constantFrom(...texts)).map((text) => {
  const escaped = encodeURIComponent(text)
  // What URLs make of these is another path.
  return ['', '.', '..'].includes(escaped) ? '%20' : escaped
})

/** Requests that are nearly right. */
function requestsOf({ path, query = [], body = fc.constant(undefined) }: Route) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const value = fc.oneof(segment, fc.constantFrom('1', '0', '-1', '1e9', 'true', 'vulnerability'))
  return fc
    .record({
      http2: fc.boolean(),
      path: fc.record(Object.fromEntries(names.map((name) => [name, segment]))),
      query: fc.record(Object.fromEntries(query.map((name) => [name, value])), { requiredKeys: [] }),
      body,
    })
    .map(({ http2, path: own, query: asked, body: sent }) => {
      const pairs = Object.entries(asked).map(([name, text]) => `${name}=${text}`)
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => own[name]!)
      const text = sent === undefined ? undefined : JSON.stringify(sent)
      return { http2, path: filled + (pairs.length === 0 ? '' : `?${pairs.join('&')}`), body: text }
    })
}

const strangeBodies = fc.oneof(
  anyText,
  fc.constantFrom(
    '',
    '{',
    '[[[[',
    '{"a":'.repeat(20_000),
    '['.repeat(60_000),
    '\u0000',
    '1e999',
    '"',
    'null',
    '{"Layer":null}',
  ),
)
const types = fc.constantFrom(
  'application/json',
  'text/plain',
  'a/b; c=d',
  '*',
  'application/grpc',
  'multipart/form-data',
)

/** What holds for every route, of whatever API. */
function holdsForAll(routes: readonly Route[]): void {
  const named = routes.map((route) => [`${route.method} ${route.path}`, route] as const)

  it.each(named)('%s: what is nearly right', async (_, route) => {
    await fc.assert(
      fc.asyncProperty(requestsOf(route), async ({ http2, path, body }) => {
        const { status, text, asked } = await send(http2, route.method, path, body)
        expectSound(status, text, asked)
      }),
      runs,
    )
  })

  it.each(named)('%s: any body of any type, and any coding', async (_, route) => {
    const path = route.path.replace(/\{\w+\}/g, encodeURIComponent(image.digest))
    const coding = fc.constantFrom('identity', 'gzip', 'br, x', '*;q=0', '')
    await fc.assert(
      fc.asyncProperty(fc.boolean(), strangeBodies, types, coding, async (http2, body, type, accepted) => {
        const headers = { ...authorization(), 'content-type': type, 'accept-encoding': accepted, accept: type }
        const hasBody = !['GET', 'HEAD'].includes(route.method)
        const { status, text, asked } = await send(http2, route.method, path, hasBody ? body : undefined, headers)
        expectSound(status, text, asked)
      }),
      { numRuns: 15 },
    )
  })

  it.each(named)('%s: nothing without a good token', async (_, route) => {
    const path = route.path.replace(/\{\w+\}/g, encodeURIComponent(image.digest))
    const now = Date.now() / 1000
    const none = [
      'Bearer',
      'Bearer a.b.c',
      'Basic YTpi',
      `Bearer ${'x'.repeat(8000)}`,
      signedHeader(Buffer.from('another key'), 'quay', now),
      signedHeader(key, 'nobody', now),
      signedHeader(key, 'quay', now - 3600),
      signedHeader(key, 'quay', now + 3600),
      `${signedHeader(key, 'quay', now)}x`,
    ]
    for (const [place, token] of none.entries()) {
      const { status, text } = await send(place % 2 === 0, route.method, path, undefined, { authorization: token })
      expect([status, text.length < 400], `${token.slice(0, 80)}: ${text}`).toEqual([401, true])
      expect(leaks.filter((leak) => text.includes(leak))).toEqual([])
    }
  })
}

/** A server that an image was submitted to, with a token of its registry. */
async function start(config: object): Promise<void> {
  seen.clear()
  registry = await startRegistry(exampleLayout)
  server = await startTestServer({
    config: { auth: { psk: { key: key.toString('base64'), iss: ['quay'] } }, ...config },
  })
  client = http2Client(server.urls.api)
  const { hash, layers } = manifestIn(registry.host)
  const own = layers.map((layer) => ({ ...layer, headers: { Authorization: [`Bearer ${secret}`] } }))
  const body = JSON.stringify({ hash, layers: own })
  expect((await send(false, 'POST', '/indexer/api/v1/index_report', body)).status).toBe(201)
}

async function end(): Promise<void> {
  expect([...seen]).toEqual(expect.arrayContaining([200, 400, 404]))
  expect((await send(true, 'GET', '/indexer/api/v1/index_state')).status).toBe(200)
  const log = server.log.join('')
  expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([])
  for (const leak of [secret, key.toString('base64')]) expect(log.includes(leak)).toBe(false)
  client[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
}

/** What Clair v4's own document describes. */
const v4 = openApi() as {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: readonly { readonly name: string }[]
            readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
          }
        >
      >
    >
  >
}

describe('Clair v4', { timeout: 60_000 }, () => {
  beforeAll(() => start({ notifier: { webhook: { target: 'http://127.0.0.1:9/', callback: 'http://127.0.0.1:9/' } } }))
  afterAll(end)
  holdsForAll(
    Object.entries(v4.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => ['get', 'post', 'delete'].includes(method))
        .map(([method, { parameters = [], requestBody }]) => {
          const schema = requestBody?.content['application/json']?.schema
          const query = parameters.map(({ name }) => name)
          return { method: method.toUpperCase(), path, query, ...(schema && { body: near(schema, texts) }) }
        }),
    ),
  )
})

describe('Clair v1 and v3', { timeout: 60_000 }, () => {
  beforeAll(() => start({ chiaro: { webhook_v1: { endpoint: 'http://127.0.0.1:9/' } } }))
  afterAll(end)

  const paging = ['limit', 'page', 'fixedIn', 'features', 'vulnerabilities']
  const vulnerabilities = '/v1/namespaces/{namespace}/vulnerabilities'
  const anything = fc.jsonValue()
  holdsForAll([
    { method: 'POST', path: '/v1/layers', body: near(layerRequestSchema as Schema, texts) },
    { method: 'GET', path: '/v1/layers/{name}', query: paging },
    { method: 'DELETE', path: '/v1/layers/{name}' },
    { method: 'GET', path: '/v1/namespaces' },
    { method: 'GET', path: vulnerabilities, query: paging },
    { method: 'POST', path: vulnerabilities, body: anything },
    { method: 'GET', path: `${vulnerabilities}/{name}`, query: paging },
    { method: 'PUT', path: `${vulnerabilities}/{name}`, body: anything },
    { method: 'DELETE', path: `${vulnerabilities}/{name}` },
    { method: 'GET', path: `${vulnerabilities}/{name}/fixes` },
    { method: 'PUT', path: `${vulnerabilities}/{name}/fixes/{fix}`, body: anything },
    { method: 'DELETE', path: `${vulnerabilities}/{name}/fixes/{fix}` },
    { method: 'GET', path: '/v1/notifications/{name}', query: paging },
    { method: 'DELETE', path: '/v1/notifications/{name}' },
  ])

  const { postAncestry, getAncestry } = AncestryService.method
  const { getNotification, markNotificationAsRead } = NotificationService.method
  const fieldsOf = ({ input }: DescMethod) => input.fields.map(({ name }) => name)
  holdsForAll([
    { method: 'POST', path: '/ancestry', body: nearMessage(postAncestry.input, texts, false) },
    { method: 'GET', path: '/ancestry/{ancestry_name}', query: fieldsOf(getAncestry) },
    { method: 'GET', path: '/notifications/{name}', query: fieldsOf(getNotification) },
    { method: 'DELETE', path: '/notifications/{name}', query: fieldsOf(markNotificationAsRead) },
    { method: 'GET', path: '/status' },
  ])

  const calls = [AncestryService, NotificationService, StatusService].flatMap((service) =>
    Object.values(service.method).map(
      (method) => [`/${service.typeName}/${method.name}`, method as DescMethod] as const,
    ),
  )

  const framed = (message: Uint8Array) => {
    const head = Buffer.alloc(5)
    head.writeUInt32BE(message.length, 1)
    return Buffer.concat([head, message])
  }
  const call = async (path: string, body: Buffer, headers: object = authorization()) => {
    const fields = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers }
    const { status, trailers, headers: answered, body: bytes } = await inTime(client.ask(fields, body), path)
    const code = Number(trailers['grpc-status'] ?? answered['grpc-status'])
    return { status, code, text: `${trailers['grpc-message'] ?? ''}${bytes.toString('latin1')}` }
  }

  it.each(calls)('%s in gRPC: messages that are right, and nearly right', async (path, { input }) => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(nearMessage(input, texts, true), damage, async (message, places) => {
        const bytes = toBinary(input, fromJson(input, message as never))
        if (bytes.length > 0) for (const [place, value] of places) bytes[place % bytes.length] = value
        const { status, code, text } = await call(path, framed(bytes))
        expect(status).toBe(200)
        // 13, internal, is what gRPC's servers say of bytes that they cannot decode: never of whole messages.
        const codes = places.length === 0 ? [0, 3, 5, 9, 12] : [0, 3, 5, 9, 12, 13]
        expect(codes, `${JSON.stringify(message)}: ${code} ${text}`).toContain(code)
        expect(leaks.filter((leak) => text.includes(leak))).toEqual([])
      }),
      runs,
    )
  })

  it.each(calls)('%s in gRPC: nothing without a good token', async (path) => {
    for (const token of ['Bearer a.b.c', signedHeader(Buffer.from('another key'), 'quay', Date.now() / 1000)]) {
      const { status, code } = await call(path, framed(new Uint8Array()), { authorization: token })
      expect([status, code]).toEqual([200, 16])
    }
  })
})
