import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ZipFile, zipOf } from '../../test/support/zip.ts'
import { isChiaroError } from '../core/errors.ts'
import type { RandomAccess } from '../core/feed.ts'
import { limits } from '../core/limits.ts'
import { zipEntries } from './zip.ts'
import type { ZipLimits } from './zip-directory.ts'

const signal = new AbortController().signal

function fileOf(bytes: Buffer): RandomAccess {
  return {
    where: 'test.zip',
    size: bytes.length,
    read: async (position, length) => Buffer.from(bytes.subarray(position, position + length)),
  }
}

/** `name: content` or `name! what is wrong with it`, of every entry. */
async function read(bytes: Buffer, most?: ZipLimits): Promise<readonly string[]> {
  const found: string[] = []
  for await (const entry of zipEntries(fileOf(bytes), signal, most)) {
    found.push('bad' in entry ? `${entry.name}! ${entry.bad}` : `${entry.name}: ${entry.content}`)
  }
  return found
}

async function failure(bytes: Buffer, most?: ZipLimits): Promise<string> {
  try {
    return `no failure: ${await read(bytes, most)}`
  } catch (error) {
    if (!isChiaroError(error)) throw error
    return `${error.code}: ${error.message} (${error.where})`
  }
}

const files: readonly ZipFile[] = [
  { name: 'folder/', content: '', method: 0 },
  { name: 'folder/one.json', content: '{"id":1}' },
  { name: 'two.json', content: '{"id":2}', method: 0 },
  { name: '../../../etc/passwd', content: 'a name is but a label' },
  { name: 'empty', content: '' },
]
const contents = [
  'folder/one.json: {"id":1}',
  'two.json: {"id":2}',
  '../../../etc/passwd: a name is but a label',
  'empty: ',
]

