import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { chiaro } from '../../test/support/command.ts'
import { advisory, source, statement } from '../../test/support/records.ts'
import { loadDebian, startTestServer } from '../../test/support/server.ts'
import { resolveClairConfig } from '../config/clair/load.ts'
import { listenAddress, parseListenAddress } from './listener.ts'
import { createMetrics } from './metrics.ts'
import { createSlots } from './slots.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-server-'))
afterAll(() => rmSync(folder, { recursive: true }))

const unknown = `sha256:${'0'.repeat(64)}`

describe('listeners', () => {
  it.each([
    [':6060', undefined, 6060],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['[::1]:80', '::1', 80],
    ['localhost:8089', 'localhost', 8089],
  ])('%s', (text, host, port) => expect(parseListenAddress(text, 'x')).toEqual({ host, port }))

  it.each(['', '6060', ':', ':x', ':99999', '::1:80', 'a:b:80'])('%j is no address', (text) => {
    expect(() => parseListenAddress(text, 'x')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  const psk = { auth: { psk: { key: 'c2VjcmV0', iss: [] } } }
  it.each([
    ['api', { http_listen_addr: ':6060' }, false],
    ['api', { http_listen_addr: '10.0.0.1:6060' }, false],
    ['api', { http_listen_addr: '[::]:6060' }, false],
    ['api', { http_listen_addr: '127.0.0.1:6060' }, true],
    ['api', { http_listen_addr: ':6060', ...psk }, true],
    ['api', { http_listen_addr: ':6060', chiaro: { allow_unauthenticated: ['api'] } }, true],
    ['api', { http_listen_addr: ':6060', chiaro: { allow_unauthenticated: ['health'] } }, false],
    ['introspection', { introspection_addr: ':8089', ...psk }, false],
    ['introspection', { introspection_addr: ':8089', chiaro: { allow_unauthenticated: ['introspection'] } }, true],
    ['health', { chiaro: { health_addr: '0.0.0.0:6061' } }, false],
  ] as const)('%s with %j may start: %s', (name, document, allowed) => {
    const { config } = resolveClairConfig(document, 'test')
    if (allowed) expect(listenAddress(name, config).port).toBeGreaterThan(0)
    else expect(() => listenAddress(name, config)).toThrow(/without authentication/)
  })
})

describe('introspection', () => {
  it('tells whether the process answers and the data is there', async () => {
    await using server = await startTestServer({ data: false, config: { updaters: { sets: ['debian'] } } })
    const ask = (path: string) => fetch(`${server.urls.introspection}${path}`)
    expect(await (await ask('/healthz')).text()).toBe('ok')
    const posted = await fetch(`${server.urls.introspection}/readyz`, { method: 'POST' })
    expect([posted.status, await posted.text()]).toEqual([405, ''])
    const before = await ask('/readyz')
    expect(before.status).toBe(503)
    expect(await before.json()).toMatchObject({
      ready: false,
      missing: expect.arrayContaining([{ feed: 'debian', error: null }]),
    })
    const { advisories } = server.engine.store
    await advisories.failed({ id: 'debian-dsa', url: 'https://example.org' }, { code: 'FEED_FAILED', message: 'gone' })
    const records = [advisory('CVE-1', [statement('debian:13', 'a', '1')])]
    await advisories.import(source(records), new AbortController().signal)
    const after = await ask('/readyz')
    expect(after.status).toBe(200)
    // One list that is missing does not keep the rest from being used.
    expect(await after.json()).toEqual({
      ready: true,
      missing: [
        { feed: 'debian-dsa', error: 'FEED_FAILED' },
        { feed: 'debian-dla', error: null },
      ],
    })
    await loadDebian(server.engine)
    expect(await (await ask('/readyz')).json()).toEqual({ ready: true, missing: [] })
    const metrics = await (await ask('/metrics')).text()
    expect(metrics).toMatch(/^chiaro_feed_records\{feed="debian"\} [1-9]\d*$/m)
    expect(metrics).toMatch(/^chiaro_feed_failing\{feed="debian"\} 0$/m)
  })

  it('has its metrics where the configuration wants them, and no API', async () => {
    await using server = await startTestServer({ config: { metrics: { prometheus: { endpoint: '/m' } } } })
    const status = async (path: string) => (await fetch(`${server.urls.introspection}${path}`)).status
    expect([await status('/m'), await status('/metrics'), await status('/indexer/api/v1/index_state')]).toEqual([
      200, 404, 404,
    ])
  })
})

describe('metrics', () => {
  it('are in the text format of Prometheus', async () => {
    const metrics = createMetrics()
    metrics.counter({ name: 'a_total', help: 'A.', labels: [] }).add([])
    const gauge = metrics.gauge({ name: 'b', help: 'B.', labels: ['x', 'y'] })
    metrics.onRead(() => gauge.set(['1', 'q"\\\n'], 2.5))
    const histogram = metrics.histogram({ name: 'c', help: 'C.', labels: ['x'], buckets: [1, 5] })
    for (const value of [0.5, 1, 3, 9]) histogram.observe(['z'], value)
    expect(await metrics.text()).toBe(
      [
        '# HELP a_total A.',
        '# TYPE a_total counter',
        'a_total 1',
        '# HELP b B.',
        '# TYPE b gauge',
        'b{x="1",y="q\\"\\\\\\n"} 2.5',
        '# HELP c C.',
        '# TYPE c histogram',
        'c_bucket{x="z",le="1"} 2',
        'c_bucket{x="z",le="5"} 3',
        'c_bucket{x="z",le="+Inf"} 4',
        'c_sum{x="z"} 13.5',
        'c_count{x="z"} 4',
        '',
      ].join('\n'),
    )
    expect(() => metrics.gauge({ name: 'b', help: '', labels: [] })).toThrow('there is a metric b already')
  })
})

describe('slots', () => {
  it('are given back once', () => {
    const slots = createSlots(1)
    const release = slots.take()!
    expect(slots.take()).toBeUndefined()
    release()
    release()
    expect(slots.take()).toBeDefined()
    expect(slots.take()).toBeUndefined()
    expect(createSlots(0).take()).toBeUndefined()
    expect(createSlots(-1).take()).toBeDefined()
  })
})

describe('a server', () => {
  it('speaks TLS', async () => {
    const { cert, key } = testCertificate()
    const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    writeFileSync(tls.cert, cert)
    writeFileSync(tls.key, key)
    await using server = await startTestServer({ config: { tls } })
    expect(server.urls.api).toMatch(/^https:/)
    const status = await new Promise((resolve, reject) => {
      request(`${server.urls.api}/robots.txt`, { ca: cert }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(200)
    await expect(startTestServer({ config: { tls: { ...tls, key: '/nowhere' } } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      where: 'tls',
    })
  })

  it('logs requests as JSON, each with an id, and without what they bring', async () => {
    await using server = await startTestServer()
    await fetch(`${server.urls.api}/robots.txt`, { headers: { authorization: 'Bearer secret' } })
    const lines = server.log.map((line) => JSON.parse(line))
    const asked = lines.find(({ msg }) => msg === 'incoming request')
    expect(asked.reqId).toMatch(/^[0-9a-f-]{36}$/)
    expect(lines.find(({ msg }) => msg === 'request completed')).toMatchObject({
      reqId: asked.reqId,
      res: { statusCode: 200 },
    })
    expect(server.log.join('')).not.toContain('secret')
  })

  it('gives indexing up after limits.indexTime', async () => {
    const { createServer } = await import('node:http')
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const uri = `http://127.0.0.1:${(silent.address() as { port: number }).port}/`
    await using server = await startTestServer({ limits: { indexTime: 300 } })
    const body = JSON.stringify({ hash: unknown, layers: [{ hash: unknown, uri }] })
    const response = await fetch(`${server.urls.api}/indexer/api/v1/index_report`, { method: 'POST', body })
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: 'bad-request', message: 'failed to start scan: indexing takes longer than 0.3 s' },
    ])
    silent.closeAllConnections()
    silent.close()
  })

  it('ends what it has begun, and waits for it no longer than limits.shutdownTime', async () => {
    const { createServer } = await import('node:http')
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const uri = `http://127.0.0.1:${(silent.address() as { port: number }).port}/`
    const server = await startTestServer({ limits: { shutdownTime: 300 } })
    const { hostname, port } = new URL(server.urls.api)
    const halfSaid = connect(Number(port), hostname)
    halfSaid.on('error', () => {})
    halfSaid.write('POST /indexer/api/v1/index_report HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{')
    const body = JSON.stringify({ hash: unknown, layers: [{ hash: unknown, uri }] })
    const pending = fetch(`${server.urls.api}/indexer/api/v1/index_report`, { method: 'POST', body })
    const status = pending.then(({ status }) => status)
    await sleep(200)
    const started = performance.now()
    await server[Symbol.asyncDispose]()
    expect(performance.now() - started).toBeLessThan(3000)
    expect(await status).toBe(500)
    silent.closeAllConnections()
    silent.close()
  })
})

describe('chiaro serve', () => {
  const config = (name: string, document: object) => {
    const file = join(folder, name)
    writeFileSync(file, JSON.stringify(document))
    return file
  }

  it('starts from a configuration, loads the data in the background, and ends at a signal', async () => {
    const file = config('serve.json', {
      http_listen_addr: '127.0.0.1:0',
      introspection_addr: '127.0.0.1:0',
      updaters: { sets: ['debian'] },
      chiaro: {
        health_addr: '127.0.0.1:0',
        mirror: join(import.meta.dirname, '..', '..', 'examples', 'feeds'),
        database: join(folder, 'serve.db'),
      },
    })
    const result = await chiaro(['serve', '--config', file], { stop: { signal: 'SIGTERM', after: 4000 } })
    expect(result.code, result.stderr).toBe(143)
    expect(result.msToStop).toBeLessThan(2000)
    const lines = result.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
    expect(lines.filter(({ msg }) => msg.startsWith('listening on http://127.0.0.1:'))).toHaveLength(3)
    expect(lines).toContainEqual(expect.objectContaining({ feed: 'debian', outcome: 'imported' }))
  })

  it.each([
    [{ http_listen_addr: ':6060' }, 'without authentication'],
    [{ indexer: { airgapp: true } }, 'Did you mean indexer.airgap?'],
    [{ indexer: { connstring: 'host=127.0.0.1 port=1' } }, '127.0.0.1:1', 'DATABASE_FAILED'],
  ])('does not start with %j', async (document, message, code = 'CONFIG_INVALID') => {
    const file = config('refused.json', { matcher: { disable_updaters: true }, ...document })
    const result = await chiaro(['serve', '--config', file], { env: { CHIARO_DB: join(folder, 'refused.db') } })
    expect(result.code).toBe(2)
    expect(result.stderr).toContain(`error ${code}`)
    expect(result.stderr).toContain(message)
  })
})

it('chiaro serve does not take a mode that there is not', async () => {
  const result = await chiaro(['serve'], { env: { CLAIR_MODE: 'index' } })
  expect(result.code).toBe(2)
  expect(result.stderr).toContain('CLAIR_MODE')
})

describe('chiaro config check', () => {
  it.each([
    ['yaml', /^http_listen_addr: 127\.0\.0\.1:6060\n/],
    ['json', /^\{\n {2}"http_listen_addr": "127\.0\.0\.1:6060",/],
  ])('prints the effective configuration as %s', async (format, start) => {
    const result = await chiaro(['config', 'check', '--format', format])
    expect([result.code, result.stdout]).toEqual([0, expect.stringMatching(start)])
    expect(result.stderr).toContain('note: The api listener answers on this machine only')
    expect(result.stdout).not.toMatch(/[&*]a\d/)
  })

  it('says what is wrong with one', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'matcher: {perod: 6h}\n')
    const result = await chiaro(['config', 'check'], { env: { CLAIR_CONF: join(folder, 'bad.yaml') } })
    expect([result.code, result.stdout]).toEqual([2, ''])
    expect(result.stderr).toContain('Did you mean matcher.period?')
  })

  it.each([
    ['introspection_addr: ":8089"', 'combo', ':8089 would let other machines in without authentication'],
    ['chiaro: {health_addr: "6061"}', 'combo', '"6061" is not an address to listen on'],
    ['chiaro: {health_addr: ":6061"}', 'matcher', ''],
  ])('refuses the listeners that serve refuses: %s in mode %s', async (text, mode, message) => {
    writeFileSync(join(folder, 'listeners.yaml'), `${text}\n`)
    const result = await chiaro(['config', 'check', '--config', join(folder, 'listeners.yaml'), '--mode', mode])
    expect(result.code).toBe(message === '' ? 0 : 2)
    expect(result.stderr).toContain(message)
  })
})
