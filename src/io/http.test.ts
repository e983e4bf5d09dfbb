import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { limits } from '../core/limits.ts'
import { createHttpClient, type HttpOptions, showUrl } from './http.ts'
import { retryAfter } from './retry.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

function client(options: Partial<HttpOptions> = {}) {
  return createHttpClient({ offline: false, environment: {}, backoff: 1, ...options })
}

const signal = new AbortController().signal

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts)
}

const document = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))

/** Serves `document` with ranges; `cut` says after how many bytes the connection of request number `n` is dropped. */
function documentServer(
  cut: (request: number) => number | undefined,
  headers: (request: number) => Record<string, string>,
) {
  const ranges: (string | undefined)[] = []
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const number = ranges.push(request.headers.range)
    const own = headers(number)
    const condition = request.headers['if-range']
    const start =
      condition === own.etag || condition === own['last-modified']
        ? Number(/\d+/.exec(request.headers.range ?? '0')![0])
        : 0
    const body = document.subarray(start)
    const range = start === 0 ? {} : { 'content-range': `bytes ${start}-${document.length - 1}/${document.length}` }
    response.writeHead(start === 0 ? 200 : 206, { 'content-length': body.length, ...own, ...range })
    const end = cut(number)
    if (end === undefined) response.end(body)
    else response.write(body.subarray(0, end), () => setTimeout(() => response.destroy(), 20))
  }
  return { ranges, listener }
}

