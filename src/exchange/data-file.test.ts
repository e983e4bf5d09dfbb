import { createHash } from 'node:crypto'
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advisory, gap, statement } from '../../test/support/records.ts'
import type { FeedRecord, Json } from '../core/advisory.ts'
import { gapCodes } from '../core/gap.ts'
import { limits } from '../core/limits.ts'
import { severities } from '../core/severity.ts'
import { compressed } from './compressed.ts'
import { openDataFile, writeDataFile } from './data-file.ts'
import type { DataSet, ExportedFeed } from './data-set.ts'

const debian: ExportedFeed = {
  id: 'debian',
  url: 'https://example.org/debian',
  version: 1,
  fingerprint: '{"etag":"1"}',
  dataTime: '2026-01-01T00:00:00.000Z',
  checkedAt: '2026-01-02T03:04:05.678Z',
}
const epss: ExportedFeed = {
  id: 'epss',
  url: 'https://example.org/epss',
  version: 3,
  keepsHistory: false,
  mayBeEmpty: true,
  fingerprint: '',
  since: { fingerprint: 'größer', version: 2 },
}

const records: readonly FeedRecord[] = [
  advisory('CVE-2024-1', [statement('debian:12', 'openssl', '3.0', { note: 'größer, 安全, 🦀' })]),
  advisory('CVE-2024-2', [{ key: { scope: 'debian:12', name: 'zlib' }, fix: 'open' }]),
  gap('CVE-2024-3'),
]
const facts: readonly FeedRecord[] = [{ fact: 'CVE-2024-1', value: [0.5, null, { a: 'b' }] }, { removed: 'CVE-2024-4' }]

async function* stream<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

async function textOf(feeds: readonly (readonly [ExportedFeed, readonly FeedRecord[]])[]): Promise<string> {
  const text: string[] = []
  for await (const part of writeDataFile(feeds.map(([feed, own]) => ({ feed, records: stream(own) })))) text.push(part)
  return text.join('')
}

async function bytesOf(feeds: readonly (readonly [ExportedFeed, readonly FeedRecord[]])[]): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of compressed(stream([await textOf(feeds)]), 'zstd')) parts.push(part)
  return Buffer.concat(parts)
}

function open(content: Buffer | string, maxBytes?: number): Promise<DataSet> {
  return openDataFile(stream([Buffer.from(content)]), 'data.chiaro', new AbortController().signal, maxBytes)
}

/** All of a file. */
async function read(content: Buffer | string): Promise<readonly (readonly [ExportedFeed, readonly FeedRecord[]])[]> {
  const data = await open(content)
  const all: [ExportedFeed, FeedRecord[]][] = []
  for (const feed of data.feeds) {
    const own: FeedRecord[] = []
    for await (const record of data.records(feed)) own.push(record)
    all.push([feed, own])
  }
  await data.finish()
  return all
}

const both = [
  [debian, records],
  [epss, facts],
] as const

/** A file with these lines, which has the right checksum. */
function withSum(lines: readonly unknown[]): string {
  const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
  return `${text}${JSON.stringify({ sha256: createHash('sha256').update(text).digest('hex') })}\n`
}

const header = { chiaroData: 1, feeds: [debian] }
const damaged = (message: RegExp) => ({
  code: 'DATA_FILE_INVALID',
  where: 'data.chiaro',
  message: expect.stringMatching(message),
})

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>
const text = fc.string({ maxLength: 5, unit: 'binary' })

const rating = fc.record(
  {
    severity: fc.constantFrom(...severities),
    source: text,
    original: text,
    vector: text,
    score: fc.double({ min: 0, max: 10, noNaN: true }).filter((score) => !Object.is(score, -0)),
  },
  { requiredKeys: ['severity', 'source'] },
)
const claim = fc.record(
  {
    key: fc.record({ scope: text, name: text }),
    fix: fc.constantFrom('fixed', 'open', 'deferred', 'will-not-fix', 'end-of-life', 'undetermined', 'not-affected'),
    fixedIn: text,
    ranges: fc.array(fc.record({ introduced: text, fixed: text, lastAffected: text }, { requiredKeys: [] }), {
      maxLength: 2,
    }),
    rating,
    note: text,
    advisory: text,
  },
  { requiredKeys: ['key', 'fix'] },
)
const texts = fc.array(text, { maxLength: 2 })
const anyRecord = fc.oneof(
  fc.record({
    vulnerability: fc.record(
      {
        id: text,
        covers: texts,
        aliases: texts,
        description: text,
        ratings: fc.array(rating, { maxLength: 2 }),
        links: texts,
        weaknesses: texts,
        published: text,
        modified: text,
        cpes: texts,
      },
      { requiredKeys: ['id', 'aliases', 'description', 'ratings', 'links'] },
    ),
    statements: fc.array(claim, { maxLength: 3 }),
  }),
  fc.record({ fact: text, value: json }),
  fc.record({ removed: text }),
  fc.record({ code: fc.constantFrom(...Object.keys(gapCodes)), where: text, detail: text }),
) as fc.Arbitrary<FeedRecord>

