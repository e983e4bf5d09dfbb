import { constants } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { http2Client } from '../../test/support/http2.ts'
import { resolveClairConfig } from '../config/clair/load.ts'
import { createApp } from './app.ts'
import { speakHttp2 } from './http2.ts'
import { serverLimits } from './server-limits.ts'

const bytes = 8 * 1024 * 1024
const bounds = serverLimits({ idleTimeout: 500 })
let app: ReturnType<typeof createApp>
let closed: Promise<string>
let url: URL

function* parts(): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += 65_536) yield Buffer.alloc(65_536)
}

beforeEach(async () => {
  app = createApp(resolveClairConfig({}, 'test', 'combo').config, 'api', { write: () => {} }, bounds)
  const { promise, resolve } = Promise.withResolvers<string>()
  closed = promise
  app.addHook('onRequest', async ({ url: path }, { raw }) => void raw.once('close', () => resolve(path)))
  app.get('/whole', async (_, reply) => reply.send(Buffer.alloc(bytes)))
  app.get('/broken', async (_, reply) => {
    const broken = function* () {
      yield 'a part'
      throw new Error('there is no more')
    }
    return reply.send(Readable.from(broken()))
  })
  app.get('/streamed', async (_, reply) => reply.send(Readable.from(parts())))
  speakHttp2(app.server, bounds)
  await app.listen({ port: 0, host: '127.0.0.1' })
  url = new URL(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
})
afterEach(() => {
  app.server.closeAllConnections()
  return app.close()
})

describe.each(['/whole', '/streamed'])('an answer, %s,', (path) => {
  it('that nobody takes is given up after limits.idleTimeout, in HTTP/1.1 with its connection', async () => {
    const socket = connect(Number(url.port), url.hostname, () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`),
    )
    socket.on('error', () => {}).pause()
    expect(await closed).toBe(path)
    let received = 0
    socket.on('data', (part) => {
      received += part.length
    })
    socket.resume()
    await new Promise((resolve) => socket.on('close', resolve))
    expect(received).toBeLessThan(bytes)
  })

  it('that nobody takes is given up after limits.idleTimeout, in HTTP/2 alone', async () => {
    using client = http2Client(url.href)
    const stream = client.session.request({ ':path': path })
    stream.on('error', () => {}).pause()
    expect(await closed).toBe(path)
    stream.resume()
    await new Promise((resolve) => stream.on('close', resolve))
    expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    expect((await client.ask({ ':path': '/other' })).status).toBe(404)
  })

  it.each(['HTTP/1.1', 'HTTP/2'])(
    'that is taken slowly in %s comes to its end',
    { timeout: 30_000 },
    async (protocol) => {
      using client = http2Client(url.href)
      const slowly = async (source: AsyncIterable<Uint8Array>) => {
        let read = 0
        for await (const part of source) {
          await sleep(5)
          read += part.length
        }
        return read
      }
      const started = performance.now()
      const stream =
        protocol === 'HTTP/2'
          ? client.session.request({ ':path': path })
          : (await fetch(`${url.href.slice(0, -1)}${path}`)).body!
      expect(await slowly(stream)).toBe(bytes)
      expect(performance.now() - started).toBeGreaterThan(bounds.idleTimeout)
    },
  )
})

it('an answer that breaks in the middle is known to be broken, in HTTP/1.1 and in HTTP/2', async () => {
  await expect((await fetch(new URL('/broken', url))).text()).rejects.toThrow()
  using client = http2Client(url.href)
  await expect(client.ask({ ':path': '/broken' })).rejects.toThrow('NGHTTP2_INTERNAL_ERROR')
})
