import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isGap } from '../../src/core/advisory.ts'
import type { FeedOutcome } from '../../src/core/feed-outcome.ts'
import { limits } from '../../src/core/limits.ts'
import {
  feedSamples,
  type LoadedFeed,
  openFeed,
  type SampleDocument,
  type SampleFile,
} from '../support/feed-samples.ts'
import { mirrorOf } from '../support/feeds.ts'

/** Errors that say that a document is bad; anything else would be a defect. */
const refusals = ['FEED_FAILED', 'LIMIT_EXCEEDED']

describe.each(feedSamples)('$id, damaged', ({ feed, files, documents: inside }) => {
  let loaded: LoadedFeed
  let mirror: string
  let good: string
  /** The bad records that the sample has on purpose. */
  let known: number

  /** All that can be damaged: files, and documents that are in them. */
  const documents: readonly SampleDocument[] = [
    ...files.map((file) => ({
      name: file.path,
      content: file.content,
      kind: file.kind,
      filesWith: (content: string | Buffer) => [{ ...file, content: Buffer.from(content) }],
    })),
    ...inside,
  ]

  const write = ({ path }: SampleFile, content: string | Buffer) => {
    mkdirSync(dirname(join(mirror, path)), { recursive: true })
    writeFileSync(join(mirror, path), content)
  }

  /** What becomes of the feed when some of its files have other content. */
  async function updateWith(changed: readonly SampleFile[]): Promise<FeedOutcome> {
    for (const file of changed) write(file, file.content)
    try {
      return await loaded.update(mirror)
    } finally {
      for (const file of files.filter(({ path }) => changed.some((other) => other.path === path))) {
        write(file, file.content)
      }
    }
  }

  /** It was refused and the last good data is there, or nothing is missing. */
  async function expectRefused(outcome: FeedOutcome, what: string): Promise<void> {
    if (outcome.outcome === 'failed') {
      expect(refusals, `${what}: ${outcome.error!.message}`).toContain(outcome.error!.code)
    }
    expect(await loaded.content(), what).toBe(good)
  }

  /** It was refused, or left out as a gap, and nothing else was. */
  async function expectGap(outcome: FeedOutcome, what: string): Promise<void> {
    if (outcome.outcome === 'failed') return expectRefused(outcome, what)
    const content = await loaded.content()
    if (content === good) return
    for (const line of content.split('\n').filter(Boolean)) expect(good.split('\n'), what).toContain(line)
    expect(loaded.gaps(), what).toBeGreaterThan(known)
    await loaded.update(mirror)
  }

  /** What is to come of a damaged file. */
  const expectDamage = ({ isRecord }: SampleFile) => (isRecord ? expectGap : expectRefused)

  /** It was refused, or what could be read of it is in order. */
  async function expectOrder(outcome: FeedOutcome, what: string): Promise<void> {
    if (outcome.outcome === 'failed') {
      expect(refusals, `${what}: ${outcome.error!.message}`).toContain(outcome.error!.code)
      expect(outcome.error!.message).not.toBe('')
    }
    for await (const record of loaded.store.advisories.records(feed.id)) {
      if (isGap(record) || !('vulnerability' in record)) continue
      expect(typeof record.vulnerability.id).toBe('string')
      const keys = record.statements.map(({ key }) => `${key.scope}\0${key.name}`)
      expect(new Set(keys).size).toBe(keys.length)
      for (const { fix, fixedIn, ranges } of record.statements) {
        expect(fixedIn === undefined || (fix === 'fixed' && fixedIn !== ''), what).toBe(true)
        if (fix === 'fixed') expect(fixedIn !== undefined || (ranges ?? []).length > 0, what).toBe(true)
      }
    }
  }

  beforeAll(async () => {
    mirror = mirrorOf(Object.fromEntries(files.map(({ path, content }) => [path, content])))
    loaded = await openFeed(feed)
    expect(await loaded.update(mirror)).toMatchObject({ outcome: 'imported' })
    good = await loaded.content()
    known = loaded.gaps()
    expect(good).not.toBe('')
    return () => loaded[Symbol.asyncDispose]()
  })

  afterEach(async () => {
    await loaded.update(mirror)
    expect(await loaded.content()).toBe(good)
    expect(await loaded.store.verify()).toEqual([])
  })

  it('cut off anywhere, is refused', async () => {
    for (const file of files) {
      // Of lines nobody can tell that there were more.
      const expected = file.kind === 'lines' ? expectOrder : expectDamage(file)
      const end = file.content.toString('latin1').trimEnd().length
      for (let length = 0; length < end; length += 1 + Math.floor((end * files.length) / 256)) {
        const content = file.content.subarray(0, length)
        await expected(await updateWith([{ ...file, content }]), `${length} bytes of ${file.path}`)
      }
    }
  })

  it('cut off anywhere in its compressed copy, or with a wrong byte in it, is refused', async () => {
    for (const file of files) {
      const compressed = gzipSync(file.content)
      const change = fc.record({
        at: fc.nat(compressed.length - 1),
        value: fc.integer({ min: 1, max: 255 }),
        cut: fc.boolean(),
      })
      await fc.assert(
        fc.asyncProperty(change, async ({ at, value, cut }) => {
          const damaged = Buffer.from(cut ? compressed.subarray(0, at) : compressed)
          if (!cut) damaged[at]! ^= value
          const what = `${file.path} ${cut ? 'cut' : `changed by ${value}`} at ${at}`
          await expectDamage(file)(await updateWith([{ ...file, content: damaged }]), what)
        }),
        { numRuns: Math.ceil(60 / files.length) },
      )
    }
  })

  it.each<[string, string | Buffer]>([
    ['a page for people', '<!DOCTYPE html><html><body>Please log in</body></html>'],
    ['a compressed page', gzipSync('<!DOCTYPE html><html></html>')],
    ['a message as text', 'Not found\n'],
    ['a message as JSON', '{"error": "rate limit exceeded", "documentation_url": "https://a.example/"}'],
    ['a message as XML', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
    ['a list', '[]'],
    ['an object', '{}'],
    ['nothing', ''],
    ['blanks', ' \n\t \n'],
    ['null', 'null'],
    ['a number', '42'],
    ['a text', '"text"'],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')],
    ['a PDF', '%PDF-1.7\n%\xe2\xe3\n1 0 obj'],
    ['an archive', Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex')],
    ['UTF-16', Buffer.from('\ufeff{"packages": []}', 'utf16le')],
    ['an unknown compression', Buffer.from('fd377a585a000004e6d6b446', 'hex')],
    ['a compressed nothing', gzipSync('')],
    ['zeros', Buffer.alloc(100_000)],
  ])('replaced by %s, is refused', async (what, content) => {
    for (const file of files) {
      const outcome = await updateWith([{ ...file, content: Buffer.from(content) }])
      await expectDamage(file)(outcome, `${what} as ${file.path}`)
    }
  })

  it('with anything in any place, gives statements, gaps or an error in words', async () => {
    const words = [
      '{',
      '}',
      '[',
      ']',
      '"',
      '<',
      '>',
      '&',
      'null',
      '7',
      '__proto__',
      '\n',
      '"a":{},',
      '<x/>',
      '\0',
      '\ud800',
    ]
    const bytes = fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array).toString('latin1'))
    for (const { name, content, filesWith } of documents) {
      const change = fc.record({
        at: fc.nat(content.length),
        remove: fc.nat(30),
        insert: fc.oneof(fc.constantFrom(...words), bytes),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
          let damaged = content
          for (const { at, remove, insert } of changes) {
            damaged = Buffer.concat([
              damaged.subarray(0, at),
              Buffer.from(insert, 'latin1'),
              damaged.subarray(at + remove),
            ])
          }
          await expectOrder(await updateWith(filesWith(damaged)), `${name}: ${JSON.stringify(changes)}`)
        }),
        { numRuns: Math.ceil(200 / documents.length) },
      )
    }
  })

  const json = documents.filter(({ kind }) => kind === 'json')
  const xml = documents.filter(({ kind }) => kind === 'xml')

  it.runIf(json.length > 0)(
    'with a value of another type in any place, gives statements, gaps or an error in words',
    async () => {
      const values: readonly unknown[] = [
        null,
        true,
        7,
        -1e300,
        '',
        'x',
        '\ud800',
        [],
        {},
        [null],
        { a: null },
        [[[[]]]],
        { toString: 1 },
      ]
      for (const { name, content, filesWith } of json) {
        const paths = pathsOf(JSON.parse(content.toString()))
        await fc.assert(
          fc.asyncProperty(fc.constantFrom(...paths), fc.constantFrom(...values), async (path, value) => {
            const document = replaced(JSON.parse(content.toString()), path, value)
            await expectOrder(
              await updateWith(filesWith(JSON.stringify(document))),
              `${name} ${path.join('/')}: ${JSON.stringify(value)}`,
            )
          }),
          { numRuns: Math.ceil(200 / documents.length) },
        )
      }
    },
  )

  it.runIf(json.length > 0)(
    'with another name of a member in many places, gives statements, gaps or an error in words',
    async () => {
      const names = ['\ud800', '', '__proto__', 'constructor', '\0', 'a\nb', '%', 'x'.repeat(5000)]
      for (const { name: document, content, filesWith } of json) {
        const all = pathsOf(JSON.parse(content.toString())).filter((path) => path.length > 0)
        const members = all.filter((_, index) => index % Math.ceil((all.length * json.length) / 100) === 0)
        for (const [index, path] of members.entries()) {
          for (const name of new Set([names[0]!, names[index % names.length]!])) {
            const text = JSON.stringify(renamed(JSON.parse(content.toString()), path, name))
            await expectOrder(
              await updateWith(filesWith(text)),
              `${document} ${path.join('/')}: ${JSON.stringify(name)}`,
            )
          }
        }
      }
    },
  )

  it('with a text beyond the limit of a record, is refused or goes without that record', async () => {
    for (const document of [...json, ...xml]) {
      const text = document.content.toString()
      const huge = 'x'.repeat(limits.feedRecordBytes + 1)
      const at = json.includes(document) ? text.lastIndexOf('"') : text.indexOf('>', text.length >> 1) + 1
      const outcome = await updateWith(document.filesWith(text.slice(0, at) + huge + text.slice(at)))
      await expectOrder(outcome, document.name)
      if (outcome.outcome === 'failed') expect(await loaded.content()).toBe(good)
      else expect((await loaded.content()).length).toBeLessThan(good.length + 1)
    }
  })

  it.runIf(xml.length > 0).each([
    [
      'that grow without end',
      `<!ENTITY a "${'x'.repeat(100)}">${'bcdefghij'
        .split('')
        .map((name, index) => `<!ENTITY ${name} "${`&${'abcdefghi'[index]};`.repeat(10)}">`)
        .join('')}`,
      '&j;',
    ],
    ['of files', '<!ENTITY j SYSTEM "file:///etc/passwd">', '&j;'],
    ['of parameters', '<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;', ''],
    ['that lead in a circle', '<!ENTITY j "&k;"><!ENTITY k "&j;">', '&j;'],
  ])('with entities %s, is refused', async (_, declarations, use) => {
    for (const { name, content, filesWith } of xml) {
      const text = content.toString()
      const start = /^(?:\ufeff)?\s*(?:<\?xml[^>]*\?>)?/.exec(text)![0].length
      const inside = text.indexOf('>', text.length >> 1) + 1
      const bomb = `${text.slice(0, start)}<!DOCTYPE x [${declarations}]>${text.slice(start, inside)}${use}${text.slice(inside)}`
      const started = performance.now()
      const outcome = await updateWith(filesWith(bomb))
      expect(outcome, name).toMatchObject({ outcome: 'failed', error: { code: 'FEED_FAILED' } })
      expect(performance.now() - started).toBeLessThan(5000)
      expect(await loaded.content()).toBe(good)
    }
  })
})

type Path = readonly string[]

/** The paths of all values in a JSON value, from itself on. */
function pathsOf(value: unknown): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [[]]
  return [[], ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner).map((path) => [key, ...path]))]
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by
  const container = value as Record<string, unknown>
  container[key] = replaced(container[key], rest, by)
  return container
}

/** The same with another name of the member at a path. */
function renamed(value: unknown, [key, ...rest]: Path, name: string): unknown {
  if (Array.isArray(value))
    return rest.length === 0 ? value : value.with(Number(key), renamed(value[Number(key)], rest, name))
  const members = Object.entries(value as object).map(([member, inner]) => {
    if (member !== key) return [member, inner]
    return rest.length === 0 ? [name, inner] : [member, renamed(inner, rest, name)]
  })
  return Object.fromEntries(members)
}
