import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance, type RouteHandlerMethod } from 'fastify'
import { describe, expect, it } from 'vitest'
import { image, indexPath, manifestIn, post, reportPath, statePath, unknown } from '../../test/support/clair-v4.ts'
import { startRegistry } from '../../test/support/registry.ts'
import { exampleLayout, startTestServer, type TestServer } from '../../test/support/server.ts'
import { limits } from '../core/limits.ts'
import { createMetrics } from './metrics.ts'
import { limitRoutes, type RouteLimits } from './route-limits.ts'
import { serverLimits } from './server-limits.ts'

/** Opens a connection, and collects what comes. */
function open(url: string, bytes = ''): { readonly socket: Socket; readonly ended: Promise<string> } {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  socket.on('error', () => {})
  if (bytes !== '') socket.write(bytes)
  return { socket, ended: new Promise((resolve) => socket.once('close', () => resolve(text))) }
}

const statusOf = async (ended: Promise<string>) => (await ended).split('\r\n')[0]

/** An application with one route, which answers as it is told to. */
async function limited(
  bounds: Parameters<typeof serverLimits>[0],
  handler: RouteHandlerMethod,
  routeLimits: RouteLimits = {},
) {
  const app = Fastify() as unknown as FastifyInstance
  const metrics = createMetrics()
  limitRoutes(app, metrics, serverLimits(bounds))
  app.get('/', { config: { limits: routeLimits } }, handler)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  return { url, metrics, [Symbol.asyncDispose]: () => app.close() }
}

describe('requests', () => {
  it('more than limits.answersAtOnce of one route are refused, and told when to come again', async () => {
    const held = Promise.withResolvers<string>()
    await using app = await limited({ answersAtOnce: 2 }, async () => held.promise)
    const first = [fetch(app.url), fetch(app.url)]
    await sleep(100)
    const refused = await fetch(app.url)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2'])
    expect(await app.metrics.text()).toContain('clair_http_concurrencylimited_total{handler="/",method="get"} 1')
    held.resolve('done')
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200])
    expect((await fetch(app.url)).status).toBe(200)
  })

  it('of clients that have gone hold their places while there is work', async () => {
    const held = Promise.withResolvers<string>()
    await using app = await limited({ answersAtOnce: 1 }, async () => held.promise)
    const { socket } = open(app.url, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await sleep(100)
    socket.destroy()
    await sleep(100)
    expect((await fetch(app.url)).status).toBe(429)
    held.resolve('done')
    await sleep(100)
    expect((await fetch(app.url)).status).toBe(200)
  })

  it('that fail give their places back', async () => {
    await using app = await limited({ answersAtOnce: 1 }, async () => {
      throw new Error('broken')
    })
    for (let time = 0; time < 3; time++) expect((await fetch(app.url)).status).toBe(500)
  })

  it('an answer that takes longer than limits.answerTime is given up, and keeps its place until the work ends', async () => {
    const held = Promise.withResolvers<string>()
    await using app = await limited({ answersAtOnce: 1, answerTime: 100 }, async () => held.promise)
    const late = await fetch(app.url)
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await late.json()).toMatchObject({ message: 'the answer takes longer than 0.1 s' })
    expect((await fetch(app.url)).status).toBe(429)
    held.resolve('done')
    await sleep(100)
    expect((await fetch(app.url)).status).toBe(200)
  })

  it('whose work ends by itself are not given up', async () => {
    await using app = await limited({ answerTime: 50 }, async () => sleep(200, 'done'), { untimed: true })
    expect(await (await fetch(app.url)).text()).toBe('done')
  })
})

