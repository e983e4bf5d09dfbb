import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask, finished } from '../../../../test/support/chiaro-v1.ts'
import { startRegistry, type TestRegistry } from '../../../../test/support/registry.ts'
import { exampleLayout, startTestServer, type TestServer } from '../../../../test/support/server.ts'
import type { JobBody, Problem } from './schema.ts'

const credentials = { username: 'reader', password: 'pass-word-of-the-reader' }

let server: TestServer
beforeEach(async () => {
  server = await startTestServer({ data: false })
})
afterEach(() => server[Symbol.asyncDispose]())

async function pull(json: object, own = server): Promise<JobBody> {
  const { status, body } = await ask<JobBody>(own, 'POST', '/images', { json })
  expect(status, JSON.stringify(body)).toBe(202)
  return finished<JobBody>(own, `/jobs/${body.id}`)
}

describe('credentials', () => {
  const sent = (registry: TestRegistry) => registry.requests.map((line) => line.split(' ').at(-1))

  it.each(['basic', 'token'] as const)('open a registry with %s, and are neither stored nor logged', async (kind) => {
    await using registry = await startRegistry(exampleLayout, { auth: { kind, ...credentials } })
    const reference = `${registry.host}/test/image:debian`
    const refused = await pull({ reference })
    expect(refused).toMatchObject({ state: 'failed', error: { code: 'AUTH_FAILED', status: 422 } })
    const wrong = await pull({ reference, credentials: { ...credentials, password: 'another' } })
    expect(wrong).toMatchObject({ state: 'failed', error: { code: 'AUTH_FAILED' } })
    const job = await pull({ reference, credentials })
    expect(job).toMatchObject({ state: 'succeeded', reference })
    const stored = await server.engine.store.jobs.get(job.id)
    const all = JSON.stringify([job, wrong, stored, server.log])
    expect(all).not.toContain(credentials.password)
    expect(all).not.toContain(Buffer.from(`reader:${credentials.password}`).toString('base64'))
    // The next one does not have them.
    expect(await pull({ reference })).toMatchObject({ state: 'failed', error: { code: 'AUTH_FAILED' } })
  })

  it('are not sent to where a registry redirects', async () => {
    await using registry = await startRegistry(exampleLayout, {
      auth: { kind: 'basic', ...credentials },
      redirectBlobs: true,
    })
    expect(await pull({ reference: `${registry.host}/test/image:debian`, credentials })).toMatchObject({
      state: 'succeeded',
    })
    const redirected = registry.requests.filter((line) => line.startsWith('store '))
    expect(redirected.length).toBeGreaterThan(0)
    expect(new Set(redirected.map((line) => line.split(' ').at(-1)))).toEqual(new Set(['undefined']))
    expect(sent(registry)).toContain(Buffer.from(`reader:${credentials.password}`).toString('base64'))
  })
})

describe('what may not be had', () => {
  it.each([
    'docker-archive:/etc/passwd',
    'oci-layout:/etc',
    'rootfs:/',
    '/etc/passwd',
    './image.tar',
    'http://127.0.0.1/image',
    'user:secret@127.0.0.1/image',
    'a b',
    'host/UPPER',
    '\u0000',
  ])('%j is no name of an image in a registry', async (reference) => {
    const { status, body } = await ask<Problem>(server, 'POST', '/images', { json: { reference } })
    expect([status, body.code, body.errors![0]!.pointer]).toEqual([400, 'REQUEST_INVALID', '/reference'])
  })

  it('private, loopback and link-local addresses are refused, before anything is sent', async () => {
    await using registry = await startRegistry(exampleLayout)
    await using closed = await startTestServer({ data: false, config: { chiaro: { allow_layer_addresses: [] } } })
    const port = registry.host.split(':')[1]
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '10.0.0.1', '169.254.169.254']) {
      const job = await pull({ reference: `${host}:${port}/test/image:debian`, credentials }, closed)
      expect(job, host).toMatchObject({ state: 'failed', error: { code: 'ADDRESS_REFUSED', status: 422 } })
    }
    expect(registry.requests).toEqual([])
  })

  it('nor the ones that a registry redirects to, or names for its tokens', async () => {
    let asked = 0
    const secret: Server = createServer((_, response) => {
      asked++
      response.end('{"token":"x"}')
    })
    await new Promise<void>((resolve) => secret.listen(0, '127.0.0.2', resolve))
    const inside = `http://127.0.0.2:${(secret.address() as AddressInfo).port}/`
    for (const answer of [
      { status: 307, headers: { location: inside } },
      { status: 401, headers: { 'www-authenticate': `Bearer realm="${inside}",service="a"` } },
    ]) {
      await using registry = await startRegistry(exampleLayout, {
        intercept: (request, response) => {
          if (request.url === '/v2/') return false
          response.writeHead(answer.status, answer.headers).end()
          return true
        },
      })
      const job = await pull({ reference: `${registry.host}/test/image:debian`, credentials })
      expect(job).toMatchObject({ state: 'failed', error: { code: 'ADDRESS_REFUSED' } })
    }
    secret.close()
    expect(asked).toBe(0)
  })

  it('an image that is not there, or of another platform, is a failed job that says so', async () => {
    await using registry = await startRegistry(exampleLayout)
    expect(await pull({ reference: `${registry.host}/test/image:none` })).toMatchObject({
      state: 'failed',
      image: null,
      error: { code: 'IMAGE_NOT_FOUND', status: 404 },
    })
    expect(await pull({ reference: `${registry.host}/test/image:debian`, platform: 'linux/arm64' })).toMatchObject({
      state: 'failed',
      error: { code: 'IMAGE_NOT_FOUND' },
    })
  })
})

describe('places', () => {
  it('are taken by what is being read, are given back, and others are asked to come again', async () => {
    const waiting = Promise.withResolvers<void>()
    await using registry = await startRegistry(exampleLayout, {
      intercept: (request, response) => {
        if (!request.url!.includes('/manifests/slow')) return false
        void waiting.promise.then(() => response.writeHead(404).end())
        return true
      },
    })
    const config = { indexer: { index_report_request_concurrency: 1 } }
    await using narrow = await startTestServer({ data: false, config })
    const first = await ask<JobBody>(narrow, 'POST', '/images', {
      json: { reference: `${registry.host}/test/image:slow` },
    })
    expect(first.status).toBe(202)
    const json = { reference: `${registry.host}/test/image:debian` }
    const refused = await ask<Problem>(narrow, 'POST', '/images', { json })
    expect([refused.status, refused.body.code]).toEqual([429, 'BUSY'])
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    waiting.resolve()
    expect(await finished(narrow, `/jobs/${first.body.id}`)).toMatchObject({ state: 'failed' })
    expect(await pull(json, narrow)).toMatchObject({ state: 'succeeded' })
  })

  it('are given up after limits.indexTime, and when the server ends', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const reference = `127.0.0.1:${(silent.address() as AddressInfo).port}/a:b`
    {
      await using impatient = await startTestServer({ data: false, limits: { indexTime: 300 } })
      expect(await pull({ reference }, impatient)).toMatchObject({ state: 'failed', error: { code: 'LIMIT_EXCEEDED' } })
    }
    const started = await ask<JobBody>(server, 'POST', '/images', { json: { reference } })
    expect((await ask<JobBody>(server, 'GET', `/jobs/${started.body.id}`)).body.state).toBe('running')
    const time = performance.now()
    await server[Symbol.asyncDispose]()
    expect(performance.now() - time).toBeLessThan(3000)
    silent.closeAllConnections()
    silent.close()
    server = await startTestServer({ data: false })
  })
})
