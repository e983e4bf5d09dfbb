import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../test/support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const runs = { numRuns: 150 }
const digest = `sha256:${'0'.repeat(64)}`

/** Sends bytes as they are, and gives what comes back. */
function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(server.urls.api)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    socket.on('error', () => resolve(text))
    socket.on('close', () => resolve(text))
  })
}

describe('hostile requests', () => {
  const noServerError = async (path: string, init: RequestInit) => {
    const response = await fetch(`${server.urls.api}${path}`, init)
    await response.arrayBuffer()
    // What is said to be not implemented is no fault of ours.
    expect(response.status === 501 || response.status < 500, `${init.method} ${path} ${init.body}`).toBe(true)
  }

  it.each([
    ['POST', '/indexer/api/v1/index_report'],
    ['DELETE', '/indexer/api/v1/index_report'],
    ['POST', '/v1/layers'],
    ['POST', '/v1/namespaces/debian:12/vulnerabilities'],
  ])('%s %s with any JSON', async (method, path) => {
    const layer = fc.record(
      {
        hash: fc.oneof(fc.constant(digest), fc.string(), fc.jsonValue()),
        uri: fc.oneof(fc.constant('http://169.254.169.254/'), fc.string(), fc.webUrl({ validSchemes: ['ftp'] })),
        headers: fc.oneof(fc.dictionary(fc.string(), fc.array(fc.string())), fc.jsonValue()),
      },
      { requiredKeys: [] },
    )
    const manifest = fc.record({ hash: fc.oneof(fc.constant(digest), fc.string()), layers: fc.array(layer) })
    const v1 = fc.record({
      Layer: fc.record(
        {
          Name: fc.string({ unit: 'binary' }),
          Path: fc.oneof(fc.constant('http://10.0.0.1/'), fc.string()),
          ParentName: fc.oneof(fc.constant(''), fc.string()),
          Format: fc.constantFrom('Docker', 'ACI', ''),
          Headers: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
        },
        { requiredKeys: [] },
      ),
    })
    const body = fc.oneof(fc.jsonValue(), manifest, v1, fc.array(fc.constant(digest)))
    await fc.assert(
      fc.asyncProperty(body, (value) => noServerError(path, { method, body: JSON.stringify(value) })),
      runs,
    )
  })

  it('any text as a body, of any type, compressed or not', async () => {
    const property = fc.asyncProperty(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('text/plain', 'a/b; c=d', '*'),
      (body, type) =>
        noServerError('/indexer/api/v1/index_report', { method: 'POST', body, headers: { 'content-type': type } }),
    )
    await fc.assert(property, runs)
  })

  it('any name in a path and any query', async () => {
    const paths = [
      '/indexer/api/v1/index_report/',
      '/matcher/api/v1/vulnerability_report/',
      '/matcher/api/v1/internal/update_operation?kind=vulnerability&latest=',
      '/matcher/api/v1/internal/update_diff?cur=',
      '/v1/layers/',
      '/v1/namespaces/debian:13/vulnerabilities?limit=1&page=',
      '/v1/namespaces/',
    ]
    const property = fc.asyncProperty(fc.constantFrom(...paths), fc.string({ unit: 'binary' }), (path, name) =>
      noServerError(`${path}${encodeURIComponent(name.toWellFormed())}`, { method: 'GET' }),
    )
    await fc.assert(property, runs)
  })

  it('any Accept and If-None-Match', async () => {
    const header = fc.string({ unit: fc.constantFrom(...'*/,;q=0.1"abz '.split('')) })
    const property = fc.asyncProperty(header, header, header, (accept, encoding, tag) =>
      noServerError('/indexer/api/v1/index_state', {
        method: 'GET',
        headers: { accept, 'accept-encoding': encoding, 'if-none-match': tag },
      }),
    )
    await fc.assert(property, runs)
  })

  it.each([
    ['GET /indexer/api/v1/index_report/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    ['GET /v1/layers/%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    [`GET /v1/layers/${'x'.repeat(2000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 404],
    [`GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['NONSENSE\r\n\r\n', 400],
    ['POST /indexer/api/v1/index_report HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400],
    ['POST /v1/layers HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['GET /robots.txt HTTP/1.1\r\n\r\n', 400],
  ])('%j is %i', async (bytes, status) => {
    expect((await raw(bytes)).split('\r\n')[0]).toContain(` ${status} `)
  })

  it('leave a server that answers', async () => {
    expect((await fetch(`${server.urls.api}/indexer/api/v1/index_state`)).status).toBe(200)
    expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([])
  })
})