describe('a server', () => {
  it('takes no more than limits.connections', async () => {
    await using server = await startTestServer({ data: false, limits: { connections: 2 } })
    const kept = [open(server.urls.api), open(server.urls.api)]
    await sleep(100)
    const refused = open(server.urls.api, 'GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await refused.ended).toBe('')
    for (const { socket } of kept) socket.destroy()
    await sleep(100)
    expect((await fetch(`${server.urls.api}/robots.txt`)).status).toBe(200)
  })

  it('that more than limits.feedAnswersAtOnce want all of a feed from refuses the rest', async () => {
    await using server = await startTestServer()
    const operations = await fetch(`${server.urls.api}/matcher/api/v1/internal/update_operation?kind=vulnerability`)
    const { debian } = (await operations.json()) as { debian: { ref: string }[] }
    const paths = [
      `/matcher/api/v1/internal/update_diff?cur=${debian[0]!.ref}`,
      '/v1/namespaces/debian:13/vulnerabilities?limit=1',
    ]
    for (const path of paths) {
      const many = Array.from({ length: 4 * limits.feedAnswersAtOnce }, () => fetch(`${server.urls.api}${path}`))
      const answers = await Promise.all(many)
      await Promise.all(answers.map((answer) => answer.arrayBuffer()))
      const statuses = answers.map(({ status }) => status)
      expect(statuses.filter((status) => status === 200).length, path).toBeGreaterThanOrEqual(limits.feedAnswersAtOnce)
      expect(new Set(statuses), path).toEqual(new Set([200, 429]))
    }
  })

  describe('has no patience with', () => {
    const impatient = { requestTimeout: 400 }
    const start = () => startTestServer({ data: false, limits: impatient })

    /** It goes on for others, and what failed left nothing behind. */
    async function answers({ urls, log }: TestServer): Promise<void> {
      expect((await fetch(`${urls.api}${statePath}`)).status).toBe(200)
      expect(log.filter((line) => line.includes('"level":50'))).toEqual([])
      const metrics = await (await fetch(`${urls.introspection}/metrics`)).text()
      expect(metrics).not.toMatch(/in_flight_requests\{handler="index_report"\} [^0]/)
    }

    it('headers that do not end', async () => {
      await using server = await start()
      const slow = open(server.urls.api, 'GET /robots.txt HTTP/1.1\r\nHost: x\r\n')
      expect(await statusOf(slow.ended)).toBe('HTTP/1.1 408 Request Timeout')
      await answers(server)
    })

    it('a body that does not end, or comes byte by byte', async () => {
      await using server = await start()
      const head = `POST ${indexPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n`
      const [silent, slow] = [open(server.urls.api, `${head}{`), open(server.urls.api, head)]
      const drip = setInterval(() => slow.socket.write(' '), 50)
      expect(await statusOf(silent.ended)).toBe('HTTP/1.1 408 Request Timeout')
      expect(await statusOf(slow.ended)).toBe('HTTP/1.1 408 Request Timeout')
      clearInterval(drip)
      await answers(server)
    })

    it('a client that hangs up in the middle of its body', async () => {
      await using server = await start()
      for (let time = 0; time < 20; time++) {
        const { socket } = open(server.urls.api, `POST ${indexPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{`)
        await sleep(10)
        socket.destroy()
      }
      await sleep(200)
      await answers(server)
    })
  })

  it('answers a client that has closed its own half of the connection', async () => {
    await using server = await startTestServer({ data: false })
    const { socket, ended } = open(server.urls.api)
    socket.end(`GET ${statePath} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(await statusOf(ended)).toBe('HTTP/1.1 200 OK')
  })

  it('goes on with what a client has submitted and does not wait for', async () => {
    await using registry = await startRegistry(exampleLayout)
    await using server = await startTestServer()
    const body = JSON.stringify(manifestIn(registry.host))
    const head = `POST ${indexPath} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`
    const { socket } = open(server.urls.api, head + body)
    while (registry.requests.length === 0) await sleep(10)
    socket.destroy()
    await expect
      .poll(async () => (await fetch(`${server.urls.api}${reportPath}/${image.digest}`)).status, { timeout: 10_000 })
      .toBe(200)
    const metrics = (await (await fetch(`${server.urls.introspection}/metrics`)).text()).split('\n')
    const of = (name: string) => metrics.filter((line) => line.startsWith(`clair_http_indexerv1_${name}`))
    expect(of('in_flight_requests')).toEqual(['clair_http_indexerv1_in_flight_requests{handler="index_report"} 0'])
    expect(of('request_total')).toEqual([
      'clair_http_indexerv1_request_total{handler="index_report",code="499",method="post"} 1',
    ])
  })

  it('tries with the layers of the second who submits an image where those of the first cannot be had', async () => {
    await using registry = await startRegistry(exampleLayout)
    const stalled = createServer((_, response) => setTimeout(() => response.writeHead(404).end(), 500))
    await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve))
    await using server = await startTestServer()
    const bad = manifestIn(`127.0.0.1:${(stalled.address() as AddressInfo).port}`)
    const first = post(server.urls.api, bad)
    await sleep(100)
    const rest = [bad, manifestIn(registry.host), { ...bad, hash: unknown }].map((body) => post(server.urls.api, body))
    const statuses = (await Promise.all([first, ...rest])).map(({ status }) => status)
    expect(statuses).toEqual([500, 500, 201, 500])
    stalled.closeAllConnections()
    stalled.close()
  })
})
