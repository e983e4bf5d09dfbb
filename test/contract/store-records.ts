import { describe, expect, it } from 'vitest'
import type { FeedRecord } from '../../src/core/advisory.ts'
import type { Store } from '../../src/core/store.ts'
import { advisory, fact, gap, manyAdvisories, source, statement } from '../support/records.ts'
import { texts } from './store-texts.ts'

const never = new AbortController().signal
const keys = ['a', 'b', 'c'].flatMap((name) => ['s', 't'].map((scope) => ({ scope, name })))

const first: readonly FeedRecord[] = [
  {
    vulnerability: {
      id: 'RHSA-1',
      covers: ['CVE-1', 'CVE-2'],
      aliases: ['GHSA-1'],
      description: 'first',
      ratings: [{ severity: 'high', source: 'nvd', vector: 'CVSS:3.1/AV:N', score: 7.5 }],
      links: ['https://example.org/'],
      weaknesses: ['CWE-79'],
      published: '2024-01-01T00:00:00Z',
      modified: '2024-01-02T00:00:00Z',
      cpes: ['cpe:2.3:a:b:c:*:*:*:*:*:*:*:* [1,2)'],
    },
    statements: [
      statement('s', 'a', '1', { ranges: [{ introduced: '0.5', fixed: '1' }], advisory: 'RHSA-1', note: 'n' }),
      statement('t', 'b', '1'),
    ],
  },
  advisory('CVE-3', [statement('s', 'b', '1')]),
  advisory('CVE-4', [statement('s', 'c', '1'), statement('t', 'c', '1')]),
  advisory('CVE-5', []),
  fact('epss', 0.5),
  fact('kev', { added: '2024-01-01' }),
  fact('gone', null),
]

/** In the second one CVE-3 has a changed statement, CVE-4 loses one, CVE-5 and a fact are gone, CVE-6 is new. */
const second: readonly FeedRecord[] = [
  first[0]!,
  advisory('CVE-3', [statement('s', 'b', '2')]),
  advisory('CVE-4', [statement('s', 'c', '1')]),
  advisory('CVE-6', [statement('t', 'a', '1')]),
  fact('epss', 0.7),
  fact('kev', { added: '2024-01-01' }),
]

