import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FeedRecord } from '../../src/core/advisory.ts'
import { ChiaroError } from '../../src/core/errors.ts'
import type { Feed, Spool } from '../../src/core/feed.ts'
import { feedsOf } from '../../src/ecosystems/alpine/feed.ts'
import { trackerFeed } from '../../src/ecosystems/debian/feed.ts'
import { feedOf } from '../../src/ecosystems/ubuntu/feed.ts'
import { kevFeed } from '../../src/enrich/kev/feed.ts'
import { changesFeed } from '../../src/enrich/nvd/changes.ts'

const folder = join(import.meta.dirname, '..', '..', 'src', 'ecosystems')

const samples: readonly (readonly [Feed, string])[] = [
  [trackerFeed, 'debian/testdata/security-tracker.debian.org/tracker/data/json'],
  [feedsOf('3.18')[0]!, 'alpine/testdata/secdb.alpinelinux.org/v3.18/main.json'],
  [feedOf({ number: '20.04', codename: 'focal' }), 'ubuntu/testdata/focal.oval.xml'],
  [changesFeed(), `../enrich/nvd/testdata/nvdcve-2.0-2099.json`],
  [kevFeed, `../enrich/kev/testdata/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json`],
]
const signal = new AbortController().signal

/** What a feed makes of a document that has been fetched. */
async function parse(feed: Feed, document: Buffer): Promise<readonly FeedRecord[] | ChiaroError> {
  const spool: Pick<Spool, 'read'> = {
    async *read() {
      for (let at = 0; at < document.length; at += 500) yield document.subarray(at, at + 500)
    },
  }
  const records: FeedRecord[] = []
  try {
    for await (const record of await feed.parse(spool as Spool, signal)) records.push(record)
    return records
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(ChiaroError)
    return error as ChiaroError
  }
}

describe('damaged feeds', () => {
  it.each(samples)('$id, cut off anywhere, is refused', async (feed, path) => {
    const document = readFileSync(join(folder, path))
    const end = document.toString('latin1').trimEnd().length
    for (let length = 0; length < end; length += 1 + (end >> 8)) {
      const result = await parse(feed, document.subarray(0, length))
      expect(result, `${length} bytes`).toBeInstanceOf(ChiaroError)
      expect((result as ChiaroError).code).toBe('FEED_FAILED')
    }
  })

  it.each(samples)(
    '$id, with anything in any place, gives statements, gaps or an error in words',
    async (feed, path) => {
      const document = readFileSync(join(folder, path))
      const junk = fc.oneof(
        fc.constantFrom(
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
        ),
        fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      )
      const change = fc.record({ at: fc.nat(document.length), remove: fc.nat(30), insert: junk })
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
          let damaged = document
          for (const { at, remove, insert } of changes) {
            damaged = Buffer.concat([
              damaged.subarray(0, at),
              Buffer.from(insert, 'latin1'),
              damaged.subarray(at + remove),
            ])
          }
          const result = await parse(feed, damaged)
          if (result instanceof ChiaroError) {
            expect(['FEED_FAILED', 'LIMIT_EXCEEDED']).toContain(result.code)
            return
          }
          for (const record of result) {
            if (!('vulnerability' in record)) continue
            expect(typeof record.vulnerability.id).toBe('string')
            const keys = record.statements.map(({ key }) => `${key.scope} ${key.name}`)
            expect(new Set(keys).size).toBe(keys.length)
            for (const { fix, fixedIn } of record.statements) {
              expect(fix === 'fixed').toBe(typeof fixedIn === 'string' && fixedIn !== '')
            }
          }
        }),
        { numRuns: 300 },
      )
    },
  )
})
