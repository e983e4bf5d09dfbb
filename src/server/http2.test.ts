import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { constants } from 'node:http2'
import { get as getByTls } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { http2Client } from '../../test/support/http2.ts'
import { startTestServer } from '../../test/support/server.ts'
import { temporaryTls } from '../../test/support/tls.ts'
import { limits } from '../core/limits.ts'
import { speakHttp2 } from './http2.ts'

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
/** An empty SETTINGS frame (RFC 9113, 6.5). */
const settings = '\0\0\0\x04\0\0\0\0\0'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** A server that says what it was asked, with little patience. */
async function serve(
  listener: (request: IncomingMessage, response: ServerResponse) => void = echo,
  patience = { requestTimeout: 300, idleTimeout: 200 },
): Promise<{ readonly url: string; readonly port: number; readonly server: Server }> {
  const server = createServer(listener)
  speakHttp2(server, patience)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, server }
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let size = 0
  try {
    for await (const part of request) size += (part as Buffer).length
  } catch {
    return // the client has gone
  }
  response.end(`${request.httpVersion} ${request.method} ${size}`)
}

/** Opens a connection, and tells what came back when it was closed, and after how many milliseconds. */
async function raw(port: number, write: (socket: Socket) => unknown): Promise<{ text: string; time: number }> {
  const started = performance.now()
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part
  })
  const closed = new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()))
  await write(socket)
  await closed
  return { text, time: performance.now() - started }
}

describe('one port', () => {
  it('speaks HTTP/1.1 and HTTP/2, whatever comes in which pieces', async () => {
    const { url, port } = await serve()
    using client = http2Client(url)
    const large = Buffer.alloc(3_000_000)
    const bodies = await Promise.all([1, 2, 3].map(() => client.ask({ ':method': 'POST' }, large)))
    expect(bodies.map(({ body }) => body.toString())).toEqual(Array(3).fill('2.0 POST 3000000'))
    const response = await fetch(url, { method: 'POST', body: large })
    expect(await response.text()).toBe('1.1 POST 3000000')
    const slowly = async (socket: Socket) => {
      for (const byte of 'PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n') {
        socket.write(byte)
        await sleep(1)
      }
    }
    expect((await raw(port, slowly)).text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n1\.1 PROPFIND 0$/)
    const inPieces = async (socket: Socket) => {
      for (const byte of `${preface}${settings}`) {
        socket.write(byte, 'latin1')
        await sleep(1)
      }
      socket.end()
    }
    // Its settings, and that it has got ours.
    expect((await raw(port, inPieces)).text).toContain('\0\0\0\x04\x01\0\0\0\0')
  })

  it('speaks both in TLS, by what is agreed', async () => {
    const certificate = testCertificate()
    using tls = temporaryTls(certificate)
    await using server = await startTestServer({ config: { tls: tls.files } })
    const { port } = new URL(server.urls.api)
    using client = http2Client(`https://localhost:${port}`, certificate.cert)
    const { status, body } = await client.ask({ ':path': '/robots.txt' })
    expect([status, body.toString()]).toEqual([200, 'User-agent: *\nDisallow: /\n'])
    expect(client.session.alpnProtocol).toBe('h2')
    const version = await new Promise((resolve, reject) => {
      getByTls(`https://localhost:${port}/robots.txt`, { ca: certificate.cert }, (answer) => {
        answer.resume()
        resolve(answer.httpVersion)
      }).on('error', reject)
    })
    expect(version).toBe('1.1')
  })

  it('answers every API in HTTP/2', async () => {
    await using server = await startTestServer()
    using client = http2Client(server.urls.api)
    const state = await client.ask({ ':path': '/indexer/api/v1/index_state', 'accept-encoding': 'gzip' })
    expect(state).toMatchObject({ status: 200, headers: { 'content-encoding': 'gzip', etag: expect.any(String) } })
    const layers = await client.ask({ ':method': 'POST', ':path': '/v1/layers' }, '{}')
    expect(layers.status).toBe(400)
    expect((await client.ask({ ':path': '/nothing' })).status).toBe(404)
    const updates = '/matcher/api/v1/internal/update_operation?kind=vulnerability&latest=true'
    const ref = /"ref":"([^"]+)"/.exec((await client.ask({ ':path': updates })).body.toString())?.[1]
    const diff = await client.ask({ ':path': `/matcher/api/v1/internal/update_diff?cur=${ref}` })
    expect(JSON.parse(diff.body.toString()).added.length).toBeGreaterThan(0)
  })
})