const anyFeeds = fc.uniqueArray(
  fc.tuple(
    fc.record(
      {
        id: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,10}$/),
        url: text,
        version: fc.integer({ min: 1 }),
        fingerprint: text,
        dataTime: fc.constant('2026-01-01T00:00:00.000Z'),
        since: fc.record({ fingerprint: text, version: fc.integer() }),
      },
      { requiredKeys: ['id', 'url', 'version', 'fingerprint'] },
    ),
    fc.array(anyRecord, { maxLength: 5 }),
  ),
  { maxLength: 4, selector: ([{ id }]) => id },
)

describe('a data file', () => {
  it('gives back every feed and record', async () => {
    expect(await read(await bytesOf(both))).toEqual(both)
    expect(await read(await bytesOf([]))).toEqual([])
  })

  it('gives back whatever records there are', async () => {
    await fc.assert(
      fc.asyncProperty(anyFeeds, async (feeds) => {
        expect(await read(await bytesOf(feeds))).toEqual(JSON.parse(JSON.stringify(feeds)))
      }),
      { numRuns: 200 },
    )
  })

  it('is the same for the same records', async () => {
    expect(await bytesOf(both)).toEqual(await bytesOf(both))
  })

  it('may be compressed anew, or not at all', async () => {
    const plain = zstdDecompressSync(await bytesOf(both))
    for (const content of [plain, gzipSync(plain), zstdCompressSync(plain)]) expect(await read(content)).toEqual(both)
  })

  it('lets feeds be passed over, and is checked to its end all the same', async () => {
    const data = await open(await bytesOf(both))
    const own: FeedRecord[] = []
    for await (const record of data.records(data.feeds[1]!)) own.push(record)
    expect(own).toEqual(facts)
    await data.finish()
    const wrong = (await textOf(both)).replace('openssl', 'opensss')
    const other = await open(wrong)
    for await (const _ of other.records(other.feeds[1]!)) void _
    await expect(other.finish()).rejects.toMatchObject(damaged(/checksum/))
  })

  it('is refused when it is cut anywhere', async () => {
    const bytes = await bytesOf(both)
    for (let length = 0; length < bytes.length; length++) {
      await expect(read(bytes.subarray(0, length)), `cut at ${length}`).rejects.toMatchObject({
        code: 'DATA_FILE_INVALID',
      })
    }
    const plain = zstdDecompressSync(bytes)
    // The line feed at the very end says nothing.
    for (let length = 0; length < plain.length - 1; length++) {
      await expect(read(plain.subarray(0, length)), `text cut at ${length}`).rejects.toMatchObject({
        code: 'DATA_FILE_INVALID',
      })
    }
  })

  it('is refused when a byte of its text is changed anywhere', async () => {
    const plain = zstdDecompressSync(await bytesOf(both))
    for (let at = 0; at < plain.length; at++) {
      const changed = Buffer.from(plain)
      changed[at]! ^= 1 + (at % 255)
      await expect(read(changed), `byte ${at}`).rejects.toMatchObject({ code: 'DATA_FILE_INVALID' })
    }
  })

  it('is refused when a byte of the file is changed, unless that leaves its text as it was', async () => {
    const bytes = await bytesOf(both)
    let refused = 0
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 16, 128]) {
        const changed = Buffer.from(bytes)
        changed[at]! ^= bit
        const outcome = await read(changed).catch((error: unknown) => error)
        if (outcome instanceof Error) {
          expect(['DATA_FILE_INVALID', 'LIMIT_EXCEEDED'], `byte ${at}`).toContain((outcome as { code?: string }).code)
          refused++
        } else {
          expect(outcome, `byte ${at}`).toEqual(both)
        }
      }
    }
    expect(refused).toBeGreaterThan(bytes.length * 2)
  })

  it.each([
    ['nothing', ''],
    ['an empty line', '\n'],
    ['text', 'hello\n'],
    ['JSON of something else', '{"packages":[]}\n'],
    ['a list', '[]\n'],
    ['null', 'null\n'],
    ['a version that is none', '{"chiaroData":"1","feeds":[]}\n'],
    ['bytes', Buffer.from([0, 1, 2, 255])],
  ])('is none: %s', async (_, content) => {
    await expect(read(content)).rejects.toMatchObject({
      ...damaged(/^it is not a file of vulnerability data$/),
      advice: expect.stringContaining('chiaro data export'),
    })
  })

  it('of a newer version is refused as such, whatever else is in it', async () => {
    const content = withSum([{ chiaroData: 2, feeds: [{ ...debian, more: true }], more: [] }, { feed: 'debian' }])
    await expect(read(content)).rejects.toMatchObject(damaged(/newer Chiaro/))
  })

  it.each<[string, readonly unknown[], RegExp]>([
    ['a feed twice', [{ ...header, feeds: [debian, debian] }], /a feed is in it twice/],
    ['a feed with an impossible id', [{ ...header, feeds: [{ ...debian, id: '../x' }] }], /id/],
    ['a feed with something unexpected', [{ ...header, feeds: [{ ...debian, more: 1 }] }], /./],
    ['a time that is none', [{ ...header, feeds: [{ ...debian, checkedAt: 'today' }] }], /checkedAt/],
    ['no feed', [header], /debian is missing/],
    ['another feed', [header, { feed: 'alpine' }, { end: 'alpine', records: 0 }], /debian is missing/],
    ['no end', [header, { feed: 'debian' }, records[0]], /./],
    ['fewer records', [header, { feed: 'debian' }, records[0], { end: 'debian', records: 2 }], /are missing/],
    ['another end', [header, { feed: 'debian' }, { end: 'alpine', records: 0 }], /are missing/],
    ['a line that is no JSON', [header, { feed: 'debian' }, '{"removed":'], /JSON/],
    ['a record that is none', [header, { feed: 'debian' }, { id: 'CVE-1' }], /record 1 of debian/],
    ['a record that is null', [header, { feed: 'debian' }, null], /record 1 of debian/],
    [
      'a statement with an unknown state',
      [
        header,
        { feed: 'debian' },
        { ...advisory('CVE-1', []), statements: [{ key: { scope: 's', name: 'n' }, fix: 'x' }] },
      ],
      /record 1 of debian/,
    ],
    [
      'a gap with an unknown code',
      [header, { feed: 'debian' }, { gap: { ...gap('x'), code: 'x' } }],
      /record 1 of debian/,
    ],
    ['a fact that is too deep', [header, { feed: 'debian' }, deepFact(100_000)], /record 1 of debian|JSON|call stack/],
  ])('with %s is refused', async (_, lines, message) => {
    await expect(read(withSum(lines))).rejects.toMatchObject(damaged(message))
  })

  it.each([
    ['another line', '{}\n'],
    ['a text', 'x'],
    ['an empty line', '\n'],
  ])('with %s behind its end is refused', async (_, more) => {
    await expect(read((await textOf(both)) + more)).rejects.toMatchObject(damaged(/something follows its end/))
  })

  it('with something behind the compressed data is refused', async () => {
    await expect(read(Buffer.concat([await bytesOf(both), Buffer.from('x')]))).rejects.toMatchObject(damaged(/follows/))
  })

  it('refuses more than limits.dataFileBytes, and a line that is too long', async () => {
    const bomb = zstdCompressSync(
      Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), Buffer.alloc(1 << 20, '\n')]),
    )
    await expect(open(bomb, 1 << 20).then((data) => data.finish())).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    const line = zstdCompressSync(Buffer.alloc(limits.feedRecordBytes + 1, ' '))
    await expect(open(line)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })
})

function deepFact(depth: number): string {
  return `{"fact":"x","value":${'['.repeat(depth)}${']'.repeat(depth)}}`
}
