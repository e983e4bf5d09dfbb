import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createAddressGuard } from './address-guard.ts'
import { createHttpClient } from './http.ts'

const strict = { allowed: [], onlyPrivate: false }

describe('addresses', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450:4001:80b::200e',
    '::ffff:8.8.8.8',
  ])('%s is on the Internet', (address) => expect(createAddressGuard(strict).admits(address)).toBe(true))

  it.each([
    '0.0.0.0',
    '10.255.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:10.0.0.1',
    '::127.0.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '2001:0:1::',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'metadata',
    '',
  ])('%s is not', (address) => expect(createAddressGuard(strict).admits(address)).toBe(false))

  it.each([
    [['10.1.2.3'], '10.1.2.3', true],
    [['10.1.2.3'], '10.1.2.4', false],
    [['10.0.0.0/8'], '10.1.2.4', true],
    [['127.0.0.0/8', '::1'], '::1', true],
    [['127.0.0.0/8'], '::ffff:127.0.0.1', true],
    [['private'], '192.168.0.1', true],
    [['private'], 'fd00::1', true],
    [['private'], '127.0.0.1', false],
    [['private'], '169.254.169.254', false],
  ])('with %j, %s: %s', (allowed, address, admitted) => {
    expect(createAddressGuard({ allowed, onlyPrivate: false }).admits(address)).toBe(admitted)
  })

  it('are private ones, or allowed, where there is no Internet', () => {
    const guard = createAddressGuard({ allowed: ['9.9.9.9'], onlyPrivate: true })
    const addresses = ['10.0.0.1', '9.9.9.9', '8.8.8.8', '127.0.0.1', '169.254.169.254']
    expect(addresses.map(guard.admits)).toEqual([true, true, false, false, false])
  })

  it.each(['', '10.0.0.0/33', '::/129', 'localhost', '10.0.0/8', '10.0.0.0/', '10.0.0.0/-1'])(
    '%j cannot be allowed',
    (text) => {
      expect(() => createAddressGuard({ allowed: [text], onlyPrivate: false })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      )
    },
  )
})

describe('a client with a guard', () => {
  async function serve(answer: (host: string) => string | undefined) {
    const requests: (string | undefined)[] = []
    const server = createServer((request, response) => {
      requests.push(`${request.url} ${request.headers['x-token']} ${request.headers.authorization}`)
      const location = answer(request.headers.host!)
      if (location === undefined || request.url === '/end') response.end('here')
      else response.writeHead(307, { location }).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { port, requests, [Symbol.dispose]: () => void server.close() }
  }

  const ask = async (url: string, allowed: readonly string[]) => {
    const addresses = createAddressGuard({ allowed, onlyPrivate: false })
    await using http = createHttpClient({ offline: false, addresses, environment: {} })
    const originHeaders = { 'x-token': 'secret', authorization: 'Bearer t' }
    const response = await http.request(url, { originHeaders, signal: AbortSignal.timeout(5000), attempts: 1 })
    return response.text()
  }

  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0'])(
    'does not connect to %s',
    async (host) => {
      using server = await serve(() => undefined)
      await expect(ask(`http://${host}:${server.port}/`, [])).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' })
      expect(server.requests).toEqual([])
    },
  )

  it('checks again where it is redirected to', async () => {
    using server = await serve(() => 'http://169.254.169.254/latest/meta-data')
    const asked = ask(`http://127.0.0.1:${server.port}/`, ['127.0.0.1'])
    await expect(asked).rejects.toMatchObject({ code: 'ADDRESS_REFUSED', where: '169.254.169.254' })
    expect(server.requests).toHaveLength(1)
  })

  it('gives the headers of a client to the host that they are for, and to no other', async () => {
    using other = await serve(() => undefined)
    using server = await serve(() => `http://127.0.0.1:${other.port}/`)
    expect(await ask(`http://127.0.0.1:${server.port}/`, ['127.0.0.1'])).toBe('here')
    expect(server.requests).toEqual(['/ secret Bearer t'])
    expect(other.requests).toEqual(['/ undefined undefined'])
    using same = await serve(() => '/end')
    await ask(`http://127.0.0.1:${same.port}/`, ['127.0.0.1'])
    expect(same.requests).toEqual(['/ secret Bearer t', '/end secret Bearer t'])
  })

  it('checks addresses once more as they are connected to', async () => {
    const { lookup } = createAddressGuard(strict)
    const error = await new Promise((resolve) => lookup('localhost', { all: true }, resolve))
    expect(error).toMatchObject({ code: 'ADDRESS_REFUSED' })
    const allowing = createAddressGuard({ allowed: ['127.0.0.1', '::1'], onlyPrivate: false })
    const found = await new Promise((resolve) => allowing.lookup('localhost', {}, (_, address) => resolve(address)))
    expect(['127.0.0.1', '::1']).toContain(found)
  })
})