describe('clients that are slow', () => {
  const first = (text: string) => (socket: Socket) => socket.write(text, 'latin1')

  it.each([
    ['say nothing', '', 300],
    ['say the beginning of either protocol', 'PR', 300],
    ['begin with HTTP/2 and say nothing more', preface, 200],
    ['begin with HTTP/2 and ask for nothing', `${preface}${settings}`, 200],
  ])('and %s are left', async (_, text, patience) => {
    const { port } = await serve()
    const { time } = await raw(port, first(text))
    expect(time).toBeGreaterThan(patience - 50)
    expect(time).toBeLessThan(patience + 2000)
  })

  it('and have been answered are left when they ask for nothing more, though they do not close', async () => {
    const { port, server } = await serve()
    const request = `\0\0\x03\x01\x05\0\0\0\x01\x82\x84\x86`
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {}).resume()
    const started = performance.now()
    socket.write(`${preface}${settings}${request}`, 'latin1')
    await new Promise((resolve) => socket.on('end', resolve))
    expect(performance.now() - started).toBeGreaterThan(150)
    await sleep(50)
    expect(await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0)
    socket.destroy()
  })

  it('do not get to the end of their request: it is given up', async () => {
    const { url } = await serve()
    using client = http2Client(url)
    const stream = client.session.request({ ':method': 'POST' })
    const trickle = setInterval(() => stream.write('x'), 50)
    await new Promise((resolve) => stream.on('error', () => {}).on('close', resolve))
    clearInterval(trickle)
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL)
    expect((await client.ask({ ':method': 'POST' }, 'x')).body.toString()).toBe('2.0 POST 1')
  })

  it.each(['HTTP/1.1', 'HTTP/2'])('and leave are noticed in %s', async (protocol) => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: closed, resolve: close } = Promise.withResolvers<void>()
    const { url, port } = await serve((_, response) => {
      response.on('close', close).write('something, and then nothing')
      ask()
    })
    using client = http2Client(url)
    const socket = connect(port, '127.0.0.1')
    if (protocol === 'HTTP/2') client.ask({}).catch(() => {})
    else socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await asked
    client.session.destroy()
    socket.destroy()
    await closed
  })

  it('are waited for as long as they are answered', async () => {
    const { url } = await serve((_, response) => void setTimeout(() => response.end('late'), 1000))
    using client = http2Client(url)
    expect((await client.ask({})).body.toString()).toBe('late')
  })
})

describe('clients that are hostile', () => {
  it.each([
    ['garbage', '\x16\x03\x01\x02\0\x01\0\x01\xfc'],
    ['almost the preface', 'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'],
    ['the preface, and garbage', `${preface}${'\xff'.repeat(100)}`],
    ['a frame that is larger than may be', `${preface}${settings}\xff\xff\xff\0\0\0\0\0\x01`],
    ['data for a stream that was not opened', `${preface}${settings}\0\0\x01\0\0\0\0\0\x09x`],
    ['headers that cannot be decompressed', `${preface}${settings}\0\0\x04\x01\x05\0\0\0\x01\xff\xff\xff\xff`],
  ])('and send %s are left, and nobody else', async (_, text) => {
    const { url, port } = await serve()
    await raw(port, (socket) => socket.write(text, 'latin1'))
    using client = http2Client(url)
    expect((await client.ask({})).status).toBe(200)
  })

  it('and leave in the middle do no harm', async () => {
    const { url, port } = await serve()
    for (const text of ['P', preface, `${preface}${settings}`, 'GET / HT']) {
      await raw(port, (socket) => socket.end(text, 'latin1'))
      await raw(port, (socket) => {
        socket.write(text, 'latin1')
        setTimeout(() => socket.resetAndDestroy(), 20)
      })
    }
    using client = http2Client(url)
    expect((await client.ask({})).status).toBe(200)
  })

  it('and send more than limits.http2HeaderBytes of headers are refused, that request only', async () => {
    const { url } = await serve()
    using client = http2Client(url)
    // The limit holds once the client has taken note of it.
    await client.ask({})
    const headers = Object.fromEntries(Array.from({ length: 8 }, (_, place) => [`x-${place}`, 'x'.repeat(3000)]))
    await expect(client.ask(headers)).rejects.toThrow('NGHTTP2_ENHANCE_YOUR_CALM')
    expect((await client.ask({})).status).toBe(200)
  })

  it('and ask more than limits.http2Streams at a time wait, or are refused the rest', async () => {
    let most = 0
    let running = 0
    const { url } = await serve((_, response) => {
      running++
      most = Math.max(most, running)
      setTimeout(() => {
        running--
        response.end()
      }, 100)
    })
    using client = http2Client(url)
    await client.ask({})
    const asked = Array.from({ length: limits.http2Streams + 50 }, () => client.ask({}))
    const outcomes = await Promise.allSettled(asked)
    expect(most).toBe(limits.http2Streams)
    for (const one of outcomes) {
      if (one.status === 'rejected') expect(one.reason.message).toContain('NGHTTP2_REFUSED_STREAM')
    }
  })

  it('and take back what they ask again and again are left', async () => {
    const { url } = await serve()
    using client = http2Client(url)
    const closed = new Promise((resolve) => client.session.on('close', resolve))
    for (let count = 0; count < 5000 && !client.session.destroyed; count++) {
      const stream = client.session.request({ ':path': '/' })
      stream.on('error', () => {})
      stream.close(constants.NGHTTP2_CANCEL)
      if (count % 100 === 0) await sleep(1)
    }
    await closed
    using other = http2Client(url)
    expect((await other.ask({})).status).toBe(200)
  })
})

describe('a server that ends', () => {
  it('lets go of whom it does not answer, and answers whom it does', async () => {
    const { url, port, server } = await serve((_, response) => void setTimeout(() => response.end('done'), 300), {
      requestTimeout: 60_000,
      idleTimeout: 60_000,
    })
    const silent = raw(port, () => {})
    const begun = raw(port, (socket) => socket.write('PRI'))
    using idle = http2Client(url)
    await idle.ask({})
    using busy = http2Client(url)
    const answer = busy.ask({})
    const kept = new Promise((resolve) => get(url, { agent: false }, resolve))
    await sleep(100)
    const closed = new Promise((resolve) => server.close(resolve))
    expect((await answer).body.toString()).toBe('done')
    await Promise.all([closed, silent, begun, kept])
  })

  it('ends all connections when it is told to', async () => {
    const { url, port, server } = await serve(() => {}, { requestTimeout: 60_000, idleTimeout: 60_000 })
    const silent = raw(port, () => {})
    using busy = http2Client(url)
    const answer = expect(busy.ask({})).rejects.toThrow()
    await sleep(100)
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await Promise.all([closed, silent])
    await answer
  })
})
