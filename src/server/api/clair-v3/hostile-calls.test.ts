import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { v3Client } from '../../../../test/support/clair-v3.ts'
import { type Http2Client, http2Client } from '../../../../test/support/http2.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { limits } from '../../../core/limits.ts'
import { GetAncestryRequestSchema, GetStatusResponseSchema, PostAncestryRequestSchema } from './clair_pb.ts'

let server: TestServer
let client: Http2Client
const warnings: string[] = []
const warned = ({ message }: Error) => void warnings.push(message)
beforeAll(async () => {
  process.on('warning', warned)
  server = await startTestServer()
  client = http2Client(server.urls.api)
})
afterAll(async () => {
  client[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  process.off('warning', warned)
})

const statusPath = '/coreos.clair.StatusService/GetStatus'
const postPath = '/coreos.clair.AncestryService/PostAncestry'
const getPath = '/coreos.clair.AncestryService/GetAncestry'

/** A message as it is sent (grpc/grpc, PROTOCOL-HTTP2): a flag, its length, and it. */
function framed(message: Uint8Array, { flag = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(flag)
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, message])
}

/** Calls a method with these bytes; tells HTTP's status, and gRPC's. */
async function call(path: string, body: Buffer, headers: Readonly<Record<string, string>> = {}) {
  const answer = await client.ask(
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
    body,
  )
  return { ...answer, code: Number(answer.trailers['grpc-status'] ?? Number.NaN) }
}

const empty = framed(new Uint8Array())

