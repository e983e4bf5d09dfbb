import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ChiaroError } from '../core/errors.ts'
import { decompress } from './decompress.ts'

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = Buffer.from(bytes.subarray(at, at + size))
    yield chunk
    chunk.fill(0x21)
  }
}

async function content(bytes: Buffer, size = 1000, maxBytes?: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of decompress(chunks(bytes, size), 'test', maxBytes)) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts)
}

async function failure(bytes: Buffer, maxBytes?: number): Promise<string> {
  const error = await content(bytes, 1000, maxBytes).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ChiaroError)
  return `${(error as ChiaroError).code} ${(error as ChiaroError).message}`
}

const plain = Buffer.from(Array.from({ length: 20_000 }, (_, index) => `line ${index * 7919}\n`).join(''))
/** `printf 'hello hello hello\n' | bzip2` */
const bzip2 = Buffer.from('QlpoOTFBWSZTWeW18wkAAARRAAAQQAACRKAAIbUYDAKQacKjC7kinChIctr5hIA=', 'base64')

describe('decompress', () => {
  it.each([
    ['what is not compressed', plain, plain],
    ['gzip', gzipSync(plain), plain],
    [
      'several members of gzip',
      Buffer.concat([gzipSync(plain), gzipSync('more')]),
      Buffer.concat([plain, Buffer.from('more')]),
    ],
    ['zstd', zstdCompressSync(plain), plain],
    ['bzip2', bzip2, Buffer.from('hello hello hello\n')],
    ['nothing', Buffer.alloc(0), Buffer.alloc(0)],
  ])('reads %s by its first bytes', async (_name, data, expected) => {
    for (const size of [7, 5000, 1 << 20]) expect((await content(data, size)).equals(expected)).toBe(true)
  })

  it.each([
    ['gzip that ends too early', gzipSync(plain).subarray(0, 5000)],
    ['zstd that ends too early', zstdCompressSync(plain).subarray(0, 2000)],
    ['bzip2 that ends too early', bzip2.subarray(0, 30)],
    ['gzip with something behind it', Buffer.concat([gzipSync(plain), Buffer.from('{}')])],
    ['zstd with something behind it', Buffer.concat([zstdCompressSync(plain), Buffer.from('{"a":1}')])],
    ['damaged gzip', gzipSync(plain).fill(0x55, 3000, 3100)],
    ['xz', Buffer.from('/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo=', 'base64')],
  ])('refuses %s', async (_name, data) => {
    expect(await failure(data)).toMatch(/^FEED_FAILED /)
  })

  it('limits the content, whatever the compression', async () => {
    for (const data of [plain, gzipSync(plain), zstdCompressSync(plain)]) {
      expect((await content(data, 1000, plain.length)).length).toBe(plain.length)
      expect(await failure(data, plain.length - 1)).toMatch(/^LIMIT_EXCEEDED /)
    }
    expect(await failure(bzip2, 17)).toMatch(/^LIMIT_EXCEEDED /)
  })
})
