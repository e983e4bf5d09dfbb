import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, it } from 'vitest'
import { compressAnswers } from './compression.ts'

/** An application whose answers are streams, compressed. */
async function start(content: () => Readable) {
  const app = Fastify() as unknown as FastifyInstance
  compressAnswers(app, () => 'no')
  app.get('/', async (_, reply) => reply.send(content()))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { url, [Symbol.asyncDispose]: () => app.close() }
}

it.each(['zstd', 'gzip', 'deflate'])('a client that hangs up in the middle of %s ends the stream', async (coding) => {
  const streams: Readable[] = []
  await using app = await start(() => {
    const chunks = (function* () {
      for (;;) yield Buffer.from(crypto.getRandomValues(new Uint8Array(65_536)))
    })()
    const stream = Readable.from(chunks)
    streams.push(stream)
    return stream
  })
  for (let time = 0; time < 5; time++) {
    const { hostname, port } = new URL(app.url)
    const socket = connect(Number(port), hostname, () =>
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: ${coding}\r\n\r\n`),
    )
    await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
  }
  await expect.poll(() => streams.every(({ destroyed }) => destroyed), { timeout: 20_000 }).toBe(true)
  // An error that nobody listens to comes in a turn of its own.
  await sleep(100)
  expect(streams).toHaveLength(5)
})

it('a client that has hung up before anything of it comes ends the stream', async () => {
  const streams: Readable[] = []
  await using app = await start(() => {
    const chunks = (async function* () {
      await sleep(200)
      yield 'late'
    })()
    streams.push(Readable.from(chunks, { objectMode: false }))
    return streams.at(-1)!
  })
  for (let time = 0; time < 5; time++) {
    const { hostname, port } = new URL(app.url)
    const socket = connect(Number(port), hostname, () =>
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n'),
    )
    await sleep(50)
    socket.destroy()
  }
  await expect
    .poll(() => streams.length === 5 && streams.every(({ destroyed }) => destroyed), { timeout: 20_000 })
    .toBe(true)
  await sleep(300)
})

it('a stream that breaks breaks the answer', async () => {
  await using app = await start(() =>
    Readable.from(
      (async function* () {
        yield Buffer.alloc(1_000_000, 'x')
        throw new Error('broken')
      })(),
    ),
  )
  const response = await fetch(app.url).catch(() => undefined)
  await expect(response?.text() ?? Promise.reject(new Error('no answer'))).rejects.toThrow()
})
