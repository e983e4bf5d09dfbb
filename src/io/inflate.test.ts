import { deflateRawSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../core/limits.ts'
import { gzipHeaderLength } from './gzip-framing.ts'
import { createInflater, createWholeInflater, detectCompression } from './inflate.ts'
import { handlesWork } from './zlib-handle.ts'

function inflate(kind: 'none' | 'gzip' | 'zstd', data: Buffer, step = data.length, maxBytes?: number) {
  const chunks: Buffer[] = []
  const sink = (chunk: Buffer) => void chunks.push(Buffer.from(chunk))
  const inflater = createInflater(kind, 'blob', maxBytes)
  for (let at = 0; at < data.length; at += step) inflater.push(data.subarray(at, at + step), sink)
  inflater.end(sink)
  return { bytes: Buffer.concat(chunks), trailing: inflater.trailing }
}

const text = Buffer.from(Array.from({ length: 40_000 }, (_, line) => `line ${line * 7919}\n`).join(''))
const compress = { gzip: (data: Buffer) => gzipSync(data), zstd: (data: Buffer) => zstdCompressSync(data) }
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
const damaged = expect.objectContaining({ code: 'LAYER_INVALID', where: 'blob' })

it('finds the handles of this Node as they should be', () => {
  expect(handlesWork()).toBe(true)
})

it.each([
  ['gzip', gzipSync('x')],
  ['zstd', zstdCompressSync('x')],
  ['zstd', skippable],
  ['bzip2', Buffer.from('BZh91AY')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['none', Buffer.from('etc/passwd')],
  ['none', Buffer.alloc(512)],
  ['none', Buffer.from([0x28, 0xb5])],
  ['none', Buffer.alloc(0)],
])('detects %s', (kind, head) => {
  expect(detectCompression(head)).toBe(kind)
})

describe.each(['gzip', 'zstd'] as const)('%s', (kind) => {
  it('gives back what was compressed, in members of any size and chunks of any size', () => {
    const member = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(
        fc.array(member, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 300 }),
        (members, step) => {
          const { bytes, trailing } = inflate(kind, Buffer.concat(members.map(compress[kind])), step)
          expect(bytes.equals(Buffer.concat(members))).toBe(true)
          expect(trailing).toBe(false)
        },
      ),
      { numRuns: 200 },
    )
  })

  it.each([1, 7, 4096, 1 << 20])('reads more than fits into its buffer, in chunks of %i', (step) => {
    const large = Buffer.concat([text, Buffer.alloc(1 << 20), text])
    expect(inflate(kind, compress[kind](large), step).bytes.equals(large)).toBe(true)
  })

  it('notices wherever it is cut', () => {
    const data = compress[kind](Buffer.from('some text that is cut off'))
    for (let length = 0; length < data.length; length++) {
      for (const step of [1, data.length]) {
        // Nothing at all is no compressed data either; zstd has no way to tell that from no frame.
        if (kind === 'zstd' && length === 0) continue
        expect(() => inflate(kind, data.subarray(0, length), step), `cut to ${length}`).toThrow(damaged)
      }
    }
  })

  it('never gives other bytes for damaged data without saying so', () => {
    const data = kind === 'gzip' ? gzipSync(text) : zstdCompressSync(text, { params: { 201: 1 } })
    fc.assert(
      fc.property(
        fc.integer({ min: kind === 'gzip' ? 10 : 4, max: data.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const broken = Buffer.from(data)
          broken[at]! ^= flip
          try {
            expect(inflate(kind, broken).bytes.equals(text)).toBe(true)
          } catch (error) {
            expect(error).toMatchObject({ code: 'LAYER_INVALID' })
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it.each([
    ['zeros', Buffer.alloc(3000), false],
    ['garbage', Buffer.from('trailing garbage'), true],
    ['one byte', Buffer.from('x'), true],
    ['zeros and garbage', Buffer.concat([Buffer.alloc(700), Buffer.from('x')]), true],
  ])('tells %s behind the end', (_, behind, trailing) => {
    const data = Buffer.concat([compress[kind](text), behind])
    for (const step of [1000, data.length]) {
      const read = inflate(kind, data, step)
      expect(read.bytes.equals(text)).toBe(true)
      expect(read.trailing).toBe(trailing)
    }
  })

  it('refuses what is something else', () => {
    expect(() => inflate(kind, Buffer.from('something else'))).toThrow(damaged)
    expect(() => inflate(kind, Buffer.from('something else'), 1)).toThrow(damaged)
  })

  it('stops at the limit of bytes', () => {
    const data = compress[kind](Buffer.alloc(1 << 20))
    expect(inflate(kind, data, 100, 1 << 20).bytes.length).toBe(1 << 20)
    expect(() => inflate(kind, data, 100, (1 << 20) - 1)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
  })
})

describe.each(['gzip', 'zstd'] as const)('%s without the handles', (kind) => {
  const whole = (data: Buffer, maxBytes?: number) => {
    const chunks: Buffer[] = []
    const inflater = createWholeInflater(kind, 'blob', maxBytes)
    for (let at = 0; at < data.length; at += 1000) inflater.push(data.subarray(at, at + 1000), () => {})
    inflater.end((chunk) => void chunks.push(Buffer.from(chunk)))
    return Buffer.concat(chunks)
  }
  const data = Buffer.concat([compress[kind](text), compress[kind](text)])

  it('gives the same', () => {
    expect(whole(data).equals(Buffer.concat([text, text]))).toBe(true)
  })

  it('refuses the same', () => {
    expect(() => whole(data.subarray(0, -3))).toThrow(damaged)
    expect(() => whole(data, text.length)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
  })
})

it('passes on what is not compressed', () => {
  expect(inflate('none', text, 1000).bytes.equals(text)).toBe(true)
  expect(() => inflate('none', text, 1000, 1000)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
})

it('stops where the ratio is beyond the limit', () => {
  const zeros = zstdCompressSync(Buffer.alloc(1 << 28))
  const inflater = createInflater('zstd', 'blob')
  let bytes = 0
  const push = () => {
    while (bytes < limits.layerRatioFrom * 2) {
      inflater.push(zeros, (chunk) => {
        bytes += chunk.length
      })
    }
  }
  expect(push).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
  expect(bytes).toBeLessThan(limits.layerRatioFrom + (1 << 20))
})

it('skips skippable frames of zstd, wherever they are', () => {
  const frame = zstdCompressSync(text)
  const data = Buffer.concat([skippable, frame, skippable, skippable, frame, skippable])
  for (const step of [1, 5, 1000, data.length]) {
    expect(inflate('zstd', data, step)).toEqual({ bytes: Buffer.concat([text, text]), trailing: false })
  }
})

describe('gzip members', () => {
  const member = (flags: number, ...fields: readonly (string | Buffer)[]) => {
    const trailer = gzipSync(text).subarray(-8)
    const head = [
      Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255]),
      ...fields.map((field) => Buffer.from(field as string)),
    ]
    return Buffer.concat([...head, deflateRawSync(text), trailer])
  }

  it.each([
    ['no field', member(0)],
    ['an extra field', member(4, Buffer.from([3, 0]), 'abc')],
    ['a name and a comment', member(8 + 16, 'layer.tar\0', 'a comment\0')],
    ['every field', member(1 + 2 + 4 + 8 + 16, Buffer.from([0, 0]), 'n\0', 'c\0', 'xx')],
  ])('with %s', (_, data) => {
    expect(gunzipSync(Buffer.from(member(0))).equals(text)).toBe(true)
    for (const step of [1, data.length]) expect(inflate('gzip', data, step).bytes.equals(text)).toBe(true)
  })

  it.each([
    ['a reserved flag', member(0x20)],
    ['another method', Buffer.concat([Buffer.from([0x1f, 0x8b, 7]), member(0).subarray(3)])],
    ['a wrong checksum', Buffer.concat([member(0).subarray(0, -8), Buffer.alloc(4), member(0).subarray(-4)])],
    ['a wrong size', Buffer.concat([member(0).subarray(0, -4), Buffer.alloc(4)])],
    [
      'a name without an end',
      member(8, Buffer.alloc(limits.gzipHeaderBytes + 1, 'x')).subarray(0, limits.gzipHeaderBytes + 11),
    ],
  ])('refuses %s', (_, data) => {
    expect(() => inflate('gzip', data)).toThrow(damaged)
  })

  it('says how long a header is', () => {
    const data = member(4, Buffer.from([3, 0]), 'abc')
    expect(gzipHeaderLength(data, 0)).toBe(15)
    for (let length = 0; length < 15; length++) expect(gzipHeaderLength(data.subarray(0, length), 0)).toBeUndefined()
    expect(gzipHeaderLength(Buffer.from('no'), 0)).toBe(0)
  })
})
