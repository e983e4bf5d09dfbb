import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Advisory, AdvisoryKey, FeedRecord, Statement } from '../../src/core/advisory.ts'
import { limits } from '../../src/core/limits.ts'
import { hashPath, PathSet } from '../../src/core/path-set.ts'
import type { AdvisoryStore, Store } from '../../src/core/store.ts'
import { advisory, fact, gap, manyAdvisories, source, statement } from '../support/records.ts'
import { withoutDetails } from '../support/reports.ts'
import { exchangeContract } from './store-exchange.ts'
import { testFacts } from './store-facts.ts'
import { failedImagesContract } from './store-failed-images.ts'
import { jobContract } from './store-jobs.ts'
import { compareWithModel, generationArbitrary } from './store-model.ts'
import { testPartialImports } from './store-partial.ts'
import { testPast } from './store-past.ts'
import { compareWithPast } from './store-past-model.ts'
import { testRecords } from './store-records.ts'
import { testRemovedGenerations } from './store-removed-generations.ts'
import { digest, found, indexReport, layerIndex, matches } from './store-samples.ts'
import { texts } from './store-texts.ts'

/** A database for one test. */
export interface StoreSample {
  /** Opens it; each time a store of its own, as another process would. */
  open(): Promise<Store>
  remove(): Promise<void>
}

const never = new AbortController().signal

/** What kind of database it is. */
export interface StoreKind {
  /** Whether two stores can open the same database. */
  readonly several: boolean
  /** How many sequences of imports are tried. */
  readonly sequences: number
}

