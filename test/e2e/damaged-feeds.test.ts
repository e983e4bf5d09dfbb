import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isGap } from '../../src/core/advisory.ts'
import { limits } from '../../src/core/limits.ts'
import type { FeedOutcome } from '../../src/update/update.ts'
import { feedSamples, type LoadedFeed, openFeed, type SampleFile } from '../support/feed-samples.ts'
import { mirrorOf } from '../support/feeds.ts'

/** Errors that say that a document is bad; anything else would be a defect. */
const refusals = ['FEED_FAILED', 'LIMIT_EXCEEDED']

describe.each(feedSamples)('$id, damaged', ({ feed, files }) => {
  let loaded: LoadedFeed
  let mirror: string
  let good: string
  /** The bad records that the sample has on purpose. */
  let known: number

  const write = ({ path }: SampleFile, content: string | Buffer) => {
    mkdirSync(dirname(join(mirror, path)), { recursive: true })
    writeFileSync(join(mirror, path), content)
  }

  /** What becomes of the feed when one of its files has other content. */
  async function updateWith(file: SampleFile, content: string | Buffer): Promise<FeedOutcome> {
    write(file, content)
    try {
      return await loaded.update(mirror)
    } finally {
      write(file, file.content)
    }
  }

  /**
   * It was refused and the last good data is there, or nothing is missing. Where every record is a document of its own, a bad one
   * may be told as a gap.
   */
  async function expectRefused(outcome: FeedOutcome, what: string): Promise<void> {
    if (outcome.outcome === 'failed') {
      expect(refusals, `${what}: ${outcome.error!.message}`).toContain(outcome.error!.code)
    } else if (files.length > 1 && loaded.gaps() > known) {
      await loaded.update(mirror)
    }
    expect(await loaded.content(), what).toBe(good)
  }

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
    // Of lines nobody can tell that there were more.
    for (const file of files.filter(({ kind }) => kind !== 'lines')) {
      const end = file.content.toString('latin1').trimEnd().length
      for (let length = 0; length < end; length += 1 + (end >> 8)) {
        await expectRefused(await updateWith(file, file.content.subarray(0, length)), `${length} bytes of ${file.path}`)
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
          await expectRefused(await updateWith(file, damaged), `${cut ? 'cut' : `changed by ${value}`} at ${at}`)
        }),
        { numRuns: 60 },
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
    for (const file of files) await expectRefused(await updateWith(file, content), `${what} as ${file.path}`)
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
    for (const file of files) {
      const { content } = file
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
          await expectOrder(await updateWith(file, damaged), JSON.stringify(changes))
        }),
        { numRuns: 200 },
      )
    }
  })

  const json = files.filter(({ kind }) => kind === 'json')
  const xml = files.filter(({ kind }) => kind === 'xml')

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
      for (const file of json) {
        const paths = pathsOf(JSON.parse(file.content.toString()))
        await fc.assert(
          fc.asyncProperty(fc.constantFrom(...paths), fc.constantFrom(...values), async (path, value) => {
            const document = replaced(JSON.parse(file.content.toString()), path, value)
            await expectOrder(
              await updateWith(file, JSON.stringify(document)),
              `${path.join('/')}: ${JSON.stringify(value)}`,
            )
          }),
          { numRuns: 200 },
        )
      }
    },
  )

  it.runIf(json.length > 0)(
    'with another name of a member in every place, gives statements, gaps or an error in words',
    async () => {
      const names = ['\ud800', '', '__proto__', 'constructor', '\0', 'a\nb', '%', 'x'.repeat(5000)]
      for (const file of json) {
        const members = pathsOf(JSON.parse(file.content.toString())).filter((path) => path.length > 0)
        for (const [index, path] of members.entries()) {
          for (const name of new Set([names[0]!, names[index % names.length]!])) {
            const document = renamed(JSON.parse(file.content.toString()), path, name)
            await expectOrder(
              await updateWith(file, JSON.stringify(document)),
              `${path.join('/')}: ${JSON.stringify(name)}`,
            )
          }
        }
      }
    },
  )

  it('with a text beyond the limit of a record, is refused or goes without that record', async () => {
    for (const file of [...json, ...xml]) {
      const text = file.content.toString()
      const huge = 'x'.repeat(limits.feedRecordBytes + 1)
      const at = json.includes(file) ? text.lastIndexOf('"') : text.indexOf('>', text.length >> 1) + 1
      const outcome = await updateWith(file, text.slice(0, at) + huge + text.slice(at))
      await expectOrder(outcome, file.path)
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
    for (const file of xml) {
      const text = file.content.toString()
      const start = /^(?:\ufeff)?\s*(?:<\?xml[^>]*\?>)?/.exec(text)![0].length
      const inside = text.indexOf('>', text.length >> 1) + 1
      const bomb = `${text.slice(0, start)}<!DOCTYPE x [${declarations}]>${text.slice(start, inside)}${use}${text.slice(inside)}`
      const started = performance.now()
      const outcome = await updateWith(file, bomb)
      expect(outcome, file.path).toMatchObject({ outcome: 'failed', error: { code: 'FEED_FAILED' } })
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
