import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../../../../test/support/chiaro-v1.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { problemCodes } from './problem.ts'
import type { Problem } from './schema.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const raw = (path: string, init: RequestInit = {}) => fetch(`${server.urls.api}/api/v1${path}`, init)

describe('problems', () => {
  it.each<[string, string, RequestInit, number, string]>([
    ['/nothing', 'GET', {}, 404, 'NOT_FOUND'],
    ['/images/sha256:1', 'GET', {}, 400, 'REQUEST_INVALID'],
    ['/jobs/1', 'GET', {}, 400, 'REQUEST_INVALID'],
    ['/images?limit=0', 'GET', {}, 400, 'REQUEST_INVALID'],
    ['/images?limit=1&limit=2', 'GET', {}, 400, 'REQUEST_INVALID'],
    ['/images?colour=red', 'GET', {}, 400, 'REQUEST_INVALID'],
    ['/images?__proto__=1', 'GET', {}, 400, 'REQUEST_INVALID'],
    ['/images?cursor=abc', 'GET', {}, 400, 'CURSOR_INVALID'],
    ['/images', 'PUT', {}, 405, 'METHOD_NOT_ALLOWED'],
    ['/images', 'GET', { headers: { accept: 'text/html' } }, 406, 'NOT_ACCEPTABLE'],
    ['/images', 'GET', { headers: { accept: '???' } }, 400, 'REQUEST_INVALID'],
    ['/images', 'POST', { body: '{}' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    [
      '/images',
      'POST',
      { body: 'reference=a', headers: { 'content-type': 'text/plain' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['/images', 'POST', { body: '{', headers: { 'content-type': 'application/json' } }, 400, 'REQUEST_INVALID'],
    ['/images', 'POST', { headers: { 'content-type': 'application/json' } }, 400, 'REQUEST_INVALID'],
    ['/images', 'GET', { headers: { 'accept-encoding': 'identity;q=0, br' } }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ])('%s %s %j is %i %s', async (path, method, init, status, code) => {
    const response = await raw(path, { method, ...init })
    const body = (await response.json()) as Problem
    expect([response.status, body.code, body.status]).toEqual([status, code, status])
    expect(body).toMatchObject({ type: `urn:chiaro:problem:${code}`, title: expect.any(String) })
    expect(body.detail).not.toBe('')
    expect(body.title).toBe(problemCodes[code as keyof typeof problemCodes].title)
    expect(response.headers.get('content-type')).toMatch(/^application\/(problem\+)?json/)
  })

  it('say where the request is wrong, and are named in the log by their instance', async () => {
    const response = await ask<Problem>(server, 'POST', '/images', {
      json: { reference: 5, platform: 'linux', password: 'secret' },
    })
    expect(response.status).toBe(400)
    const pointers = response.body.errors!.map(({ pointer }) => pointer)
    expect(pointers).toEqual(expect.arrayContaining(['/reference', '/platform']))
    const unknown = response.body.errors!.filter(({ pointer }) => ['', '/password'].includes(pointer))
    expect(unknown).toEqual([{ in: 'body', pointer: '/password', detail: 'is not known' }])
    expect(JSON.stringify(response.body)).not.toContain('secret')
    const id = response.headers.get('x-request-id')!
    expect(response.body.instance).toBe(`urn:uuid:${id}`)
    expect(server.log.some((line) => line.includes(id))).toBe(true)
  })

  it('name the values that there are', async () => {
    const { body } = await ask<Problem>(server, 'GET', '/images?sort=size')
    expect(body.errors).toEqual([{ in: 'query', pointer: '/sort', detail: 'must be one of oldest, newest' }])
  })

  it('have the codes that docs/server.md lists', () => {
    const text = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'server.md'), 'utf8')
    const rows = [...text.matchAll(/^\| `([A-Z_]+)` +\| (\d{3}) +\| (.*?) +\|$/gm)]
    expect(rows.map(([, code, status, title]) => [code, Number(status), title])).toEqual(
      Object.entries(problemCodes).map(([code, { status, title }]) => [code, status, title]),
    )
  })
})

describe('methods', () => {
  it.each([
    ['/images', 'GET, HEAD, POST, OPTIONS'],
    [`/images/sha256:${'0'.repeat(64)}`, 'GET, HEAD, DELETE, OPTIONS'],
    ['/updates', 'POST, OPTIONS'],
    ['/data', 'GET, HEAD, OPTIONS'],
  ])('of %s are %s', async (path, allow) => {
    const options = await raw(path, { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow'), await options.text()]).toEqual([204, allow, ''])
    const refused = await raw(path, { method: 'PATCH' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, allow])
  })

  it('HEAD tells what GET does, without a body', async () => {
    for (const path of ['/images', '/data', '/openapi.json']) {
      const [get, head] = [await raw(path), await raw(path, { method: 'HEAD' })]
      expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, get.headers.get('etag'), ''])
    }
  })
})

describe('who asks', () => {
  const key = Buffer.from('a key')
  const psk = { key: key.toString('base64'), iss: ['portal'] }
  const token = () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${part({ alg: 'HS256' })}.${part({ iss: 'portal' })}`
    return { authorization: `Bearer ${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}` }
  }

  it('needs a token where the configuration has a key, everywhere', async () => {
    await using closed = await startTestServer({ config: { auth: { psk } }, data: false })
    for (const path of ['/images', '/data', '/openapi.json', `/images/sha256:${'0'.repeat(64)}`]) {
      const refused = await ask<Problem>(closed, 'GET', path)
      expect([refused.status, refused.body.code, refused.headers.get('www-authenticate')]).toEqual([
        401,
        'UNAUTHORIZED',
        'Bearer',
      ])
    }
    expect((await ask(closed, 'GET', '/images', { headers: { authorization: 'Bearer a.b.c' } })).status).toBe(401)
    expect((await ask(closed, 'GET', '/images', { headers: token() })).status).toBe(200)
  })

  it('may ask so often, and is told how often', async () => {
    const rate_limit = { burst: 3, per_second: 1 }
    await using slow = await startTestServer({ config: { chiaro: { rate_limit } }, data: false })
    const answers = []
    for (let count = 0; count < 4; count++) answers.push(await ask<Problem>(slow, 'GET', '/images'))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    expect(answers.map(({ headers }) => headers.get('ratelimit'))[0]).toBe('"requests";r=2;t=1')
    expect(answers[3]!.headers.get('ratelimit-policy')).toBe('"requests";q=3;w=3')
    expect(answers[3]!.body.code).toBe('TOO_MANY_REQUESTS')
    expect(answers[3]!.headers.get('retry-after')).toBe('1')
    // The other APIs are for machines that know each other.
    expect((await fetch(`${slow.urls.api}/indexer/api/v1/index_state`)).status).toBe(200)
  })
})