/** What every database must keep. */
export function testStore(name: string, create: () => Promise<StoreSample>, { several, sequences }: StoreKind): void {
  describe(`the contract of ${name}`, () => {
    let sample: StoreSample
    let store: Store
    let advisories: AdvisoryStore

    beforeEach(async () => {
      sample = await create()
      store = await sample.open()
      advisories = store.advisories
    })

    afterEach(async () => {
      const problems = await store.verify()
      await store[Symbol.asyncDispose]()
      await sample.remove()
      expect(problems).toEqual([])
    })

    describe('data files', () => {
      it.each(exchangeContract)('%s', (_, holds) => holds(store))
    })

    describe('jobs', () => {
      it.each(jobContract)('%s', (_, holds) => holds(store))
    })

    describe('advisories', () => {
      it('an empty database has nothing, and is sound', async () => {
        expect(await advisories.status()).toEqual([])
        expect(await advisories.status(['debian'])).toEqual([])
        expect(await advisories.gaps('debian')).toEqual([])
        expect(await advisories.candidates([{ scope: 'debian:12', name: 'openssl' }])).toEqual([])
        expect(await advisories.candidates([])).toEqual([])
        expect(await advisories.scopeSizes(['debian:12'])).toEqual(new Map([['debian:12', 0]]))
      })

      it('gives back everything that a record says', async () => {
        const record: Advisory = {
          vulnerability: {
            id: 'CVE-2023-0464',
            aliases: ['GHSA-1', 'DSA-5417-1'],
            description: 'Excessive resource use\nin "X.509" – größer, 安全, 🦀',
            ratings: [
              { severity: 'high', source: 'nvd', original: 'CVSS:3.1/AV:N' },
              { severity: 'low', source: 'debian' },
              { severity: 'medium', source: 'nvd', vector: 'CVSS:3.1/AV:N', score: 5.5 },
            ],
            links: ['https://example.org/a?b=c&d', 'http://example.org/'],
            covers: ['CVE-2023-0465', 'CVE-2023-0466'],
            weaknesses: ['CWE-295'],
            published: '2023-03-22T17:15:00Z',
            modified: '2024-02-01T00:00:00Z',
            cpes: ['cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:* [3.0.0,3.0.9)'],
          },
          statements: [
            statement('debian:12', 'openssl', '3.0.9-1', {
              rating: { severity: 'medium', source: 'debian', original: 'not yet assigned' },
              note: 'needs Ubuntu Pro (esm-infra)',
              advisory: 'DSA-5417-1',
            }),
            { key: { scope: 'debian:11', name: 'openssl' }, fix: 'open' },
            { key: { scope: 'debian:10', name: 'openssl' }, fix: 'end-of-life', note: '' },
            {
              key: { scope: 'debian:13', name: 'openssl' },
              fix: 'not-affected',
              rating: { severity: 'low', source: '' },
            },
            { key: { scope: 'debian:sid', name: 'openssl' }, fix: 'will-not-fix', note: 'minor' },
            { key: { scope: 'npm', name: 'openssl' }, fix: 'open', ranges: [] },
            {
              key: { scope: 'npm', name: 'openssl module=a:b arch=x86_64' },
              fix: 'fixed',
              fixedIn: '3',
              ranges: [{ introduced: '1', fixed: '2' }, { introduced: '2.5', lastAffected: '2.9' }, {}],
            },
          ],
        }
        const result = await advisories.import(source([record]), never)
        expect(result).toEqual({ generation: 1, records: 7, added: 7, changed: 0, closed: 0, gaps: [] })
        for (const wanted of record.statements) {
          const found = await advisories.candidates([wanted.key])
          expect(found).toEqual([{ statement: wanted, vulnerability: record.vulnerability, feed: 'debian' }])
        }
      })

      it('keeps claims apart that read alike when joined', async () => {
        const claims = [
          { note: 'high|6||0|debian' },
          { rating: { severity: 'high', source: 'debian' }, note: '' },
          { rating: { severity: 'high', source: 'debian' } },
          { rating: { severity: 'high', source: 'debia', original: 'n' } },
          { rating: { severity: 'high', source: 'debia' }, note: 'n' },
          { rating: { severity: 'high', source: 'debian', original: '' } },
          { rating: { severity: 'high', source: 'debian', vector: '' } },
          { rating: { severity: 'high', source: 'debian', vector: 'n' } },
          { rating: { severity: 'high', source: 'debian', original: 'n' } },
          { rating: { severity: 'high', source: 'debian', score: 0 } },
          { rating: { severity: 'high', source: 'debian', score: 1 } },
          { note: '' },
          {},
        ] as const
        const statements = claims.map((claim, index) => statement('s', `p${index}`, '1', claim))
        await advisories.import(source([advisory('CVE-1', statements)]), never)
        const found = await advisories.candidates(statements.map(({ key }) => key))
        expect(new Set(found.map((candidate) => candidate.statement))).toEqual(new Set(statements))
      })

      it('keeps any text, as far as UTF-8 can say it', async () => {
        const texts = [
          '',
          ' ',
          "'; DROP TABLE feed; --",
          'a\0b',
          '\uFEFFx',
          '\u{10FFFF}',
          '\uFFFF',
          'half \uD800 pair',
          'x'.repeat(1e6),
        ]
        const records = texts.map((text, index) =>
          advisory(
            `CVE-${index}${text}`,
            [statement(`scope${text}`, `name${text}`, `1${text}`, { advisory: text })],
            text,
          ),
        )
        const wellFormed = (record: Advisory): Advisory =>
          JSON.parse(JSON.stringify(record).replaceAll('\\ud800', '\uFFFD'))
        const first = await advisories.import(source(records), never)
        expect(first.records).toBe(texts.length)
        for (const record of records) {
          const [found, ...more] = await advisories.candidates([record.statements[0]!.key])
          expect(more).toEqual([])
          const { statements, vulnerability } = wellFormed(record)
          expect(found!.vulnerability.description.toWellFormed()).toBe(vulnerability.description)
          expect(found!.vulnerability.id).toBe(vulnerability.id)
          expect(found!.statement.fixedIn).toBe(statements[0]!.fixedIn)
          expect(found!.statement.advisory).toBe(statements[0]!.advisory)
        }
        expect(await advisories.import(source(records), never)).toMatchObject({ generation: 1, changed: 0 })
      })

      it('an unchanged feed keeps its generation, and notes the check and the fingerprint', async () => {
        const records = manyAdvisories(50, '1.0')
        await advisories.import(source([...records, gap('x')], { fingerprint: 'one', dataTime: 'Monday' }), never)
        const [before] = await advisories.status()
        await new Promise((resolve) => setTimeout(resolve, 5))
        const again = source([...records, gap('x')].reverse(), { fingerprint: 'two', dataTime: 'Tuesday', version: 2 })
        const result = await advisories.import(again, never)
        expect(result).toMatchObject({ generation: 1, records: 100, added: 0, changed: 0, closed: 0 })
        const [after] = await advisories.status()
        expect(after).toEqual({
          ...before,
          checkedAt: after!.checkedAt,
          fingerprint: 'two',
          dataTime: 'Tuesday',
          version: 2,
        })
        expect(after!.checkedAt! > before!.checkedAt!).toBe(true)
      })

      it('a changed feed makes a generation of what is new, changed and gone', async () => {
        const key = (name: string) => ({ scope: 'debian:12', name })
        const version = (name: string) => statement('debian:12', name, '1')
        await advisories.import(source([advisory('CVE-1', [version('a'), version('b'), version('c')])]), never)
        const second = [advisory('CVE-1', [version('a'), statement('debian:12', 'b', '2'), version('d')])]
        expect(await advisories.import(source(second), never)).toEqual({
          generation: 2,
          records: 3,
          added: 1,
          changed: 1,
          closed: 1,
          gaps: [],
        })
        expect(await versions(advisories, ['a', 'b', 'c', 'd'].map(key))).toEqual(['a 1', 'b 2', 'd 1'])
        expect(await advisories.scopeSizes(['debian:12'])).toEqual(new Map([['debian:12', 3]]))
        const third = [advisory('CVE-1', [version('c')])]
        expect(await advisories.import(source(third), never)).toMatchObject({ generation: 3, added: 1, closed: 3 })
        expect(await versions(advisories, ['a', 'b', 'c', 'd'].map(key))).toEqual(['c 1'])
      })

      it('a vulnerability that vanishes and comes back is whole again', async () => {
        const keep = advisory('CVE-1', [statement('s', 'a', '1')])
        const other = advisory('CVE-2', [statement('s', 'b', '1')])
        await advisories.import(source([keep, other]), never)
        expect(await advisories.import(source([keep]), never)).toMatchObject({ generation: 2, closed: 1 })
        expect(await advisories.candidates([{ scope: 's', name: 'b' }])).toEqual([])
        expect(await advisories.import(source([keep, other]), never)).toMatchObject({ generation: 3, added: 1 })
        expect(await advisories.candidates([{ scope: 's', name: 'b' }])).toHaveLength(1)
        expect(await advisories.import(source([keep, other]), never)).toMatchObject({ generation: 3 })
      })

      it('a changed description is a change, though no statement differs', async () => {
        const record = (description: string) => advisory('CVE-1', [statement('s', 'a', '1')], description)
        await advisories.import(source([record('old')]), never)
        const result = await advisories.import(source([record('new')]), never)
        expect(result).toMatchObject({ generation: 2, added: 0, changed: 0, closed: 0 })
        const [found] = await advisories.candidates([{ scope: 's', name: 'a' }])
        expect(found!.vulnerability.description).toBe('new')
      })

      it('the first of several descriptions, and the first of several statements for a key, wins', async () => {
        const records = [
          advisory('CVE-1', [statement('s', 'a', '1')], 'first'),
          advisory('CVE-1', [statement('s', 'b', '1'), statement('s', 'a', '2')], 'second'),
        ]
        for (const generation of [1, 1]) {
          expect(await advisories.import(source(records), never)).toMatchObject({ generation, records: 2 })
          expect(await versions(advisories, [{ scope: 's', name: 'a' }])).toEqual(['a 1'])
          const [found] = await advisories.candidates([{ scope: 's', name: 'b' }])
          expect(found!.vulnerability.description).toBe('first')
        }
        expect(await advisories.scopeSizes(['s'])).toEqual(new Map([['s', 2]]))
      })

      it('a vulnerability without statements is kept', async () => {
        await advisories.import(source([advisory('CVE-1', [])]), never)
        expect(await advisories.status()).toMatchObject([{ generation: 1, records: 1 }])
        expect(await advisories.import(source([advisory('CVE-1', [])]), never)).toMatchObject({ generation: 1 })
      })

      it('feeds do not touch one another, and are found together', async () => {
        const records = [advisory('CVE-1', [statement('s', 'a', '1')])]
        await advisories.import(source(records, { id: 'one' }), never)
        await advisories.import(source([advisory('CVE-1', [statement('s', 'a', '2')], 'else')], { id: 'two' }), never)
        const found = await advisories.candidates([{ scope: 's', name: 'a' }])
        expect(found.map(({ feed, statement }) => `${feed} ${statement.fixedIn}`).sort()).toEqual(['one 1', 'two 2'])
        expect(new Set(found.map(({ vulnerability }) => vulnerability.description)).size).toBe(2)
        expect(await advisories.scopeSizes(['s'])).toEqual(new Map([['s', 2]]))
        await advisories.import(source([advisory('CVE-2', [])], { id: 'two' }), never)
        expect(await versions(advisories, [{ scope: 's', name: 'a' }])).toEqual(['a 1'])
      })

      it('answers a key that is asked for twice once', async () => {
        await advisories.import(source([advisory('CVE-1', [statement('s', 'a', '1')])]), never)
        const key = { scope: 's', name: 'a' }
        expect(await advisories.candidates([key, { ...key }, key])).toHaveLength(1)
      })

      it('leaves out what is not wanted', async () => {
        const statements = ['a', 'b', 'c'].map((name, index) => statement('s', name, `${index}`))
        await advisories.import(source([advisory('CVE-1', statements), advisory('CVE-2', statements)]), never)
        const keys = statements.map(({ key }) => key)
        const asked = new Set<unknown>()
        const found = await advisories.candidates(keys, {
          wanted: (statement) => {
            asked.add(statement)
            return statement.fixedIn === '1'
          },
        })
        expect([...asked]).toEqual(expect.arrayContaining(statements))
        expect(found.every(({ statement }) => asked.has(statement))).toBe(true)
        expect(found.map(({ statement, vulnerability }) => [statement, vulnerability.id]).sort()).toEqual([
          [statements[1], 'CVE-1'],
          [statements[1], 'CVE-2'],
        ])
        expect(await advisories.candidates(keys, { wanted: () => false })).toEqual([])
      })

      it('tells statements of one key apart, whatever differs', async () => {
        const key = { scope: 's', name: 'a' }
        const statements: readonly Statement[] = [
          { key, fix: 'fixed', fixedIn: '1' },
          { key, fix: 'fixed', fixedIn: '1', advisory: '2' },
          { key, fix: 'fixed', fixedIn: '12' },
          { key, fix: 'fixed', fixedIn: 'null' },
          { key, fix: 'fixed', fixedIn: '1', note: 'n' },
          { key, fix: 'open' },
          { key, fix: 'open', advisory: 'null' },
        ]
        const records = statements.map((each, index) => advisory(`CVE-${index}`, [each]))
        await advisories.import(source([...records, advisory('CVE-again', [statements[0]!])]), never)
        const found = await advisories.candidates([key], { wanted: () => true })
        const byId = new Map(found.map((candidate) => [candidate.vulnerability.id, candidate.statement]))
        expect(statements.map((_, index) => byId.get(`CVE-${index}`))).toEqual(statements)
        expect(byId.get('CVE-again')).toEqual(statements[0])
      })

      it('answers for vulnerabilities of several feeds, whether anything is stated of them or not', async () => {
        const rated = (id: string, description: string) => advisory(id, [], description)
        await advisories.import(source([rated('CVE-1', 'one'), rated('CVE-2', 'one')], { id: 'one' }), never)
        await advisories.import(source([rated('CVE-1', 'two'), rated('cve-1', 'two')], { id: 'two' }), never)
        const ask = async (feeds: readonly string[], ids: readonly string[]) =>
          (await advisories.vulnerabilities(feeds, ids))
            .map(({ feed, vulnerability: { id, description } }) => `${feed} ${id} ${description}`)
            .sort()
        expect(await ask(['one', 'two', 'three'], ['CVE-1', 'CVE-3', 'CVE-1'])).toEqual([
          'one CVE-1 one',
          'two CVE-1 two',
        ])
        expect(await ask(['one'], ['CVE-1', 'CVE-2'])).toEqual(['one CVE-1 one', 'one CVE-2 one'])
        expect(await ask([], ['CVE-1'])).toEqual([])
        expect(await ask(['one'], [])).toEqual([])
        await advisories.import(source([rated('CVE-2', 'new')], { id: 'one' }), never)
        expect(await ask(['one', 'two'], ['CVE-1', 'CVE-2'])).toEqual(['one CVE-2 new', 'two CVE-1 two'])
      })

      it('tells statements of one key apart that differ in their ranges only', async () => {
        const key = { scope: 's', name: 'a' }
        const ranges = [undefined, [], [{}], [{ introduced: '1' }], [{ fixed: '1' }], [{ lastAffected: '1' }]] as const
        const statements: readonly Statement[] = ranges.map((each) => ({
          key,
          fix: 'open',
          ...(each === undefined ? {} : { ranges: each }),
        }))
        const records = statements.map((each, index) => advisory(`CVE-${index}`, [each]))
        await advisories.import(source(records), never)
        const found = await advisories.candidates([key])
        const byId = new Map(found.map((candidate) => [candidate.vulnerability.id, candidate.statement]))
        expect(statements.map((_, index) => byId.get(`CVE-${index}`))).toEqual(statements)
        const rotated = statements.map((_, index) => advisory(`CVE-${index}`, [statements.at(index - 1)!]))
        expect(await advisories.import(source(rotated), never)).toMatchObject({ changed: statements.length })
      })

      it('keeps gaps and counts those beyond the limit', async () => {
        const records = manyAdvisories(40_000, '1.0')
        const gaps = Array.from({ length: limits.feedGapsKept + 5 }, (_, index) => gap(`record ${index}`))
        const result = await advisories.import(source([...gaps, ...records]), never)
        expect(result.gaps).toEqual(gaps.slice(0, limits.feedGapsKept))
        expect(await advisories.gaps('debian')).toEqual(gaps.slice(0, limits.feedGapsKept))
        expect(await advisories.status()).toMatchObject([{ gaps: gaps.length, records: 80_000 }])
      })

      it('gaps are part of a generation', async () => {
        const records = manyAdvisories(50, '1.0')
        await advisories.import(source([...records, gap('a')]), never)
        expect(await advisories.import(source(records), never)).toMatchObject({ generation: 2, changed: 0 })
        expect(await advisories.gaps('debian')).toEqual([])
        expect(await advisories.status()).toMatchObject([{ gaps: 0 }])
      })

      it.each([
        ['nothing', []],
        ['only gaps', [gap('a')]],
        ['too many gaps', [...manyAdvisories(19, '2.0'), gap('a'), gap('b')]],
      ])('refuses %s, and leaves the data', async (_, records: readonly FeedRecord[]) => {
        await advisories.import(source(manyAdvisories(5, '1.0')), never)
        const before = await advisories.status()
        await expect(advisories.import(source(records), never)).rejects.toMatchObject({ code: 'FEED_FAILED' })
        expect(await advisories.status()).toEqual(before)
        await expect(advisories.import(source(records, { id: 'other' }), never)).rejects.toMatchObject({
          code: 'FEED_FAILED',
        })
        expect(await advisories.status()).toEqual(before)
      })

      it('loads a feed that may be empty without a record, and does not empty it', async () => {
        const empty = source([], { mayBeEmpty: true })
        for (let time = 0; time < 2; time++) {
          const result = await advisories.import(empty, never)
          expect(result).toEqual({ generation: 1, records: 0, added: 0, changed: 0, closed: 0, gaps: [] })
          expect(await advisories.status()).toMatchObject([{ generation: 1, records: 0, gaps: 0 }])
        }
        await expect(advisories.import(source([]), never)).rejects.toMatchObject({ code: 'FEED_FAILED' })
        await advisories.import(source(manyAdvisories(5, '1.0'), { mayBeEmpty: true }), never)
        const before = await state(advisories)
        await expect(advisories.import(empty, never)).rejects.toMatchObject({ code: 'FEED_FAILED' })
        expect(await state(advisories)).toEqual(before)
      })

      it('accepts as many gaps as the limit allows', async () => {
        const share = [...manyAdvisories(19, '2.0'), gap('a')]
        expect(1 / share.length).toBe(limits.feedGapShare)
        expect(await advisories.import(source(share), never)).toMatchObject({ generation: 1, gaps: [gap('a')] })
      })

      it('an import that fails half-way leaves nothing', async () => {
        await advisories.import(source(manyAdvisories(100, '1.0')), never)
        const before = await state(advisories)
        async function* broken() {
          yield* manyAdvisories(80, '2.0')
          throw new RangeError('the stream broke')
        }
        await expect(advisories.import(source(broken()), never)).rejects.toThrow(RangeError)
        expect(await state(advisories)).toEqual(before)
      })

      it('an import that is cancelled leaves nothing, and asks for no more records', async () => {
        await advisories.import(source(manyAdvisories(100, '1.0')), never)
        const before = await state(advisories)
        const controller = new AbortController()
        let ended = false
        async function* records() {
          try {
            for (const [index, record] of manyAdvisories(100, '2.0').entries()) {
              if (index === 50) controller.abort()
              if (index > 50) throw new Error('asked for another record')
              yield record
            }
          } finally {
            ended = true
          }
        }
        await expect(advisories.import(source(records()), controller.signal)).rejects.toMatchObject({ code: 'ABORTED' })
        expect(ended).toBe(true)
        expect(await state(advisories)).toEqual(before)
        const late = AbortSignal.abort()
        await expect(advisories.import(source([]), late)).rejects.toMatchObject({ code: 'ABORTED' })
      })

      it.runIf(several)('readers see the old data until an import is complete', async () => {
        await advisories.import(source(manyAdvisories(100, '1.0')), never)
        await using other = await sample.open()
        const before = await state(advisories)
        const seen: unknown[] = []
        async function* records() {
          for (const [index, record] of manyAdvisories(100, '2.0').entries()) {
            yield record
            if (index % 25 === 24) seen.push(await state(advisories), await state(other.advisories))
          }
        }
        await advisories.import(source(records()), never)
        expect(seen).toEqual(Array(8).fill(before))
        const after = await state(advisories)
        expect(after).not.toEqual(before)
        expect(await state(other.advisories)).toEqual(after)
      })

      it('imports that are started together follow one another', async () => {
        const ids = ['a', 'b', 'c']
        const results = await Promise.all(
          ids.map((id) => advisories.import(source(manyAdvisories(200, id), { id }), never)),
        )
        expect(results.map(({ records }) => records)).toEqual([400, 400, 400])
        expect(await advisories.candidates([{ scope: 'debian:12', name: 'package-7' }])).toHaveLength(3)
      })

      it.runIf(several)('imports of two stores follow one another', async () => {
        await using other = await sample.open()
        await Promise.all([
          advisories.import(source(slowly(manyAdvisories(200, '1'), 40), { id: 'a' }), never),
          other.advisories.import(source(slowly(manyAdvisories(200, '2'), 40), { id: 'b' }), never),
          other.advisories.failed(
            { id: 'c', url: 'https://example.org/c' },
            { code: 'OFFLINE', message: 'no network' },
          ),
        ])
        expect((await advisories.status()).map(({ feed, records }) => [feed, records])).toEqual([
          ['a', 400],
          ['b', 400],
          ['c', 0],
        ])
      })

      it.runIf(several)('the wait for another import can be cancelled', async () => {
        await using other = await sample.open()
        const controller = new AbortController()
        let waiting: Promise<unknown> | undefined
        async function* records() {
          yield* manyAdvisories(1, '1')
          waiting = other.advisories.import(source(manyAdvisories(1, '2')), controller.signal)
          setTimeout(() => controller.abort(), 50)
          await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
        }
        await advisories.import(source(records()), never)
        expect(waiting).toBeDefined()
      })

      it('notes failures and checks', async () => {
        const feed = { id: 'debian', url: 'https://example.org/debian' }
        await advisories.failed(feed, { code: 'NETWORK_FAILED', message: 'no route' })
        expect(await advisories.status()).toEqual([
          {
            feed: 'debian',
            url: 'https://example.org/debian',
            generation: 0,
            checkedAt: null,
            importedAt: null,
            dataTime: null,
            records: 0,
            gaps: 0,
            version: 0,
            fingerprint: undefined,
            lastError: { at: expect.stringMatching(/^\d{4}-.*Z$/), code: 'NETWORK_FAILED', message: 'no route' },
          },
        ])
        await advisories.import(source(manyAdvisories(1, '1.0')), never)
        expect(await advisories.status(['debian', 'unheard-of'])).toMatchObject([
          { lastError: undefined, generation: 1, version: 1 },
        ])
        await advisories.failed(feed, { code: 'OFFLINE', message: 'none' })
        const [failed] = await advisories.status()
        expect(failed).toMatchObject({ generation: 1, records: 2, lastError: { code: 'OFFLINE' }, fingerprint: 'one' })
        await advisories.checked('debian', 'two')
        expect(await advisories.status()).toMatchObject([{ lastError: undefined, fingerprint: 'two' }])
        await expect(advisories.checked('unheard-of', 'x')).rejects.toMatchObject({ code: 'INTERNAL' })
      })

      it('any sequence of imports gives what a plain map gives', { timeout: 120_000 }, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(generationArbitrary, { minLength: 1, maxLength: 6 }), async (generations) => {
            const own = await create()
            const fresh = await own.open()
            try {
              await compareWithModel(fresh, generations)
            } finally {
              await fresh[Symbol.asyncDispose]()
              await own.remove()
            }
          }),
          { numRuns: sequences },
        )
      })

      it('any state can be asked for again, and what changed between any two', { timeout: 120_000 }, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(generationArbitrary, { minLength: 1, maxLength: 5 }), async (generations) => {
            const own = await create()
            const fresh = await own.open()
            try {
              await compareWithPast(fresh, generations)
            } finally {
              await fresh[Symbol.asyncDispose]()
              await own.remove()
            }
          }),
          { numRuns: sequences },
        )
      })

      it('gc keeps every state since, and what is gone is no data, never other data', async () => {
        const key = { scope: 'debian:12', name: 'a' }
        const times: string[] = []
        for (const version of ['1', '2', '3']) {
          await advisories.import(source([advisory('CVE-1', [statement(key.scope, key.name, version)])]), never)
          await new Promise((resolve) => setTimeout(resolve, 5))
          times.push(new Date().toISOString())
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        const seen = () =>
          Promise.all(
            times.map(async (asOf) => {
              const found = await advisories.candidates([key], { asOf })
              return found.map(({ statement: { fixedIn } }) => fixedIn).join()
            }),
          )
        expect(await seen()).toEqual(['1', '2', '3'])
        await store.gc(times[1]!)
        expect(await seen()).toEqual(['', '2', '3'])
        expect((await advisories.generations('debian')).map(({ number }) => number)).toEqual([2, 3])
        expect((await advisories.status(['debian'], times[0]))[0]).toMatchObject({ generation: 0, checkedAt: null })
        expect(await advisories.scopeSizes(['debian:12'], times[0])).toEqual(new Map([['debian:12', 0]]))
      })
    })

    testFacts(() => store)
    testPartialImports(() => store)
    testPast(() => store)
    testRemovedGenerations(() => store)
    testRecords(
      () => store,
      async () => {
        const own = await create()
        const other = await own.open()
        const remove = async () => {
          await other[Symbol.asyncDispose]()
          await own.remove()
        }
        return { store: other, remove }
      },
    )

    describe('layers and images', () => {
      it('gives back a layer for exactly its digests and analyzers', async () => {
        const { index } = store
        expect(await index.layer(digest('1'), digest('2'), 'a@1')).toBeUndefined()
        await index.putLayer(layerIndex, 'a@1')
        const found = await index.layer(digest('1'), digest('2'), 'a@1')
        expect(found).toEqual(layerIndex)
        expect(found!.nonDirectories.has('etc/passwd')).toBe(true)
        expect(found!.nonDirectories.has('etc/shadow')).toBe(false)
        expect(await index.layer(digest('1'), digest('2'), 'a@2')).toBeUndefined()
        expect(await index.layer(digest('1'), digest('3'), 'a@1')).toBeUndefined()
        expect(await index.layer(digest('3'), digest('2'), 'a@1')).toBeUndefined()
      })

      it('replaces a layer, keeps an empty one, and does not keep a directory', async () => {
        const { index } = store
        const empty = { ...layerIndex, files: [], whiteouts: [], opaques: [], gaps: [], nonDirectories: PathSet.of([]) }
        await index.putLayer(layerIndex, 'a@1')
        await index.putLayer(empty, 'a@1')
        expect(await index.layer(digest('1'), digest('2'), 'a@1')).toEqual(empty)
        await index.putLayer({ ...layerIndex, digest: undefined, diffId: undefined }, 'a@1')
      })

      it('keeps many paths', async () => {
        const paths = Array.from({ length: 100_001 }, (_, number) => `usr/share/doc/${number}`)
        const nonDirectories = PathSet.of(paths.map(hashPath))
        await store.index.putLayer({ ...layerIndex, nonDirectories }, 'a@1')
        const found = await store.index.layer(digest('1'), digest('2'), 'a@1')
        expect(found!.nonDirectories.hashes).toEqual(nonDirectories.hashes)
        expect(paths.every((path) => found!.nonDirectories.has(path))).toBe(true)
      })

      it('gives back an image for exactly its digest and analyzers', async () => {
        const { index } = store
        expect(await index.image(digest('5'), 'a@1')).toBeUndefined()
        await index.putImage(indexReport, 'a@1')
        await index.putImage(indexReport, 'a@1')
        expect(await index.image(digest('5'), 'a@1')).toEqual(indexReport)
        expect(await index.image(digest('5'), 'a@2')).toBeUndefined()
        expect(await index.image(digest('6'), 'a@1')).toBeUndefined()
        await index.putImage({ ...indexReport, image: { ...indexReport.image, digest: undefined } }, 'a@1')
      })

      it('knows a layer by the digest of its blob alone', async () => {
        const { index } = store
        expect(await index.layer(digest('1'), undefined, 'a@1')).toBeUndefined()
        await index.putLayer(layerIndex, 'a@1')
        expect(await index.layer(digest('1'), undefined, 'a@1')).toEqual(layerIndex)
        expect(await index.layer(digest('1'), undefined, 'a@2')).toBeUndefined()
        expect(await index.layer(digest('2'), undefined, 'a@1')).toBeUndefined()
      })

      it('forgets images with all that is known of them, and tells which', async () => {
        const { index } = store
        const key = { digest: digest('5'), analyzers: 'a@1', basis: 'debian@1' }
        const other = { ...indexReport, image: { ...indexReport.image, digest: digest('6') } }
        for (const analyzers of ['a@1', 'a@2']) await index.putImage(indexReport, analyzers, true)
        await index.putImage(other, 'a@1', true)
        await index.putMatches(key, matches)
        expect(await index.removeImages([digest('7'), digest('5'), digest('5')])).toEqual([digest('5')])
        expect(await index.image(digest('5'), 'a@1')).toBeUndefined()
        expect(await index.image(digest('5'), 'a@2')).toBeUndefined()
        expect(await index.matches(key)).toBeUndefined()
        expect(await index.image(digest('6'), 'a@1')).toEqual(other)
        expect(await index.removeImages([])).toEqual([])
        await index.putImage(indexReport, 'a@1')
        expect(await index.matches(key)).toBeUndefined()
      })

      it('gives back matches for exactly their image and basis', async () => {
        const { index } = store
        const key = { digest: digest('5'), analyzers: 'a@1', basis: 'debian@1' }
        await index.putMatches(key, matches)
        expect(await index.matches(key)).toBeUndefined()
        await index.putImage(indexReport, 'a@1')
        expect(await index.matches(key)).toBeUndefined()
        await index.putMatches(key, matches)
        expect(await index.matches(key)).toEqual(matches)
        expect(await index.matches({ ...key, basis: 'debian@2' })).toBeUndefined()
        expect(await index.matches({ ...key, analyzers: 'a@2' })).toBeUndefined()
        expect(await index.matches({ ...key, digest: digest('6') })).toBeUndefined()
      })

      it('keeps one set of matches of an image, none after the image was put again, and not too many', async () => {
        const { index } = store
        const key = { digest: digest('5'), analyzers: 'a@1', basis: 'debian@1' }
        await index.putImage(indexReport, 'a@1')
        await index.putMatches(key, matches)
        await index.putMatches({ ...key, basis: 'debian@2' }, [])
        expect(await index.matches(key)).toBeUndefined()
        expect(await index.matches({ ...key, basis: 'debian@2' })).toEqual([])
        await index.putMatches(key, Array(limits.keptMatches + 1).fill(matches[0]))
        expect(await index.matches(key)).toBeUndefined()
        await index.putMatches(key, Array(limits.keptMatches).fill(matches[0]))
        expect(await index.matches(key)).toHaveLength(limits.keptMatches)
        await index.putImage(indexReport, 'a@1')
        expect(await index.matches(key)).toBeUndefined()
      })
    })

    describe('images that could not be read', () => {
      it.each(failedImagesContract)('%s', (_, holds) => holds(store))
    })

    describe('what was found in an image', () => {
      const key = { digest: digest('5'), analyzers: 'a@1', basis: 'debian@1 epss@1' }

      it('is given back for exactly its image and basis', async () => {
        const { index } = store
        await index.putFound(key, found)
        expect(await index.found(key, true)).toBeUndefined()
        await index.putImage(indexReport, 'a@1')
        expect(await index.found(key, true)).toBeUndefined()
        await index.putFound(key, found)
        expect(await index.found(key, true)).toEqual(found)
        expect(await index.found({ ...key, basis: 'debian@1 epss@2' }, true)).toBeUndefined()
        expect(await index.found({ ...key, analyzers: 'a@2' }, true)).toBeUndefined()
        expect(await index.found({ ...key, digest: digest('6') }, true)).toBeUndefined()
      })

      it('comes without details where they are not wanted', async () => {
        const { index } = store
        await index.putImage(indexReport, 'a@1')
        await index.putFound(key, found)
        const findings = found.findings.map(withoutDetails)
        expect(findings).not.toEqual(found.findings)
        expect(await index.found(key, false)).toEqual({ findings, gaps: found.gaps })
        await index.putFound(key, { findings: [], gaps: [] })
        expect(await index.found(key, false)).toEqual({ findings: [], gaps: [] })
      })

      it('may be nothing, or one finding, and is kept beside matches', async () => {
        const { index } = store
        await index.putImage(indexReport, 'a@1')
        await index.putMatches({ ...key, basis: 'debian@1' }, matches)
        for (const findings of [[], found.findings.slice(0, 1)]) {
          await index.putFound(key, { findings, gaps: [] })
          expect(await index.found(key, true)).toEqual({ findings, gaps: [] })
        }
        expect(await index.matches({ ...key, basis: 'debian@1' })).toEqual(matches)
        await index.putMatches({ ...key, basis: 'debian@2' }, [])
        expect(await index.found(key, true)).toBeDefined()
      })

      it('is what was put last, nothing after the image was put again, and not too much', async () => {
        const { index } = store
        const [finding] = found.findings
        const { gaps } = found
        await index.putImage(indexReport, 'a@1')
        await index.putFound(key, found)
        await index.putFound({ ...key, basis: 'debian@2' }, { findings: [], gaps })
        expect(await index.found(key, true)).toBeUndefined()
        expect(await index.found({ ...key, basis: 'debian@2' }, true)).toEqual({ findings: [], gaps })
        await index.putFound(key, { findings: Array(limits.keptMatches).fill(finding), gaps })
        expect(await index.found(key, true)).toBeUndefined()
        await index.putFound(key, { findings: Array(limits.keptMatches - 1).fill(finding), gaps })
        expect((await index.found(key, true))!.findings).toHaveLength(limits.keptMatches - 1)
        await index.putImage(indexReport, 'a@1')
        expect(await index.found(key, true)).toBeUndefined()
      })
    })

    describe('lock', () => {
      it('gives what the work gives, and throws what it throws', async () => {
        expect(await store.lock('debian', never, async () => 7)).toBe(7)
        const failing = store.lock('debian', never, async () => {
          throw new RangeError('it broke')
        })
        await expect(failing).rejects.toThrow(RangeError)
        expect(await store.lock('debian', never, async () => 8)).toBe(8)
      })

      it('lets the work use the store, and take another lock', async () => {
        const result = await store.lock('debian', never, () =>
          store.lock('alpine', never, () => advisories.import(source(manyAdvisories(1, '1')), never)),
        )
        expect(result).toMatchObject({ generation: 1 })
      })

      it('does not begin when it is cancelled', async () => {
        let began = false
        const waiting = store.lock('debian', AbortSignal.abort(), async () => {
          began = true
        })
        await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
        expect(began).toBe(false)
      })
    })

    describe('gc', () => {
      const future = '2999-01-01T00:00:00.000Z'

      it('removes what had ended before, and keeps what is current', async () => {
        await advisories.import(source(manyAdvisories(100, '1.0')), never)
        await advisories.import(source(manyAdvisories(80, '2.0')), never)
        await store.index.putLayer(layerIndex, 'a@1')
        await store.index.putImage(indexReport, 'a@1')
        const key = { digest: digest('5'), analyzers: 'a@1', basis: 'debian@2' }
        await store.index.putMatches(key, matches)
        await store.index.putFound(key, found)
        const before = await state(advisories)
        expect(await store.gc('2000-01-01T00:00:00.000Z')).toEqual({ statements: 0, layers: 0, images: 0, bytes: 0 })
        expect(await store.index.matches(key)).toEqual(matches)
        expect(await store.index.found(key, true)).toEqual(found)
        expect(await store.gc(future)).toMatchObject({ statements: 200, layers: 1, images: 1 })
        expect(await state(advisories)).toEqual(before)
        expect(await store.verify()).toEqual([])
        expect(await store.index.image(digest('5'), 'a@1')).toBeUndefined()
        expect(await store.index.matches(key)).toBeUndefined()
        expect(await store.index.found(key, true)).toBeUndefined()
        const again = await advisories.import(source(manyAdvisories(100, '2.0')), never)
        expect(again).toMatchObject({ generation: 3, added: 40, closed: 0 })
      })

      it('packs anew what only a few still refer to', async () => {
        const describe = (version: string) => (index: number) =>
          advisory(`CVE-${index}`, [statement('s', `p${index}`, '1')], `${version} `.repeat(50) + index)
        const records = (version: (index: number) => string) =>
          Array.from({ length: 3000 }, (_, index) => describe(version(index))(index))
        await advisories.import(source(records(() => 'old')), never)
        // Every tenth stays as it is, and has its body among those that are replaced.
        const mixed = (index: number) => (index % 10 === 0 ? 'old' : 'new')
        await advisories.import(source(records(mixed)), never)
        await advisories.import(source(records(mixed), { id: 'untouched' }), never)
        const keys = Array.from({ length: 3000 }, (_, index) => ({ scope: 's', name: `p${index}` }))
        const before = texts(await advisories.candidates(keys))
        expect(before).toHaveLength(6000)
        expect(await store.gc(future)).toMatchObject({ statements: 0 })
        expect(await store.verify()).toEqual([])
        expect(texts(await advisories.candidates(keys))).toEqual(before)
        expect(await store.gc(future)).toMatchObject({ statements: 0, bytes: 0 })
        expect(await advisories.import(source(records(mixed)), never)).toMatchObject({ generation: 2, changed: 0 })
      })

      it('leaves facts that are current', async () => {
        const kept = [fact('a', 1), fact('b', 1)]
        await advisories.import(source(kept), never)
        await advisories.import(source([kept[0]!]), never)
        await store.gc(future)
        expect(await advisories.facts('debian', ['a', 'b'])).toEqual(new Map([['a', 1]]))
        expect(await advisories.import(source(kept), never)).toMatchObject({ generation: 3, added: 1 })
      })

      it('gives space back', async () => {
        await advisories.import(source(manyAdvisories(20_000, '1.0')), never)
        await advisories.import(source(manyAdvisories(1, '1.0')), never)
        const { statements, bytes } = await store.gc(future)
        expect(statements).toBe(39_998)
        expect(bytes).toBeGreaterThan(500_000)
      })
    })
  })
}

async function* slowly(records: readonly FeedRecord[], every: number): AsyncGenerator<FeedRecord> {
  for (const [index, record] of records.entries()) {
    if (index % every === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    yield record
  }
}

/** `name version` of the current statements for the keys, sorted. */
async function versions(advisories: AdvisoryStore, keys: readonly AdvisoryKey[]): Promise<readonly string[]> {
  const found = await advisories.candidates(keys)
  return found.map(({ statement: { key, fixedIn } }) => `${key.name} ${fixedIn}`).sort()
}

/** What a reader can see of `manyAdvisories`. */
async function state(advisories: AdvisoryStore): Promise<unknown> {
  const keys = Array.from({ length: 100 }, (_, index) => ({ scope: 'debian:12', name: `package-${index}` }))
  return [await advisories.status(), await versions(advisories, keys), await advisories.scopeSizes(['debian:12'])]
}
