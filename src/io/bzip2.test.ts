import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import seekBzip from 'seek-bzip'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../test/support/corpus.ts'
import { isChiaroError } from '../core/errors.ts'
import { createBunzip } from './bzip2.ts'

function bunzip(data: Buffer, size = 1000): Buffer {
  const chunks: Buffer[] = []
  const decoder = createBunzip('test.bz2')
  for (let at = 0; at < data.length; at += size) {
    for (const chunk of decoder.push(Buffer.from(data.subarray(at, at + size)))) chunks.push(Buffer.from(chunk))
  }
  for (const chunk of decoder.end()) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function failure(data: Buffer): string {
  try {
    bunzip(data)
  } catch (error) {
    expect(isChiaroError(error, 'FEED_FAILED'), String(error)).toBe(true)
    return (error as Error).message
  }
  return 'no error'
}

/** Made with bzip2 1.0.8: `printf … | bzip2 -9`, and -1 for lines, which then are three blocks. */
const samples = {
  empty: 'QlpoORdyRThQkAAAAAA=',
  hello: 'QlpoOTFBWSZTWeW18wkAAARRAAAQQAACRKAAIbUYDAKQacKjC7kinChIctr5hIA=',
  zeros: 'QlpoOTFBWSZTWaZFgLIAFvpACMAAQAAACCAAMMwJqmmpAi2pIEXi7kinChIUyLAWQA==',
  runs: 'QlpoOTFBWSZTWah9HIkAAABAAf/4AIAAGCAAVEamjIbKaEeplEZppFvbxGayPmDL0do+uJmJ6RYkix7RwdIQVhgiSa7sfF3JFOFCQqH0ciQ=',
  lines:
    'QlpoMTFBWSZTWW5mlcwATApZgAAQQAF/4CchmWBgC54AAAAHwAAAAAAAAAgUAA0DJkFAANAyZBQADQMmQUAA0DJkBSqkaf+qo09QAaaBSqkf+pVNU//1VUB6gB0TnTwTJ4p5J0TJk1MmTJkyZMmpqZMmTJkyampkyZMmTJqampkyZMmTU1NTJkyZMmTU1MmTJkyZNTUyZMmTJk1NTJkyZMmTU1MmTJkyZNTUyZNTUyZMmpkyZMmTU1NTJkyZMmTU1MmTJkyZNTUyZMmTJk1NTJkyZMmTU1MmTJkyZNTU1MmTJkyampqZMmTJkyampkyZMmTJk1NTJkyZNTUyZMmTJk1NTJkyZMmTU1MmTJkyZNTU1MmTJkyampqZMmTJkyampkyZMmTJqamTJkyZMmpqZMmTJkyampkyZMmTU1MmTJkyZNTU1MmTJkyampqZMmTJkyampkyZMmTJqamTJkyZMmpqZMmTJkyampqZMmTJk1MmTJkyZMmpqZMmTJkyZMmTJk1NTUyZMmTJqampkyZMmTJqamTJkyZMmpqZMmTtVD7KBXJVUl6dSgV8lAr4pwnJOScJwnFOKcJ6J5p+0/E5Op9U5OTk5OTqdT9JycnJ9pydTqcnJyeTk5Op1MnJycnJyZMmpqZOTqfE+JycnJ1OpycnJ+U5OT6p1OTk5OTk6n6TqcnJ9pycnU6nJyeTk5OTqanJycnJyZMmTU1OTk+U+JycnJydTqcnJ+U5OT6TqdTk5OTk5P1TqdTk+05OTk6nU5PJycnJyanU5OTk5MmTJk1OTk+U+U5OTk5OTqdTk/E5OT6Tk6nU5OTk5P1Tk6nU+05OTk5Op1PU5OTk5MnU6nJycmTJkyZOTk+J8p1OTk5OTk6nU/E5OT6Tk5Op1OTk5P0nJydT7pycnJycnU9TqcnJyZOTqdTk5NTJkyZOTk+J8TqdTk5OTk5Op+J1OT6Tk5OTqdTk5P0nJycn3TqcnJycnJ5Op1OTkycnJ1OpyampkyZOTk+J8Tk6nU5OTk5OT8TqdT6Tk5OTk6nU5P0nJycn2nU6nJycnJ5OTqdTkycnJycnUyampkyfhQK/cAftPpOpycmpkyZMmTJk1MmTUyamTJqZMmTJkyZNTJk1Mmp5AMnk9Tyepk1NTJkyamTJkyZMmpk1MmTUyamTJkyZMmTJqfZUoPIB5PJ9p5PUyamTJqZNTUyZMmTUyZMmTJqZNTJk1MmpkyZMn0Ep5APU8nkyeTJkyZNTJqZMmpk1MmpkyZMmpkyZNTJk1MmpkyfAlPIB6nk9TyeTUyZMmTJkyamTJqZNTJk1MmTUyZMmTUyZNTJhSnkA8nk9TyeTUyamTJqZMmTJkyZNTJk1MmpkyamTJqZMmTJqegDyeTyeT1MmTUyZNTJqZMmpkyZMmTJk1MmTUyamTJqZMmp8yamT7TUyZMmTUyZNTJk1MmpkyamTJkyZMmTUyZNTJkyZNTJkyZNTJk1MmTJk1MmTUyZNTJqZMmpkyZMmTJk1MnynxMmTJkyZNTJk1MmpkyamTJkyZMmTUyZNTJqZMmpkyfulN8hSl/goFfUoFdigVzIhJ2lAr9KBXUoFfkoFf0oFd0UCv2UCuRQK7SgV/mKCskymsy0jyVoApvGzAAAggAL/wE5DMsDAEb4AAAAAAAAAAAFAANAyZBQADQMmQUAA0DJkFAANAyZBQADQMmQN6qlH/qn6qlP/1UqDeojJ6nFPTH0fscYxoxjGMYxjRjGMYxjRjGMYxjRoxjGMYxoxjGMYxoxjGMYxoxjGMYxoxjGMYxoxjGMYxoxjGjGMaMYxjGMaMYxjGMaMYxjGMaMYxjGMaMYxjGMaMYxjGMaNGMYxjGNGMYxjGNGMYxjGMaMYxjGjGMYxjGjGMYxjGjGMYxjGjRjGMYxjRjGMYxjRjGMYxjRjGMYxjRjGMYxjRjGMYxoxjGMYxo0YxjGMY0YxjGMY0YxjGMY0YxjGMY0YxjGMY0YxjGMY0YxjGMYxjGMYxjGMYxo0YxjGMY0YxjGMY0YxjGMY0Yxi/pJI/5IkIk8iSSRJ/ciQiT+JEhEn4fZ4eGPs+4+z7P8H7n4fRx0fBxxxxx0cY444+Tjo44449OOOjinHHHHFKWKU46PDw4446OOOOPo44+I4444446McccfJxx0cccenHHHRTjjjjilKWKftx4eHhxxxx0cccfUccfB0ccccccY6OOPk4446OOPTjjjixxxxxxSlKWOOPI8OOOOOOjjj6OOPg46OOOOONHHRx8nHHHHRx6ccccU6OOOOKUpSnHHh5HHHHHHHRx9HHHwccdHHHHGOOOj5OOOOOOj2OOOOKcdHHHFKUpTjjw8Ojjjjjjjo+jjj4OOOOjjjjHHHHzHHHHHHHp0cccU446OOLFKUpxx4eHHRxxxxxx9HRx8HHHHHRxxjjjj5Ojjjjjj046OOKcccdHFLFKU+pEhEn5JCJ+HwdHHFilKUskpSlKUpYpSxSlKUpSlKUpY9khEp6enp7FKWKUpYpSlKUpSlKWKWKUpSlKUp8yJIhPRET09Pk9PSlKUsUsUpSlLFKUpSlKUpYpYpSlPiSSD0RE9j09KelKUpSlKUsUsUpSlKWKUpSlKUsUp5JJB6Iienp7Hp6WKUpSlKUpSlLFKWKUpSlKWKUpSpEHoiJ6enp6elKWKUsUpSlKUpSlKWKUsUpSlKUseyQienp6ensUpSlKUsUpYpSlKUpSlKUsUpYpSlLFKUpSlLFKUpSlLFKWKUpSlKUpSlLFKUpSlLFKUpSlLFKUpSlLFKWKUpSlKUp4eFKUpSlKUpSxSlilKUpSlKUpSxSlilPwkhEn8yJCJP5JIRJ+pEhEn1IARfAn6JIRJ/UiQiT+5EhEn/SSESf+JIRJ8CSESf0SQiTyRIRJ+iSESf/F3JFOFCQSlzPNQ=',
}
const expected: Readonly<Record<keyof typeof samples, Buffer>> = {
  empty: Buffer.alloc(0),
  hello: Buffer.from('hello hello hello\n'),
  zeros: Buffer.alloc(3_000_000),
  runs: Buffer.concat(
    [1, 3, 4, 5, 254, 255, 256, 258, 259, 260, 261, 1000].map((length, byte) => Buffer.alloc(length, byte)),
  ),
  lines: Buffer.from(
    Array.from({ length: 6000 }, (_, i) => `advisory ${(i + 1) % 50} is fixed in 1.${(i + 1) % 7}\n`).join(''),
  ),
}
const names = Object.keys(samples) as (keyof typeof samples)[]
const sample = (name: keyof typeof samples) => Buffer.from(samples[name], 'base64')

describe('createBunzip', () => {
  it.each(names)('decompresses %s, whatever the chunks', (name) => {
    for (const size of [1, 7, 1 << 20]) expect(bunzip(sample(name), size).equals(expected[name]), `${size}`).toBe(true)
  })

  it('decompresses streams behind each other', () => {
    const joined = Buffer.concat([sample('hello'), sample('empty'), sample('lines'), sample('hello')])
    const plain = Buffer.concat([expected.hello, expected.lines, expected.hello])
    expect(bunzip(joined).equals(plain)).toBe(true)
  })

  it('notices every truncation', () => {
    for (const name of names) {
      const data = sample(name)
      for (let length = 0; length < data.length; length += Math.max(1, data.length >> 6)) {
        expect(failure(data.subarray(0, length)), `${name}, ${length} bytes`).toMatch(/ends too early|nothing in it/)
      }
    }
  })

  it('notices every flipped bit that makes a difference', () => {
    const data = sample('hello')
    let unnoticed = 0
    for (let bit = 0; bit < data.length * 8; bit++) {
      const damaged = Buffer.from(data)
      damaged[bit >> 3]! ^= 0x80 >> (bit & 7)
      if (failure(damaged) !== 'no error') continue
      // The level, codes of symbols that do not occur, and the last bits are not needed for this data.
      expect(bunzip(damaged).equals(expected.hello), `bit ${bit}`).toBe(true)
      unnoticed++
    }
    expect(unnoticed).toBeLessThan(0.2 * data.length * 8)
  })

  it('never does anything but decompress or refuse', () => {
    const mutation = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) })
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(mutation, { minLength: 1, maxLength: 4 }), (name, mutations) => {
        const damaged = sample(name)
        for (const { at, value } of mutations) damaged[at % damaged.length] = value
        const message = failure(damaged)
        if (message === 'no error') expect(bunzip(damaged).equals(expected[name])).toBe(true)
      }),
    )
  })

  it.each([
    ['data that is not bzip2', Buffer.from('<!DOCTYPE html><html></html>'), 'there is no bzip2 header, at byte'],
    ['something behind the end', Buffer.concat([sample('hello'), Buffer.from('more')]), 'there is no bzip2 header'],
    ['a header alone', Buffer.from('BZh9'), 'it ends too early'],
    ['nothing', Buffer.alloc(0), 'there is nothing in it'],
  ])('refuses %s', (_name, data, message) => {
    expect(failure(data)).toContain(message)
  })
})