describe('request', () => {
  it('sends its name and asks for the bytes as they are', async () => {
    const { url } = await serve((request, response) => response.end(JSON.stringify(request.headers)))
    await using http = client()
    const headers = JSON.parse(await (await http.request(url, { signal })).text())
    expect(headers['user-agent']).toMatch(/^chiaro\/\d+\.\d+\.\d+$/)
    expect(headers['accept-encoding']).toBe('identity')
  })

  it.each([429, 500, 502, 503, 504])('tries again after %i', async (status) => {
    let count = 0
    const { url } = await serve((_, response) => {
      response.statusCode = ++count < 3 ? status : 200
      response.end(`answer ${count}`)
    })
    await using http = client()
    const response = await http.request(url, { signal })
    expect([response.status, await response.text(), count]).toEqual([200, 'answer 3', 3])
  })

  it('gives the last answer after limits.attempts', async () => {
    let count = 0
    const { url } = await serve((_, response) => {
      count++
      response.statusCode = 503
      response.end()
    })
    await using http = client()
    expect((await http.request(url, { signal })).status).toBe(503)
    expect(count).toBe(limits.attempts)
  })

  it.each([400, 401, 403, 404, 501])('does not try again after %i', async (status) => {
    let count = 0
    const { url } = await serve((_, response) => {
      count++
      response.statusCode = status
      response.end('<html>no</html>')
    })
    await using http = client()
    expect((await http.request(url, { signal })).status).toBe(status)
    expect(count).toBe(1)
  })

  it('waits as long as Retry-After says', async () => {
    const times: number[] = []
    const { url } = await serve((_, response) => {
      times.push(performance.now())
      if (times.length === 1) response.writeHead(429, { 'retry-after': '1' }).end()
      else response.end()
    })
    await using http = client()
    await http.request(url, { signal })
    expect(times[1]! - times[0]!).toBeGreaterThan(950)
  })

  it('reads a date in Retry-After by the clock of the server', async () => {
    const times: number[] = []
    const { url } = await serve((_, response) => {
      times.push(performance.now())
      const headers = { date: 'Fri, 01 Jan 2077 00:00:00 GMT', 'retry-after': 'Fri, 01 Jan 2077 00:00:01 GMT' }
      if (times.length === 1) response.writeHead(503, headers).end()
      else response.end()
    })
    await using http = client()
    expect((await http.request(url, { signal })).status).toBe(200)
    expect(times[1]! - times[0]!).toBeGreaterThan(950)
  })

  it('does not wait longer than limits.retryWait', async () => {
    let count = 0
    const { url } = await serve((_, response) => {
      count++
      response.writeHead(429, { 'retry-after': String(limits.retryWait / 1000 + 1) }).end()
    })
    await using http = client()
    expect((await http.request(url, { signal })).status).toBe(429)
    expect(count).toBe(1)
  })

  it('tries again when the connection is dropped before an answer', async () => {
    let count = 0
    const { url } = await serve((request, response) => {
      if (++count < 3) request.socket.destroy()
      else response.end('there')
    })
    await using http = client()
    expect(await (await http.request(url, { signal })).text()).toBe('there')
  })

  it('names the host that refuses connections', async () => {
    const { url, server } = await serve(() => {})
    server.close()
    await using http = client()
    await expect(http.request(`${url}/v2/`, { signal })).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      where: `${url}/v2/`,
      message: expect.stringContaining('ECONNREFUSED'),
      advice: expect.stringContaining('port'),
    })
  })

  it('names the host that does not exist, at once', async () => {
    await using http = client()
    const failure = http.request('http://no-such-host.invalid/', { signal })
    await expect(failure).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.not.stringContaining('attempts'),
    })
  })

  it('gives up when no headers come', async () => {
    const { url } = await serve(() => {})
    await using http = client({ requestTimeout: 50 })
    const failure = http.request(url, { signal, attempts: 2 })
    await expect(failure).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: 'no answer within 0.05 s (2 attempts)',
    })
  })

  it('gives up when a body stalls, but not when its reader is slow', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(200, { 'content-length': 20 })
      response.write('0123456789')
      if (request.url === '/slow') setTimeout(() => response.end('0123456789'), 20)
    })
    await using http = client({ idleTimeout: 100 })
    const stalled = http.request(url, { signal }).then((response) => response.bytes())
    await expect(stalled).rejects.toMatchObject({ code: 'NETWORK_FAILED', message: 'nothing came for 0.1 s' })
    const slow = await http.request(`${url}/slow`, { signal })
    const read: string[] = []
    for await (const chunk of slow.body()) {
      read.push(chunk.toString())
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(read.join('')).toBe('01234567890123456789')
  })

  it('bounds an answer, announced or not', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/announced') response.writeHead(200, { 'content-length': 2000 })
      for (let index = 0; index < 20; index++) response.write('x'.repeat(100))
      response.end()
    })
    await using http = client()
    for (const path of ['/announced', '/chunked']) {
      const response = await http.request(url + path, { signal })
      await expect(response.bytes(1999)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', where: url + path })
    }
    expect((await (await http.request(url, { signal })).bytes(2000)).length).toBe(2000)
  })

  it('never opens a socket when offline', async () => {
    let connections = 0
    const { url, server } = await serve((_, response) => response.end())
    server.on('connection', () => connections++)
    await using http = client({ offline: true })
    await expect(http.request(url, { signal })).rejects.toMatchObject({ code: 'OFFLINE', where: `${url}/` })
    await expect(collect(http.download(url, { signal }))).rejects.toMatchObject({ code: 'OFFLINE' })
    expect(connections).toBe(0)
  })

  it('ends at once when it is cancelled, wherever it is', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/silent') return
      response.writeHead(request.url === '/wait' ? 429 : 200, { 'retry-after': '20' })
      response.write('x')
      if (request.url === '/wait') response.end()
    })
    await using http = client()
    for (const path of ['/silent', '/wait', '/body']) {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 50)
      const started = performance.now()
      const work = http.request(url + path, { signal: controller.signal }).then((response) => response.bytes())
      await expect(work).rejects.toMatchObject({ code: 'ABORTED' })
      expect(performance.now() - started).toBeLessThan(2000)
    }
    await expect(http.request(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it.each(['ftp://host/', 'nonsense', 'file:///etc/passwd'])('refuses %s', async (url) => {
    await using http = client()
    await expect(http.request(url, { signal })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

describe('redirects', () => {
  const secret = { authorization: 'Bearer secret', cookie: 'session=1', apiKey: 'key' }

  it('keeps credentials at the same origin and drops them for good at another', async () => {
    const seen: (string | undefined)[] = []
    const home = await serve((request, response) => {
      seen.push(
        `home ${request.url} ${request.headers.authorization} ${request.headers.cookie} ${request.headers.apikey}`,
      )
      if (request.url === '/') response.writeHead(302, { location: '/again' }).end()
      else if (request.url === '/again') response.writeHead(307, { location: `${other.url}/blob?signature=x` }).end()
      else response.end('back')
    })
    const other = await serve((request, response) => {
      seen.push(`other ${request.headers.authorization} ${request.headers.cookie} ${request.headers.apikey}`)
      response.writeHead(301, { location: `${home.url}/back` }).end()
    })
    await using http = client()
    const response = await http.request(home.url, { signal, headers: secret })
    expect(await response.text()).toBe('back')
    expect(seen).toEqual([
      'home / Bearer secret session=1 key',
      'home /again Bearer secret session=1 key',
      'other undefined undefined undefined',
      'home /back undefined undefined undefined',
    ])
  })

  it('sends the user of a URL to its origin only, and never shows it', async () => {
    const seen: (string | undefined)[] = []
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.statusCode = 404
      response.end()
    })
    const home = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(302, { location: `${other.url}/x?token=t` }).end()
    })
    await using http = client()
    const response = await http.request(home.url.replace('//', '//user:p%40ss@'), { signal })
    expect(seen).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`, undefined])
    expect(response.url).toBe(`${other.url}/x`)
  })

  it('follows limits.redirects of them and no more', async () => {
    const { url } = await serve((request, response) => {
      const left = Number(request.url!.slice(1))
      if (left === 0) response.end('end')
      else response.writeHead(302, { location: `/${left - 1}` }).end()
    })
    await using http = client()
    expect(await (await http.request(`${url}/${limits.redirects}`, { signal })).text()).toBe('end')
    const failure = http.request(`${url}/${limits.redirects + 1}`, { signal })
    await expect(failure).rejects.toMatchObject({ code: 'NETWORK_FAILED', message: 'it redirects more than 10 times' })
  })

  it.each(['file:///etc/passwd', 'http://[broken', 'unix:///var/run/docker.sock'])(
    'does not follow one to %s',
    async (location) => {
      const { url } = await serve((_, response) => response.writeHead(302, { location }).end())
      await using http = client()
      await expect(http.request(url, { signal })).rejects.toMatchObject({ code: 'NETWORK_FAILED', where: `${url}/` })
    },
  )

  it('repeats a POST as it is after 307, and as GET after 302', async () => {
    const seen: string[] = []
    const { url } = await serve(async (request, response) => {
      const body = (await request.toArray()).join('')
      seen.push(`${request.method} ${request.url} ${body}`)
      if (request.url === '/307') response.writeHead(307, { location: '/302' }).end()
      else if (request.url === '/302') response.writeHead(302, { location: '/end' }).end()
      else response.end()
    })
    await using http = client()
    await http.request(`${url}/307`, { signal, method: 'POST', body: 'a=b' })
    expect(seen).toEqual(['POST /307 a=b', 'POST /302 a=b', 'GET /end '])
  })
})

describe('download', () => {
  it('resumes where the transfer broke off', async () => {
    const { ranges, listener } = documentServer(
      (request) => (request < 4 ? 70_000 : undefined),
      () => ({ etag: '"one"' }),
    )
    const { url } = await serve(listener)
    await using http = client()
    const heads: number[] = []
    const bytes = await collect(http.download(url, { signal, onResponse: ({ status }) => heads.push(status) }))
    expect(bytes.equals(document)).toBe(true)
    expect(heads).toEqual([200])
    expect(ranges[0]).toBeUndefined()
    expect(ranges.slice(1)).toEqual(['bytes=70000-', 'bytes=140000-', 'bytes=210000-'])
  })

  it('resumes by date, and begins in the middle when asked to', async () => {
    const { listener } = documentServer(
      (request) => (request === 1 ? 70_000 : undefined),
      () => ({ 'last-modified': 'Mon, 02 Nov 2026 00:00:00 GMT' }),
    )
    const { url } = await serve(listener)
    await using http = client()
    const bytes = await collect(http.download(url, { signal, from: 100 }))
    expect(bytes.equals(document.subarray(100))).toBe(true)
  })

  it('notices that the document changed', async () => {
    const { listener } = documentServer(
      () => 70_000,
      (request) => ({ etag: `"${request}"` }),
    )
    const { url } = await serve(listener)
    await using http = client()
    const failure = collect(http.download(url, { signal }))
    await expect(failure).rejects.toMatchObject({ code: 'NETWORK_FAILED', message: expect.stringContaining('changed') })
  })

  it('notices that the document got shorter', async () => {
    let count = 0
    const { url } = await serve((_, response) => {
      if (++count > 1) return response.writeHead(416).end()
      response.writeHead(200, { etag: '"a"', 'content-length': 1000 })
      return response.write('x'.repeat(500), () => setTimeout(() => response.destroy(), 20))
    })
    await using http = client()
    const failure = collect(http.download(url, { signal }))
    await expect(failure).rejects.toMatchObject({ code: 'NETWORK_FAILED', message: expect.stringContaining('shorter') })
  })

  it('does not glue together what it cannot recognise', async () => {
    const { ranges, listener } = documentServer(
      () => 70_000,
      () => ({}),
    )
    const { url } = await serve(listener)
    await using http = client()
    await expect(collect(http.download(url, { signal }))).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
    expect(ranges.length).toBe(1)
  })

  it('skips what it has when the server knows no ranges and the content cannot change', async () => {
    let count = 0
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': document.length })
      if (++count > 1) response.end(document)
      else response.write(document.subarray(0, 123_456), () => setTimeout(() => response.destroy(), 20))
    })
    await using http = client()
    const bytes = await collect(http.download(url, { signal, immutable: true }))
    expect(bytes.equals(document)).toBe(true)
  })

  it('refuses a part that was not asked for', async () => {
    let count = 0
    const { url } = await serve((_, response) => {
      if (++count === 1) {
        response.writeHead(200, { etag: '"a"', 'content-length': 1000 })
        return response.write('x'.repeat(500), () => setTimeout(() => response.destroy(), 20))
      }
      return response.writeHead(206, { etag: '"a"', 'content-range': 'bytes 0-999/1000' }).end('x'.repeat(1000))
    })
    await using http = client()
    const failure = collect(http.download(url, { signal }))
    await expect(failure).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining('another part'),
    })
  })

  it('gives up on a server that drops every connection', async () => {
    const { ranges, listener } = documentServer(
      () => 10,
      () => ({ etag: '"a"' }),
    )
    const { url } = await serve(listener)
    await using http = client()
    await expect(collect(http.download(url, { signal }))).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
    expect(ranges.length).toBe(limits.attempts)
  })

  it('takes 304 for an answer to a condition, and no other status', async () => {
    const { url } = await serve((request, response) => {
      response.statusCode = request.headers['if-none-match'] === '"a"' ? 304 : 404
      response.end()
    })
    await using http = client()
    const seen: number[] = []
    const onResponse = ({ status }: { status: number }) => seen.push(status)
    const unchanged = http.download(url, { signal, headers: { 'if-none-match': '"a"' }, onResponse })
    expect((await collect(unchanged)).length).toBe(0)
    expect(seen).toEqual([304])
    const failure = collect(http.download(url, { signal, onResponse }))
    await expect(failure).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: 'the server answered with status 404',
    })
  })

  it('does not take 304 for an answer where no condition was sent', async () => {
    const { url } = await serve((_, response) => response.writeHead(304, { etag: '"a"' }).end())
    await using http = client()
    const seen: number[] = []
    const onResponse = ({ status }: { status: number }) => seen.push(status)
    const failure = collect(http.download(url, { signal, headers: { accept: '*/*' }, onResponse }))
    await expect(failure).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining('was not asked (status 304)'),
    })
    expect(seen).toEqual([])
  })

  it('does not take 304 for the rest of a document', async () => {
    const conditions: unknown[] = []
    const { url } = await serve((request, response) => {
      conditions.push(request.headers['if-none-match'])
      if (conditions.length > 1) return response.writeHead(304).end()
      response.writeHead(200, { etag: '"new"', 'content-length': 1000 })
      return response.write('x'.repeat(500), () => setTimeout(() => response.destroy(), 20))
    })
    await using http = client()
    const failure = collect(http.download(url, { signal, headers: { 'if-none-match': '"old"' } }))
    await expect(failure).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
    expect(conditions).toEqual(['"old"', undefined])
  })

  it.each([
    ['cannot be recognised', () => ({})],
    ['is another one each time', (request: number) => ({ etag: `"${request}"` })],
  ])('begins again with a document that %s, where that is wanted', async (_, headers) => {
    const { listener } = documentServer((request) => (request < 3 ? 70_000 : undefined), headers)
    const { url } = await serve(listener)
    await using http = client()
    let parts: Buffer[] = []
    const restart = async () => {
      parts = []
    }
    for await (const chunk of http.download(url, { signal, restart })) parts.push(Buffer.from(chunk))
    expect(Buffer.concat(parts).equals(document)).toBe(true)
  })

  it('does not begin again for ever', async () => {
    const { ranges, listener } = documentServer(
      () => 100_000,
      () => ({}),
    )
    const { url } = await serve(listener)
    await using http = client()
    const failure = collect(http.download(url, { signal, restart: async () => {} }))
    await expect(failure).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
    expect(ranges).toEqual(Array.from({ length: limits.attempts }, () => undefined))
  })

  it('stops at maxBytes, announced or not', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/announced') response.writeHead(200, { 'content-length': document.length })
      response.end(document)
    })
    await using http = client()
    for (const path of ['/announced', '/chunked']) {
      const failure = collect(http.download(url + path, { signal, maxBytes: document.length - 1 }))
      await expect(failure).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', where: url + path })
    }
  })

  it('drops the connection when its reader stops', async () => {
    const { url, server } = await serve((_, response) => response.write(document))
    const dropped = new Promise((resolve) => server.once('connection', (socket) => socket.on('close', resolve)))
    await using http = client()
    for await (const _ of http.download(url, { signal })) break
    await dropped
  })
})

describe('proxies', () => {
  it('asks the proxy for http URLs and tunnels to https ones, except for NO_PROXY and this machine', async () => {
    const seen: string[] = []
    const { url, server } = await serve((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`)
      response.end('from the proxy')
    })
    server.on('connect', (request, socket) => {
      seen.push(`CONNECT ${request.url}`)
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    })
    const proxy = url.replace('//', '//user:secret@')
    await using http = client({ environment: { HTTP_PROXY: proxy, https_proxy: proxy, NO_PROXY: 'skipped.invalid' } })
    const response = await http.request('http://registry.invalid/v2/', { signal })
    expect(await response.text()).toBe('from the proxy')
    const tunnelled = http.request('https://registry.invalid/v2/', { signal, attempts: 1 })
    await expect(tunnelled).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.not.stringContaining('secret'),
    })
    await expect(http.request('http://skipped.invalid/', { signal })).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
    expect(await (await http.request(url, { signal })).text()).toBe('from the proxy')
    expect(seen).toEqual([
      `GET http://registry.invalid/v2/ Basic ${Buffer.from('user:secret').toString('base64')}`,
      'CONNECT registry.invalid:443',
      'GET / undefined',
    ])
  })
})

