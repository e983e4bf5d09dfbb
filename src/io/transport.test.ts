import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { createHttpClient, type HttpOptions } from './http.ts'
import { isLoopback } from './transport.ts'

describe('a server with a certificate of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
  const certificate = join(folder, 'tls.crt')
  let url = ''
  let close = () => {}

  beforeAll(async () => {
    const tls = testCertificate()
    writeFileSync(certificate, tls.cert)
    const server = createServer(tls, (request, response) => {
      if (request.url === '/down') response.writeHead(302, { location: 'http://127.0.0.1:3/' }).end()
      else response.end('secret')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    close = () => {
      server.closeAllConnections()
      server.close()
    }
  })

  afterAll(() => {
    close()
    rmSync(folder, { recursive: true })
  })

  async function get(options: Partial<HttpOptions>, path = '/'): Promise<string> {
    await using http = createHttpClient({ offline: false, environment: {}, backoff: 1, ...options })
    return await (await http.request(url + path, { signal: new AbortController().signal })).text()
  }

  it('is not trusted', async () => {
    await expect(get({})).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining('self-signed certificate'),
      advice: expect.stringContaining('--ca-file'),
    })
  })

  it('is trusted with its CA, or if any certificate is', async () => {
    expect(await get({ caFile: certificate })).toBe('secret')
    expect(await get({ insecure: true })).toBe('secret')
  })

  it('is reached directly although there is a proxy, as it is on this machine', async () => {
    expect(await get({ caFile: certificate, environment: { https_proxy: 'http://127.0.0.1:1' } })).toBe('secret')
  })

  it('may not lead down to plain HTTP, unless that was asked for', async () => {
    const failure = get({ insecure: true }, '/down')
    await expect(failure).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining('not encrypted'),
    })
    const followed = get({ insecure: true, plainHttp: true }, '/down')
    await expect(followed).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') })
  })

  it.each([
    ['is missing', () => join(folder, 'nowhere')],
    ['has no certificate', () => join(import.meta.dirname, 'http.ts')],
  ])('refuses a CA file that %s', async (_, file) => {
    await expect(get({ caFile: file() })).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: file() })
  })

  it('refuses a CA file whose certificate is damaged', async () => {
    const file = join(folder, 'damaged.crt')
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    await expect(get({ caFile: file })).rejects.toMatchObject({
      code: expect.stringMatching(/CONFIG_INVALID|NETWORK_FAILED/),
    })
  })
})

it.each(['ht tp://x', 'socks5://proxy:1080', 'http://', 'file:///x'])('refuses the proxy %s', (proxy) => {
  expect(() => createHttpClient({ offline: false, environment: { HTTPS_PROXY: proxy } })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', where: 'HTTPS_PROXY' }),
  )
})

it.each([
  ['localhost', true],
  ['app.localhost', true],
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['[::1]', true],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['128.0.0.1', false],
])('isLoopback %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})