describe('zipEntries', () => {
  it.each([
    ['plain', {}],
    ['ZIP64', { zip64: true }],
    ['with a comment', { comment: 'made by hand, PK\u0005\u0006 and all'.padEnd(60) }],
  ])('reads the files of an archive: %s', async (_what, options) => {
    expect(await read(zipOf(files, options))).toEqual(contents)
  })

  it('reads an archive without files', async () => {
    expect(await read(zipOf([]))).toEqual([])
  })

  it('reads any files', async () => {
    const names = fc.uniqueArray(
      fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((name) => !name.endsWith('/')),
    )
    await fc.assert(
      fc.asyncProperty(names, fc.string(), fc.boolean(), async (given, content, zip64) => {
        const archive = zipOf(
          given.map((name, index) => ({ name, content: `${index}${content}`, method: index % 2 ? 8 : 0 })),
          { zip64 },
        )
        expect(await read(archive)).toEqual(
          given.map((name, index) => `${name.toWellFormed()}: ${index}${content.toWellFormed()}`),
        )
      }),
      { numRuns: 50 },
    )
  })

  it.each<[string, Partial<ZipFile>, string]>([
    ['encrypted', { flags: 1 }, 'it is encrypted'],
    ['of another method', { method: 12 }, 'it is compressed by method 12, which cannot be read'],
    ['with another checksum', { crc: 7 }, 'it does not have the checksum that is stated'],
    ['longer than it states', { size: 3 }, 'it has more than the 3 bytes that are stated'],
    ['shorter than it states', { size: 30 }, 'it has 7 bytes, and not the 30 that are stated'],
    ['no deflate data', { data: Buffer.from('nonsense') }, 'it cannot be decompressed: invalid block type'],
    [
      'cut off',
      { data: deflateRawSync('content'.repeat(99)).subarray(0, 5) },
      'it cannot be decompressed: unexpected end of file',
    ],
    ['with two names', { localName: 'odd.exe' }, 'it has another name than in the directory'],
    ['of a name that was before', { name: 'two.json' }, 'there is another entry of this name'],
    [
      'beyond limits.feedRecordBytes',
      { size: limits.feedRecordBytes + 1 },
      `it is larger than the limit of ${limits.feedRecordBytes} bytes`,
    ],
  ])('says what is wrong with an entry, and goes on: %s', async (_what, wrong, problem) => {
    const odd = { name: 'odd.txt', content: 'content', ...wrong }
    const archive = zipOf([...files, odd, { name: 'last', content: 'last' }])
    expect(await read(archive)).toEqual([...contents, `${odd.name}! ${problem}`, 'last: last'])
  })

  it('does not decompress more than is stated, whatever is there', async () => {
    const bomb = { name: 'bomb', size: 1000, crc: 0, data: deflateRawSync(Buffer.alloc(200_000_000)) }
    const before = process.memoryUsage().arrayBuffers
    expect(await read(zipOf([bomb]))).toEqual(['bomb! it has more than the 1000 bytes that are stated'])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
  })

  it.each<[string, Buffer, string]>([
    [
      'no archive',
      Buffer.from('<html>not found</html>'.repeat(9)),
      'it has no directory: it is no ZIP archive, or it is cut off',
    ],
    ['a cut off one', zipOf(files).subarray(0, -3), 'it has no directory: it is no ZIP archive, or it is cut off'],
    [
      'more entries than stated',
      zipOf(files, { entries: 3 }),
      'its directory has more than the 3 entries that it states',
    ],
    ['fewer entries than stated', zipOf(files, { entries: 6 }), 'its directory is damaged behind 5 of 6 entries'],
    [
      'an entry in another one',
      zipOf([...files, { name: 'again', offset: 0 }]),
      'the entry "again" is out of order, or lies in another one',
    ],
    [
      'an entry behind the end',
      zipOf([...files, { name: 'far', offset: 9999 }]),
      'the entry "far" is out of order, or lies in another one',
    ],
    [
      'an entry in the directory',
      zipOf([...files, { name: 'long', content: 'x', compressedSize: 30 }]),
      'the entry "long" reaches into the directory',
    ],
    [
      'something in front',
      Buffer.concat([Buffer.from('#!/bin/sh\n'), zipOf(files)]),
      'its directory is damaged behind 0 of 5 entries',
    ],
  ])('refuses %s', async (_what, bytes, problem) => {
    expect(await failure(bytes)).toBe(`FEED_FAILED: The ZIP archive cannot be read: ${problem} (test.zip)`)
  })

  it('refuses ZIP64 places that are none', async () => {
    const archive = zipOf(files, { zip64: true })
    archive.writeBigUInt64LE(2n ** 63n, archive.length - 22 - 12)
    expect(await failure(archive)).toContain('its ZIP64 directory is not where it says')
    const other = zipOf(files, { zip64: true })
    other.writeBigUInt64LE(2n ** 63n, other.length - 22 - 20 - 8)
    expect(await failure(other)).toContain('its directory is not where it says')
    const entry = zipOf([{ name: 'far', content: 'x', offset: 2 ** 52 }], { zip64: true })
    expect(await failure(entry)).toContain('the entry "far" is out of order')
  })

  it.each<[string, ZipLimits, string]>([
    ['entries', { entries: 4 }, 'it has more than 4 entries'],
    ['bytes of the directory', { directoryBytes: 100 }, 'its directory has more than 100 bytes'],
    ['bytes of its files', { contentBytes: 20 }, 'its files have more than 20 bytes'],
  ])('limits the %s', async (_what, most, problem) => {
    expect(await failure(zipOf(files), most)).toBe(
      `LIMIT_EXCEEDED: The ZIP archive goes beyond a limit: ${problem} (test.zip)`,
    )
  })

  it('limits how much larger the files are than the archive', async () => {
    const content = Buffer.alloc(30_000_000)
    const data = deflateRawSync(content, { level: 9 })
    const archive = zipOf(Array.from({ length: 10 }, (_, index) => ({ name: `zeros ${index}`, content, data })))
    expect(content.length * 10).toBeGreaterThan(limits.zipRatioFrom)
    expect(await failure(archive)).toContain(`its files have more than ${limits.zipRatio} times its size`)
  })

  it('stops when told to', async () => {
    const entries = zipEntries(fileOf(zipOf(files)), AbortSignal.abort())
    await expect(entries.next()).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('says something sensible of an archive damaged anywhere', async () => {
    const archive = zipOf(files, { comment: 'comment' })
    for (let at = 0; at < archive.length; at++) {
      const damaged = Buffer.from(archive)
      damaged[at] = damaged[at]! ^ 0xff
      expect(typeof (await failure(damaged))).toBe('string')
      expect(await failure(archive.subarray(0, at))).toContain('it has no directory')
    }
  })
})