describe('a call', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 12],
    ['part of a head', Buffer.from([0, 0, 0]), 3],
    ['less than its head says', framed(Buffer.from('abc'), { length: 10 }), 3],
    ['more than one message', Buffer.concat([empty, empty]), 12],
    ['no message of that kind', framed(Buffer.from('\xff\xff\xff\xff', 'latin1')), 13],
    ['text that is not UTF-8', framed(Buffer.from([0x0a, 0x02, 0xc3, 0x28])), 0],
    ['a compressed message, of which nothing was said', framed(Buffer.from('x'), { flag: 1 }), 13],
    ['a flag that means nothing', framed(new Uint8Array(), { flag: 2 }), 0],
    ['a head that promises gigabytes', framed(Buffer.from('abc'), { length: 0xffffffff }), 8],
  ])('with %s is told so', async (_, body, code) => {
    const answer = await call(statusPath, body)
    expect([answer.status, answer.headers['content-type']]).toEqual([200, expect.stringMatching(/^application\/grpc/)])
    expect([answer.code, answer.trailers['grpc-message'] ?? '']).toEqual([code, expect.any(String)])
  })

  it('with a message beyond limits.grpcMessageBytes is refused, compressed or not', async () => {
    const large = framed(new Uint8Array(limits.grpcMessageBytes + 1))
    expect((await call(postPath, large)).code).toBe(8)
    const bomb = framed(gzipSync(new Uint8Array(limits.grpcMessageBytes + 1)), { flag: 1 })
    expect(bomb.length).toBeLessThan(10_000)
    const answer = await call(postPath, bomb, { 'grpc-encoding': 'gzip' })
    expect([answer.code, answer.trailers['grpc-message']]).toEqual([8, expect.stringContaining('decompressed')])
    expect((await call(postPath, Buffer.alloc(limits.requestBodyBytes + 1))).code).toBe(8)
    const request = create(PostAncestryRequestSchema, { ancestryName: 'x'.repeat(limits.grpcMessageBytes - 10) })
    expect((await call(postPath, framed(toBinary(PostAncestryRequestSchema, request)))).code).toBe(3)
  })

  it('may be compressed, and is answered so if that is wanted', async () => {
    const name = 'a name that is not there '.repeat(100)
    const bytes = toBinary(GetAncestryRequestSchema, create(GetAncestryRequestSchema, { ancestryName: name }))
    const body = framed(gzipSync(bytes), { flag: 1 })
    expect((await call(getPath, body, { 'grpc-encoding': 'gzip' })).code).toBe(5)
    const answer = await call(statusPath, empty, { 'grpc-accept-encoding': 'br, gzip' })
    expect(answer.headers['grpc-encoding']).toBe('gzip')
    // What is short is sent as it is.
    expect(answer.body[0]).toBe(0)
    expect(fromBinary(GetStatusResponseSchema, answer.body.subarray(5)).status?.listers).toContain('dpkg')
    const broken = framed(Buffer.from('not compressed'), { flag: 1 })
    expect((await call(statusPath, broken, { 'grpc-encoding': 'gzip' })).code).toBe(3)
    const other = await call(statusPath, empty, { 'grpc-encoding': 'snappy' })
    expect([other.code, other.headers['grpc-accept-encoding']]).toEqual([12, 'gzip'])
  })

  it('is answered compressed where that is shorter', async () => {
    using whole = v3Client(new URL(server.urls.api).host, { 'grpc.default_compression_algorithm': 2 })
    const layers = Array.from({ length: 200 }, (_, place) => ({ hash: `${place}`, path: 'ftp://x/' }))
    const request = { ancestry_name: 'x', format: 'Docker', layers }
    expect((await whole.call('AncestryService.PostAncestry', request)).code).toBe(3)
    expect((await whole.call('StatusService.GetStatus', {})).answer.status.listers).toEqual(['apk', 'dpkg', 'rpm'])
  })

  it.each([
    ['application/grpc+proto', 0],
    ['application/grpc;charset=utf-8', Number.NaN],
    ['application/grpc-web', Number.NaN],
    ['application/json', Number.NaN],
    ['nonsense', Number.NaN],
    ['', Number.NaN],
  ])('of type %j', async (type, code) => {
    const answer = await call(statusPath, empty, { 'content-type': type })
    expect([answer.status, answer.code]).toEqual([Number.isNaN(code) ? 415 : 200, code])
  })

  it.each([
    ['/coreos.clair.StatusService/Nothing', 200, 12],
    ['/coreos.clair.Nothing/GetStatus', 200, 12],
    ['/coreos.clair.StatusService/GetStatus/more', 200, 12],
    ['/grpc.health.v1.Health/Check', 404, Number.NaN],
  ])('of %s is not implemented', async (path, status, code) => {
    expect(await call(path, empty)).toMatchObject({ status, code })
    using whole = v3Client(new URL(server.urls.api).host)
    expect(await whole.callPath(path)).toMatchObject({ code: 12 })
  })

  it('is nothing but POST, and nothing in HTTP/1.1', async () => {
    expect((await client.ask({ ':path': statusPath, 'content-type': 'application/grpc' })).status).toBe(405)
    expect((await client.ask({ ':path': '/coreos.clair.StatusService/Nothing' })).status).toBe(404)
    const options = { method: 'POST', body: empty, headers: { 'content-type': 'application/grpc' } }
    expect((await fetch(`${server.urls.api}${statusPath}`, options)).status).toBe(505)
    expect((await fetch(`${server.urls.api}/coreos.clair.X/Y`, options)).status).toBe(404)
  })

  it.each([
    ['100m', 0],
    ['0m', 4],
    ['99999999H', 0],
    ['soon', 3],
    ['', 3],
    ['-1S', 3],
    ['999999999S', 3],
  ])('with the timeout %j gives %i', async (timeout, code) => {
    expect((await call(statusPath, empty, { 'grpc-timeout': timeout })).code).toBe(code)
  })

  it('may have any headers', async () => {
    const text = fc.string({ unit: fc.constantFrom(...'abc /;,=:%+-0 '), maxLength: 30 })
    const property = fc.asyncProperty(text, text, text, text, async (type, encoding, accept, timeout) => {
      const headers = { 'grpc-encoding': encoding, 'grpc-accept-encoding': accept, 'grpc-timeout': timeout }
      const sound = await call(statusPath, empty, headers)
      expect(sound.status).toBe(200)
      expect([0, 3, 4, 12]).toContain(sound.code)
      const typed = await call(statusPath, empty, { 'content-type': `application/grpc${type}` })
      expect([200, 415]).toContain(typed.status)
    })
    await fc.assert(property, { numRuns: 100 })
  })

  it('may bring any bytes', async () => {
    const methods = [postPath, getPath, '/coreos.clair.NotificationService/GetNotification']
    const property = fc.asyncProperty(
      fc.constantFrom(...methods),
      fc.uint8Array({ maxLength: 200 }),
      async (path, bytes) => {
        const answer = await call(path, framed(bytes))
        expect(answer.status).toBe(200)
        // Internal is what gRPC's servers say of what they cannot decode.
        expect([3, 5, 13]).toContain(answer.code)
        const bare = await call(path, Buffer.from(bytes))
        expect([3, 5, 8, 12, 13]).toContain(bare.code)
      },
    )
    await fc.assert(property, { numRuns: 150 })
  })

  it('that is taken back, or whose connection breaks, does no harm', async () => {
    const { hostname, port } = new URL(server.urls.api)
    for (let count = 0; count < 20; count++) {
      using gone = http2Client(server.urls.api)
      const stream = gone.session.request({ ':method': 'POST', ':path': postPath, 'content-type': 'application/grpc' })
      stream.on('error', () => {})
      stream.write(empty.subarray(0, 3))
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (count % 2 === 0) stream.close(8)
    }
    const half = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    half.on('error', () => {})
    half.end('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')
    await new Promise((resolve) => half.resume().on('end', resolve))
    half.destroy()
    expect((await call(statusPath, empty)).code).toBe(0)
  })

  it('leaves a server that answers, and nothing in its log that failed', async () => {
    expect((await call(statusPath, empty)).code).toBe(0)
    expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([])
    expect(warnings).toEqual([])
  })
})
