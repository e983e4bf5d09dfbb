import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkAnswer, type DocumentOperation, document } from '../../../../test/support/chiaro-v1.ts'
import { databases, type TestDatabase } from '../../../../test/support/databases.ts'
import { anyText, near, type Schema } from '../../../../test/support/near.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { limits } from '../../../core/limits.ts'
import { encodeCursor } from './cursor.ts'

const runs = { numRuns: 40 }
/** No answer takes longer. */
const patience = 5000
const digest = `sha256:${'0'.repeat(64)}`
const texts = [digest, 'debian', '127.0.0.1:9/a:b', 'linux/amd64']
const { components } = document as unknown as { components: { schemas: Record<string, Schema> } }
const nearTo = (schema: Schema) => near(schema, texts, components.schemas)

/** A request to an operation: its path with the template filled in, and its body. */
function requests(template: string, { parameters = [], requestBody }: DocumentOperation) {
  const at = (place: 'path' | 'query') => parameters.filter((parameter) => parameter.in === place)
  const texts = (place: 'path' | 'query') =>
    fc.record(
      Object.fromEntries(
        at(place).map(({ name, schema }) => [
          name,
          fc.oneof(
            anyText,
            nearTo(schema as Schema).map((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
          ),
        ]),
      ),
      place === 'path' ? {} : { requiredKeys: [] },
    )
  const schema = requestBody?.content['application/json']?.schema as Schema | undefined
  return fc
    .record({
      path: texts('path'),
      query: texts('query'),
      body: schema === undefined ? fc.constant(undefined) : nearTo(schema).map((value) => JSON.stringify(value)),
    })
    .map(({ path, query, body }) => {
      const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encoded(path[name] as string))
      const pairs = Object.entries(query).map(([name, value]) => `${name}=${encoded(value as string)}`)
      return { path: filled, query: pairs.length === 0 ? '' : `?${pairs.join('&')}`, body }
    })
}

function encoded(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed())
  // What URLs make of these is another path.
  return escaped === '' || escaped === '.' || escaped === '..' ? '%20' : escaped
}

describe.each(databases)('hostile requests, on $name', ({ create }) => {
  let database: TestDatabase
  let server: TestServer

  beforeAll(async () => {
    database = await create()
    const chiaro = { rate_limit: { burst: 0, per_second: 0 }, allow_layer_addresses: [] }
    server = await startTestServer({ database: database.location, config: { chiaro } })
  }, 60_000)
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const send = async (method: string, path: string, init: RequestInit = {}) => {
    const signal = AbortSignal.timeout(patience)
    const response = await fetch(`${server.urls.api}/api/v1${path}`, { method, signal, ...init })
    expect(response.status, `${method} ${path} ${init.body}`).toBeLessThan(500)
    return response
  }

  const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), template, operation] as const),
  )

  it.each(operations)(
    '%s %s: what is nearly right is answered as the document says',
    async (method, template, operation) => {
      const headers = { 'content-type': 'application/json' }
      await fc.assert(
        fc.asyncProperty(requests(template, operation), async ({ path, query, body }) => {
          const init = body === undefined ? {} : { body, headers }
          await checkAnswer(method, template, await send(method, `${path}${query}`, init))
        }),
        runs,
      )
    },
    60_000,
  )

  it('any bytes as a body, of any type', async () => {
    const type = fc.constantFrom(
      'application/json',
      'application/json; charset=utf-16',
      'text/plain',
      'a/b; c=d',
      '*',
      '',
    )
    const body = fc.oneof(anyText, fc.constantFrom('[[[[', '{"a":'.repeat(5000), '['.repeat(60_000), '\u0000', '1e999'))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('/images', '/updates'), type, body, async (path, contentType, text) => {
        const response = await send('POST', path, { body: text, headers: { 'content-type': contentType } })
        expect([400, 415]).toContain(response.status)
      }),
      runs,
    )
  }, 60_000)

  it('a body of limits.apiBodyBytes + 1 is too large, said or not', async () => {
    const headers = { 'content-type': 'application/json' }
    const text = ' '.repeat(limits.apiBodyBytes + 1)
    for (const body of [text, new Blob([text]).stream()]) {
      const response = await send('POST', '/images', { body, headers, duplex: 'half' } as RequestInit)
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([413, 'BODY_TOO_LARGE'])
    }
    const exact = `{"reference":"x"${' '.repeat(limits.apiBodyBytes - 17)}}`
    expect((await send('POST', '/images', { body: exact, headers })).status).toBe(202)
  })

  it('made-up cursors are errors of the client', async () => {
    const lists: readonly (readonly [path: string, question: unknown])[] = [
      ['/images', ['listImages', {}, []]],
      [`/packages/a/images`, ['imagesWithPackage', { name: 'a' }, []]],
      [`/vulnerabilities/a/images`, ['imagesWithVulnerability', { id: 'a' }, []]],
      ['/data/debian/generations', ['getGenerations', { feed: 'debian' }, []]],
      ['/data/debian/changes', ['getChanges', { feed: 'debian' }, []]],
    ]
    const place = fc.oneof(
      fc.jsonValue(),
      anyText,
      fc.constantFrom('2147483648', '999999999999999', '~', "'", 9e15, -1),
      fc.tuple(fc.maxSafeNat(), fc.maxSafeNat(), fc.maxSafeNat()),
    )
    let read = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...lists), place, async ([path, question], position) => {
        const cursor = encodeCursor(JSON.stringify(question), position as string)
        const { status } = await send('GET', `${path}?cursor=${cursor}`)
        expect([200, 400, 404]).toContain(status)
        if (status !== 400) read++
      }),
      { numRuns: 200 },
    )
    // Some are taken for what a list gives: the questions above are the right ones.
    expect(read).toBeGreaterThan(0)
    await fc.assert(
      fc.asyncProperty(anyText, async (cursor) => {
        expect((await send('GET', `/images?cursor=${encodeURIComponent(cursor)}`)).status).toBe(400)
      }),
      runs,
    )
  }, 60_000)

  it('any headers', async () => {
    const header = fc.string({ unit: fc.constantFrom(...'*/,;q=0.1"abzW '.split('')) })
    const property = fc.asyncProperty(header, header, header, header, async (accept, encoding, tag, event) => {
      const headers = { accept, 'accept-encoding': encoding, 'if-none-match': tag, 'last-event-id': event }
      await (await send('GET', '/data', { headers: { ...headers, authorization: tag } })).arrayBuffer()
    })
    await fc.assert(property, runs)
  }, 60_000)

  it.each([
    ['a bad escape', 400, 'GET /api/v1/images/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    [
      'a long name',
      404,
      `GET /api/v1/packages/${'x'.repeat(2000)}/images HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    ],
    ['a negative length', 400, 'POST /api/v1/images HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['TRACE', 404, 'TRACE /api/v1/images HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    [
      'a body where none is wanted',
      200,
      'GET /api/v1/images HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
    ],
  ])('%s is answered with %i', async (_, status, bytes) => {
    const { hostname, port } = new URL(server.urls.api)
    const text = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(bytes))
      let received = ''
      socket.setEncoding('utf8').on('data', (part: string) => {
        received += part
      })
      socket.on('error', () => resolve(received))
      socket.on('close', () => resolve(received))
    })
    expect(text.split('\r\n')[0]).toContain(` ${status} `)
  })

  it('leave a server that answers, and has nothing to complain of', async () => {
    expect((await send('GET', '/images')).status).toBe(200)
    expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([])
  })
})
