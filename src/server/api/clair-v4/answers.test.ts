import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checked, indexPath, reportPath, statePath, unknown } from '../../../../test/support/clair-v4.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import * as schemas from './schema.ts'

let server: TestServer
let api: string

beforeAll(async () => {
  server = await startTestServer()
  api = server.urls.api
})
afterAll(() => server[Symbol.asyncDispose]())

describe('what cannot be asked for', () => {
  it.each([
    ['GET', `${indexPath}/sha256:1`, 400, 'malformed path: '],
    ['GET', `${reportPath}/x`, 400, 'malformed path: '],
    ['DELETE', `${indexPath}/md5:1`, 400, 'malformed path: '],
    ['GET', `${indexPath}/`, 400, 'malformed path. provide a single manifest hash'],
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
})

describe('the forms of answers', () => {
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
    const response = await fetch(`${api}${statePath}`, { headers: { accept } })
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
    const response = await fetch(`${api}${statePath}`, { headers: { 'accept-encoding': accepted } })
    expect([response.status, response.headers.get('content-encoding')]).toEqual([status, null])
    if (status === 200) expect(response.headers.get('accept-encoding')).toBe('zstd, gzip, deflate')
    else {
      expect(response.headers.get('etag')).toBeNull()
      await checked(response, schemas.errorSchema)
    }
  })

  it('there is an OpenAPI document in JSON and YAML, with an etag', async () => {
    const json = await fetch(`${api}/openapi/v1`)
    expect(json.headers.get('content-type')).toBe('application/openapi+json')
    const document = (await json.json()) as { info: object; paths: object }
    expect(document.info).toMatchObject({ title: 'Clair Container Analyzer', version: '1.2.0' })
    expect(Object.keys(document.paths)).toHaveLength(9)
    const yaml = await fetch(`${api}/openapi/v1`, { headers: { accept: 'application/yaml' } })
    expect(await yaml.text()).toContain('openapi: 3.1.0')
    const headers = { 'if-none-match': json.headers.get('etag')! }
    expect((await fetch(`${api}/openapi/v1`, { headers })).status).toBe(304)
  })
})