const hasBzip2 = spawnSync('bzip2', ['--version'], { input: '' }).error === undefined

describe.skipIf(!hasBzip2)('createBunzip with what bzip2 makes (skipped where there is no bzip2)', () => {
  it('gives back any bytes', () => {
    const parts = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 3000 }),
        fc.tuple(fc.nat(255), fc.nat(100_000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
        fc.string().map((text) => Buffer.from(text.repeat(500))),
      ),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(parts, fc.integer({ min: 1, max: 9 }), (list, level) => {
        const plain = Buffer.concat(list)
        expect(bunzip(execFileSync('bzip2', [`-${level}`, '-c'], { input: plain })).equals(plain)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })
})

const oval = join(feeds ?? '', 'security-metadata.canonical.com/oval')

describe.skipIf(feeds === undefined)('createBunzip with real feeds (skipped without CHIARO_FEEDS)', () => {
  it.each(feeds === undefined ? [] : readdirSync(oval).filter((name) => /trusty|noble/.test(name)))('%s', (name) => {
    const data = readFileSync(join(oval, name))
    const hash = createHash('sha256')
    const decoder = createBunzip(name)
    for (const chunk of decoder.push(data)) hash.update(chunk)
    for (const chunk of decoder.end()) hash.update(chunk)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(seekBzip.decode(data)).digest('hex'))
  })
})
