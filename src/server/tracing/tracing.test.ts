import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { image, indexPath, manifestIn, post, reportPath, statePath } from '../../../test/support/clair-v4.ts'
import { startRegistry } from '../../../test/support/registry.ts'
import { exampleLayout, startTestServer } from '../../../test/support/server.ts'
import { limits } from '../../core/limits.ts'
import { createOtlpExporter } from './otlp.ts'
import { createTracer, type FinishedSpan, parseTraceparent } from './tracer.ts'

interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[]
  readonly status: { readonly code?: number; readonly message?: string }
}

/** A receiver of OTLP over HTTP, as JSON. */
async function receive(status = 200) {
  const spans: ReceivedSpan[] = []
  const services = new Set<unknown>()
  const requests: { readonly url: string | undefined; readonly headers: NodeJS.Dict<string | string[]> }[] = []
  const server = createServer(async (request, response) => {
    const bytes = Buffer.concat(await request.toArray())
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
    const { resourceSpans } = JSON.parse(text) as {
      resourceSpans: readonly {
        resource: { attributes: readonly { key: string; value: { stringValue: string } }[] }
        scopeSpans: readonly { spans: readonly ReceivedSpan[] }[]
      }[]
    }
    for (const { resource, scopeSpans } of resourceSpans) {
      services.add(resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue)
      spans.push(...scopeSpans.flatMap((scope) => scope.spans))
    }
    requests.push({ url: request.url, headers: request.headers })
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    services,
    requests,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const otlp = (endpoint: string, more: object = {}, trace: object = {}) => ({
  trace: { name: 'otlp', ...trace, otlp: { http: { endpoint, insecure: true, ...more } } },
})

describe('traces', () => {
  it('have requests, and what was done for them', async () => {
    using receiver = await receive()
    await using registry = await startRegistry(exampleLayout)
    const config = otlp(receiver.endpoint, { headers: { 'X-Key': 'k' }, compression: 'gzip', url_path: '/traces' })
    const server = await startTestServer({ config })
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const parent = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
    expect((await post(server.urls.api, manifestIn(registry.host), parent)).status).toBe(201)
    expect((await fetch(`${server.urls.api}${reportPath}/${image.digest}`)).status).toBe(200)
    const ignored = { traceparent: `00-${traceId.replace('4', '5')}-00f067aa0ba902b7-00` }
    await fetch(`${server.urls.api}${statePath}`, { headers: ignored })
    await server[Symbol.asyncDispose]()
    expect(receiver.requests[0]).toMatchObject({
      url: '/traces',
      headers: { 'x-key': 'k', 'content-type': 'application/json' },
    })
    expect([...receiver.services]).toEqual(['clairv4/combo'])
    const named = (name: string) => receiver.spans.filter((span) => span.name === name)
    const [submitted] = named(`POST ${indexPath}`)
    expect(submitted).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7', kind: 2, status: {} })
    expect(submitted!.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: '201' } })
    const [indexed] = named('index')
    expect(indexed).toMatchObject({ traceId, parentSpanId: submitted!.spanId, kind: 1 })
    expect(BigInt(indexed!.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(submitted!.startTimeUnixNano))
    expect(BigInt(indexed!.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(submitted!.endTimeUnixNano))
    expect(Math.abs(Number(BigInt(indexed!.endTimeUnixNano) / 1_000_000n) - Date.now())).toBeLessThan(60_000)
    const [reported] = named(`GET ${reportPath}/:digest`)
    expect(reported!.parentSpanId).toBeUndefined()
    expect(reported!.traceId).not.toBe(traceId)
    expect(named('match')).toMatchObject([{ traceId: reported!.traceId, parentSpanId: reported!.spanId }])
    // Who asks has chosen not to trace it.
    expect(named(`GET ${statePath}`)).toEqual([])
    expect(receiver.spans).toHaveLength(4)
  })

  it('go on in the indexer that a matcher asks', async () => {
    using receiver = await receive()
    await using indexer = await startTestServer({ mode: 'indexer', config: otlp(receiver.endpoint), data: false })
    const matcher = { disable_updaters: true, indexer_addr: indexer.urls.api }
    await using server = await startTestServer({ mode: 'matcher', config: { ...otlp(receiver.endpoint), matcher } })
    await fetch(`${server.urls.api}${reportPath}/${image.digest}`)
    await expect.poll(() => receiver.spans.length, { timeout: 20_000 }).toBe(3)
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1)
    const [asked] = receiver.spans.filter(({ kind }) => kind === 3)
    const [answered] = receiver.spans.filter(({ name }) => name === `GET ${indexPath}/:digest`)
    expect(answered!.parentSpanId).toBe(asked!.spanId)
  })

  it('have updates, and are of the share that was asked for', async () => {
    using receiver = await receive()
    const updating = { matcher: { period: '1h' }, updaters: { sets: ['debian'] } }
    const server = await startTestServer({ config: { ...otlp(receiver.endpoint), ...updating } })
    await server[Symbol.asyncDispose]()
    expect(receiver.spans.map(({ name }) => name)).toEqual(['update'])
    const none = await startTestServer({ config: otlp(receiver.endpoint, {}, { probability: 0 }), data: false })
    for (let time = 0; time < 20; time++) await fetch(`${none.urls.api}${statePath}`)
    await none[Symbol.asyncDispose]()
    expect(receiver.spans).toHaveLength(1)
  })

  it.each([['127.0.0.1:1'], ['refusing']])(
    'that cannot be delivered (%s) are told, and hold nothing up',
    async (address) => {
      using receiver = await receive(503)
      const server = await startTestServer({
        config: otlp(address === 'refusing' ? receiver.endpoint : address),
        data: false,
      })
      for (let time = 0; time < 3; time++) expect((await fetch(`${server.urls.api}${statePath}`)).status).toBe(200)
      await server[Symbol.asyncDispose]()
      expect(server.log.join('')).toContain('traces could not be delivered')
    },
  )
})

it('more than limits.waitingSpans are dropped', async () => {
  using receiver = await receive()
  const url = `http://${receiver.endpoint}/`
  const options = { url, headers: {}, compress: false, timeout: 10_000, serviceName: 'x', onFailure: () => {} }
  const exporter = createOtlpExporter(options)
  const tracer = createTracer(1, (span) => exporter.add(span))
  for (let number = 0; number < limits.waitingSpans + 10; number++) tracer.start('x', 'internal', {}).end()
  await exporter[Symbol.asyncDispose]()
  expect(receiver.spans).toHaveLength(limits.waitingSpans)
})

it('a span that fails says so, and is what is done inside of it', async () => {
  const finished: FinishedSpan[] = []
  const tracer = createTracer(1, (span) => finished.push(span))
  const work = tracer.span('outer', { a: true }, async () => {
    await tracer.span('inner', {}, async () =>
      expect(tracer.traceparent()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    )
    throw new TypeError('secret')
  })
  await expect(work).rejects.toThrow('secret')
  const [inner, outer] = finished
  expect([inner!.parentId, inner!.error, outer!.error]).toEqual([outer!.spanId, undefined, 'TypeError'])
  expect(tracer.traceparent()).toBeUndefined()
})

it.each([
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', true],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00', false],
  ['cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-later', true],
  ['ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', undefined],
  ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', undefined],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01', undefined],
  ['00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01', undefined],
  ['nonsense', undefined],
  [undefined, undefined],
])('the traceparent %s is sampled: %s', (header, sampled) => {
  expect(parseTraceparent(header)?.sampled).toBe(sampled)
})