it('says that a server does not speak TLS', async () => {
  const { url } = await serve((_, response) => response.end())
  await using http = client()
  await expect(http.request(url.replace('http:', 'https:'), { signal })).rejects.toMatchObject({
    code: 'NETWORK_FAILED',
    advice: expect.stringContaining('TLS'),
  })
})

it('survives a server that talks nonsense', async () => {
  const { url, server } = await serve(() => {})
  server.removeAllListeners('connection')
  server.on('connection', (socket) => socket.end('nonsense\r\n\r\n'))
  await using http = client()
  await expect(http.request(url, { signal })).rejects.toMatchObject({ code: 'NETWORK_FAILED' })
  connect(Number(new URL(url).port), '127.0.0.1').destroy()
})

it.each([
  ['5', 5000],
  ['Mon, 23 Nov 2026 00:00:10 GMT', 10_000],
  ['Sun, 22 Nov 2026 00:00:10 GMT', 0],
  ['soon', undefined],
  [null, undefined],
])('Retry-After: %s', (value, expected) => {
  expect(retryAfter(value, Date.parse('2026-11-23T00:00:00Z'))).toBe(expected)
})

it.each([
  ['https://user:secret@host:1/path?X-Amz-Signature=1#f', 'https://host:1/path'],
  ['not a url\u001b', 'not a url\\u001b'],
])('shows %s', (url, shown) => {
  expect(showUrl(url)).toBe(shown)
})
