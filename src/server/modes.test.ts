import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startRegistry } from '../../test/support/registry.ts'
import { exampleLayout, layoutManifest, startTestServer, type TestServer } from '../../test/support/server.ts'
import type { Mode } from '../config/clair/modes.ts'
import { limits } from '../core/limits.ts'
import { indexReportType } from './remote-index.ts'

const image = layoutManifest(exampleLayout)
const indexPath = '/indexer/api/v1/index_report'
const reportPath = '/matcher/api/v1/vulnerability_report'
const psk = { key: Buffer.from('a key of all services').toString('base64'), iss: ['quay'] }

async function submit(server: TestServer, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  await using registry = await startRegistry(exampleLayout)
  const layers = image.layers.map((hash) => ({ hash, uri: `http://${registry.host}/v2/test/image/blobs/${hash}` }))
  const body = JSON.stringify({ hash: image.digest, layers })
  return await fetch(`${server.urls.api}${indexPath}`, { method: 'POST', body, headers })
}

/** A matcher with a database of its own. */
function startMatcher(indexer_addr: string, config: object = {}): Promise<TestServer> {
  return startTestServer({ mode: 'matcher', config: { matcher: { disable_updaters: true, indexer_addr }, ...config } })
}

describe('the routes', () => {
  const uuid = '00000000-0000-0000-0000-000000000000'
  const routes = {
    indexer: ['/indexer/api/v1/index_state'],
    matcher: [`/matcher/api/v1/internal/update_operation?kind=vulnerability`],
    all: ['/openapi/v1', '/robots.txt'],
    together: ['/v1/namespaces'],
  }

  it.each([
    ['combo', ['indexer', 'matcher', 'all', 'together']],
    ['indexer', ['indexer', 'all']],
    ['matcher', ['matcher', 'all']],
    ['notifier', ['all']],
  ] as const satisfies readonly (readonly [Mode, readonly (keyof typeof routes)[]])[])(
    'of mode %s are those of %j',
    async (mode, groups) => {
      await using server = await startTestServer({ mode })
      for (const [group, paths] of Object.entries(routes)) {
        for (const path of paths) {
          const { status } = await fetch(`${server.urls.api}${path}`)
          expect(status, path).toBe((groups as readonly string[]).includes(group) ? 200 : 404)
        }
      }
      const others = [
        `${indexPath}/${image.digest}`,
        `${reportPath}/${image.digest}`,
        `/notifier/api/v1/notification/${uuid}`,
      ]
      for (const path of others) expect((await fetch(`${server.urls.api}${path}`)).status, path).toBe(404)
      expect((await fetch(`${server.urls.introspection}/healthz`)).status).toBe(200)
      expect((await fetch(`${server.urls.introspection}/metrics`)).status).toBe(200)
      expect(server.urls.health === undefined).toBe(mode !== 'combo')
    },
  )

  it('readiness asks for data where images are judged only', async () => {
    for (const [mode, status] of Object.entries({ indexer: 200, matcher: 503, combo: 503 })) {
      await using server = await startTestServer({ mode: mode as Mode, data: false })
      expect((await fetch(`${server.urls.introspection}/readyz`)).status, mode).toBe(status)
    }
  })
})

describe('a matcher with a database of its own', () => {
  it('has the reports of the indexer, as one process would', async () => {
    await using combo = await startTestServer()
    expect((await submit(combo)).status).toBe(201)
    await using indexer = await startTestServer({ mode: 'indexer', data: false })
    await using matcher = await startMatcher(`${indexer.urls.api}/`)
    const report = (server: TestServer) => fetch(`${server.urls.api}${reportPath}/${image.digest}`)
    expect((await report(matcher)).status).toBe(404)
    expect((await submit(indexer)).status).toBe(201)
    const [expected, found] = await Promise.all([combo, matcher].map(report))
    expect([found!.status, await found!.json()]).toEqual([200, await expected!.json()])
    await fetch(`${indexer.urls.api}${indexPath}/${image.digest}`, { method: 'DELETE' })
    expect((await report(matcher)).status).toBe(404)
  })

  it('signs what it asks, and takes nothing else for a report than one', async () => {
    await using indexer = await startTestServer({ mode: 'indexer', data: false, config: { auth: { psk } } })
    await using keyless = await startMatcher(indexer.urls.api)
    await using matcher = await startMatcher(indexer.urls.api, { auth: { psk } })
    const { signedHeader } = await import('./token.ts')
    const headers = { authorization: signedHeader(Buffer.from(psk.key, 'base64'), 'quay', Date.now() / 1000) }
    expect((await submit(indexer, headers)).status).toBe(201)
    const path = `${reportPath}/${image.digest}`
    expect((await fetch(`${matcher.urls.api}${path}`, { headers })).status).toBe(200)
    const refused = await fetch(`${keyless.urls.api}${path}`)
    expect([refused.status, await refused.json()]).toEqual([
      500,
      {
        code: 'internal-error',
        message: 'experienced a server side error: the indexer cannot be used: it answers with status 401',
      },
    ])
  })

  const answer =
    (body: string): RequestListener =>
    (_, response) =>
      response.end(body)
  it.each([
    ['no JSON', answer('<html>'), 'it does not answer with JSON'],
    ['another form', answer('{"manifest_hash":"x"}'), 'it does not answer as an indexer of Chiaro does'],
    [
      'a report of other analyzers',
      answer(
        JSON.stringify({
          analyzers: 'x@1',
          report: {
            image: { reference: '', tags: [], platform: { os: '', architecture: '' }, layers: [] },
            packages: [],
            gaps: [],
          },
        }),
      ),
      'it is another version of Chiaro',
    ],
    [
      'more than limits.indexReportBytes',
      ((_, response) => {
        response.writeHead(200, { 'content-length': limits.indexReportBytes + 1 }).write('{')
      }) as RequestListener,
      'is larger than',
    ],
  ])('does not take %s', async (_, listener, message) => {
    const asked: (string | undefined)[] = []
    const indexer = createServer((request, response) => {
      asked.push(request.headers.accept)
      listener(request, response as Parameters<RequestListener>[1])
    })
    await new Promise<void>((resolve) => indexer.listen(0, '127.0.0.1', resolve))
    await using matcher = await startMatcher(`http://127.0.0.1:${(indexer.address() as AddressInfo).port}`)
    const response = await fetch(`${matcher.urls.api}${reportPath}/${image.digest}`)
    expect([response.status, ((await response.json()) as { message: string }).message]).toEqual([
      500,
      expect.stringContaining(message),
    ])
    expect(asked).toEqual([indexReportType])
    indexer.closeAllConnections()
    indexer.close()
  })
})