/** What goes from store to store, and imports of several feeds at once. */
export function testRecords(
  opened: () => Store,
  create: () => Promise<{ store: Store; remove(): Promise<void> }>,
): void {
  const importFull = (records: Iterable<FeedRecord>) => opened().advisories.import(source(records), never)

  describe('records', () => {
    it('of one store imported into another give the same', async () => {
      await importFull(second)
      await importFull(first)
      const other = await create()
      try {
        const records = opened().advisories.records('debian')
        const { gaps, ...result } = await other.store.advisories.import(source(records), never)
        expect(result).toEqual({ generation: 1, records: 8, added: 8, changed: 0, closed: 0 })
        expect(await visible(other.store)).toEqual(await visible(opened()))
        expect(sorted(await Array.fromAsync(other.store.advisories.records('debian')))).toEqual(sorted(first))
        expect(await other.store.verify()).toEqual([])
      } finally {
        await other.remove()
      }
    })

    it('since a generation are what changed only, and bring another store there', async () => {
      await importFull(first)
      const other = await create()
      try {
        await other.store.advisories.import(source(opened().advisories.records('debian')), never)
        await importFull(second)
        const changed = await Array.fromAsync(opened().advisories.records('debian', 1))
        expect(sorted(changed)).toEqual(
          sorted([second[1]!, second[2]!, { removed: 'CVE-5' }, second[3]!, second[4]!, { removed: 'gone' }]),
        )
        const result = await other.store.advisories.import(source(changed, { partial: true }), never)
        expect(result).toMatchObject({ generation: 2, records: 7, added: 1, changed: 2, closed: 2 })
        expect(await visible(other.store)).toEqual(await visible(opened()))
      } finally {
        await other.remove()
      }
      expect(await Array.fromAsync(opened().advisories.records('debian', 2))).toEqual([])
    })

    it('of a large feed come one by one, while the feed changes', async () => {
      const many = manyAdvisories(3000, '1')
      await importFull(many)
      const seen: FeedRecord[] = []
      for await (const record of opened().advisories.records('debian')) {
        seen.push(record)
        if (seen.length === 10) await importFull(manyAdvisories(2000, '2'))
      }
      expect(sorted(seen)).toEqual(sorted(many))
    })

    it('can be left in the middle', async () => {
      await importFull(manyAdvisories(1000, '1'))
      for await (const _ of opened().advisories.records('debian')) break
      for await (const _ of opened().advisories.changes('debian', 0, undefined)) break
      expect(await importFull(manyAdvisories(1000, '2'))).toMatchObject({ generation: 2 })
    })

    it('asks for a feed and a generation that are there', async () => {
      await importFull(first)
      const ask = (feed: string, since?: number) => Array.fromAsync(opened().advisories.records(feed, since))
      await expect(ask('unheard-of')).rejects.toMatchObject({ code: 'FEED_UNKNOWN', where: 'unheard-of' })
      await expect(ask('debian', 2)).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: 'debian' })
    })
  })

  describe('imports of several feeds at once', () => {
    const two = (records: Iterable<FeedRecord> | AsyncIterable<FeedRecord>) => [
      source(manyAdvisories(50, '2'), { id: 'one' }),
      source(records, { id: 'two' }),
    ]

    it('are all there', async () => {
      const results = await opened().advisories.importAll(two(manyAdvisories(10, '1')), never)
      expect(results.map(({ generation, records }) => [generation, records])).toEqual([
        [1, 100],
        [1, 20],
      ])
      expect(await opened().advisories.importAll([], never)).toEqual([])
    })

    it('or none of them is', async () => {
      await opened().advisories.import(source(manyAdvisories(50, '1'), { id: 'one' }), never)
      const before = await opened().advisories.status()
      async function* broken() {
        yield* manyAdvisories(10, '1')
        throw new RangeError('the stream broke')
      }
      await expect(opened().advisories.importAll(two(broken()), never)).rejects.toThrow(RangeError)
      await expect(opened().advisories.importAll(two([gap('x')]), never)).rejects.toMatchObject({ code: 'FEED_FAILED' })
      const aborted = AbortSignal.abort()
      await expect(opened().advisories.importAll(two([]), aborted)).rejects.toMatchObject({ code: 'ABORTED' })
      expect(await opened().advisories.status()).toEqual(before)
      const found = await opened().advisories.candidates([{ scope: 'debian:12', name: 'package-7' }])
      expect(found.map(({ feed, statement }) => [feed, statement.fixedIn])).toEqual([['one', '1']])
    })

    it('follow one another where they name one feed twice', async () => {
      const results = await opened().advisories.importAll([source(first), source(second)], never)
      expect(results.map(({ generation, records }) => [generation, records])).toEqual([
        [1, 8],
        [2, 7],
      ])
    })
  })
}

/** What can be seen of the records above. */
async function visible({ advisories }: Store): Promise<unknown> {
  const candidates = await advisories.candidates(keys)
  const ids = ['RHSA-1', 'CVE-3', 'CVE-4', 'CVE-5', 'CVE-6']
  const vulnerabilities = await advisories.vulnerabilities(['debian'], ids)
  const facts = await advisories.facts('debian', ['epss', 'kev', 'gone'])
  return [texts(candidates), texts(vulnerabilities), texts([...facts])]
}

/** The records as texts in an order of their own; the statements of each are in no particular order. */
function sorted(records: readonly FeedRecord[]): readonly string[] {
  return texts(
    records.map((record) => ('statements' in record ? { ...record, statements: texts(record.statements) } : record)),
  )
}
