import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { generationArbitrary } from '../../test/contract/store-model.ts'
import { advisory, fact, gap, source, statement } from '../../test/support/records.ts'
import { withoutDetails } from '../../test/support/reports.ts'
import { feedOf, smallEcosystem, smallImage } from '../../test/support/small-image.ts'
import type { FeedRecord, Json } from '../core/advisory.ts'
import type { Enricher, Enrichment } from '../core/enricher.ts'
import type { Image } from '../core/image.ts'
import type { AdvisoryStore, Store } from '../core/store.ts'
import { openStore } from '../store/open.ts'
import { type ScanSteps, scan } from './scan.ts'

const never = new AbortController().signal
const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'

/** Its facts are a score; its feeds are told apart by the last digit of ids. */
const scores: Enricher = {
  id: 'scores',
  title: 'Scores',
  gives: 'scores',
  feeds: () => [feedOf('scores-even'), feedOf('scores-odd')],
  feedsFor: (ids) => {
    const digits = ids.map((id) => Number(id.at(-1)))
    return [
      ...(digits.some((digit) => digit % 2 === 0) ? [feedOf('scores-even')] : []),
      ...(digits.some((digit) => digit % 2 === 1) ? [feedOf('scores-odd')] : []),
    ]
  },
  supplements: [feedOf('scores-changes')],
  ofFact: (value): Enrichment => ({
    modified: String(value),
    ratings: [{ severity: 'critical', source: 'scores', vector, score: Number(value) * 10 }],
    weaknesses: [`CWE-${value}`],
  }),
  describes: true,
}

const likelihoods: Enricher = {
  id: 'epss',
  title: 'EPSS',
  gives: 'likelihoods',
  feeds: () => [feedOf('epss')],
  feedsFor: (ids) => (ids.length > 0 ? [feedOf('epss')] : []),
  ofFact: (value, dataTime) => ({ epss: { score: Number(value), percentile: 1, date: dataTime } }),
  tellsLikelihood: true,
}

let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.index.putImage(smallImage, 'a')
})
afterEach(() => store[Symbol.asyncDispose]())

/** Scans, and counts how often anything was looked up beside the states of feeds. */
async function scanned(options: Partial<ScanSteps> & { readonly keep: boolean; readonly rules?: string }) {
  const { keep, rules = '1', ...steps } = options
  let lookUps = 0
  const { candidates, facts, vulnerabilities } = store.advisories
  const counting: Pick<AdvisoryStore, 'candidates' | 'facts' | 'vulnerabilities'> = {
    candidates: (...args) => counted(candidates(...args)),
    facts: (...args) => counted(facts(...args)),
    vulnerabilities: (...args) => counted(vulnerabilities(...args)),
  }
  function counted<Result>(result: Result): Result {
    lookUps++
    return result
  }
  const report = await scan({
    open: async () => ({ [Symbol.asyncDispose]: async () => {} }) as unknown as Image,
    index: async () => smallImage,
    update: async () => false,
    ecosystems: [smallEcosystem],
    enrichers: [scores, likelihoods],
    enrich: true,
    details: true,
    advisories: { ...store.advisories, ...counting },
    kept: keep ? { store: store.index, analyzersKey: 'a', rules } : undefined,
    maxDataAge: Number.POSITIVE_INFINITY,
    asOf: undefined,
    now: new Date('2029-01-01'),
    version: '0',
    ...steps,
  })
  return { report, lookUps }
}

const load = (id: string, records: readonly FeedRecord[], options: { partial?: boolean; dataTime?: string } = {}) =>
  store.advisories.import(
    source(records, {
      id,
      mayBeEmpty: true,
      ...(options.partial && { partial: true }),
      ...(options.dataTime !== undefined && { dataTime: options.dataTime }),
    }),
    never,
  )

const ids = ['CVE-1', 'CVE-2', 'CVE-3', 'CVE-4', 'CVE-7', 'CVE-8']

/** An import of data that findings are enriched with: facts, descriptions, parts that cannot be read. */
const enrichmentArbitrary = fc.record({
  feed: fc.constantFrom('scores-even', 'scores-odd', 'scores-changes', 'epss'),
  partial: fc.boolean(),
  dataTime: fc.constantFrom('2028-01-01', '2028-01-02'),
  records: fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc
          .tuple(fc.constantFrom(...ids), fc.constantFrom<Json>(0, 0.5, 1))
          .map(([id, value]) => fact(id, value)),
      },
      fc
        .tuple(fc.constantFrom(...ids), fc.constantFrom('', 'told', 'größer, 🦀'))
        .map(([id, text]) => advisory(id, [], text)),
    ),
    { minLength: 1, maxLength: 6 },
  ),
})

it('an image is found to have the same with what was kept as without, whatever happened to the data', async () => {
  let known = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(generationArbitrary, enrichmentArbitrary), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (generations, enrich) => {
        for (const generation of generations) {
          await load(generation.feed, generation.records, generation)
          const fresh = await scanned({ keep: false, enrich })
          expect((await scanned({ keep: true, enrich })).report).toEqual(fresh.report)
          const second = await scanned({ keep: true, enrich })
          expect(second).toEqual({ report: fresh.report, lookUps: 0 })
          known += second.report.findings.length
        }
      },
    ),
    { numRuns: 60 },
  )
  expect(known).toBeGreaterThan(0)
})

describe('findings that are kept', () => {
  beforeEach(async () => {
    await load('one', [
      advisory('CVE-1', [statement('debian:12', 'openssl', '1')]),
      advisory('CVE-2', [statement('debian:12', 'linux', '1')]),
    ])
    await load('epss', [fact('CVE-1', 0.5)], { dataTime: '2028-01-01' })
  })

  const lookUps = async (options: Partial<Parameters<typeof scanned>[0]> = {}) =>
    (await scanned({ keep: true, ...options })).lookUps

  it('are made again when the data of an enricher changes, even if only its time does', async () => {
    expect(await lookUps()).toBeGreaterThan(0)
    expect(await lookUps()).toBe(0)
    await load('epss', [fact('CVE-1', 0.6)], { dataTime: '2028-01-02' })
    const changed = await scanned({ keep: true })
    expect(changed.lookUps).toBeGreaterThan(0)
    expect(changed.report.findings[0]!.epss).toEqual({ score: 0.6, percentile: 1, date: '2028-01-02' })
    await load('epss', [fact('CVE-1', 0.6)], { dataTime: '2028-01-03' })
    expect((await scanned({ keep: true })).report.findings[0]!.epss!.date).toBe('2028-01-03')
    expect(await lookUps()).toBe(0)
  })

  it('are those of other code no more, nor those without enrichment', async () => {
    await lookUps()
    expect(await lookUps({ rules: '2' })).toBeGreaterThan(0)
    expect(await lookUps({ rules: '2' })).toBe(0)
    expect((await scanned({ keep: true, rules: '2', enrich: false })).report.findings[0]!.epss).toBeNull()
    expect(await lookUps({ rules: '2', enrich: false })).toBe(0)
  })

  it('do not depend on data that is not used without enrichment', async () => {
    await lookUps({ enrich: false })
    await load('epss', [fact('CVE-1', 0.7)])
    expect(await lookUps({ enrich: false })).toBe(0)
  })

  it('are not those of another time', async () => {
    await lookUps()
    expect(await lookUps({ asOf: new Date().toISOString() })).toBeGreaterThan(0)
  })

  it('are made again when data was brought for them', async () => {
    await lookUps()
    const update: ScanSteps['update'] = async (feeds) => {
      if (!feeds.some(({ id }) => id === 'epss')) return false
      await load('epss', [fact('CVE-1', 0.9)])
      return true
    }
    const { report } = await scanned({ keep: true, update })
    expect(report.findings[0]!.epss!.score).toBe(0.9)
    expect(await scanned({ keep: true })).toEqual({ report, lookUps: 0 })
  })

  it('were matched with the data of before, if other data came meanwhile', async () => {
    const update: ScanSteps['update'] = async (feeds) => {
      if (!feeds.some(({ id }) => id === 'epss')) return false
      await load('one', [advisory('CVE-1', [statement('debian:12', 'openssl', '0.1')])])
      return true
    }
    expect((await scanned({ keep: true, update })).report.findings).toHaveLength(2)
    expect((await scanned({ keep: true })).report).toEqual((await scanned({ keep: false })).report)
    expect((await scanned({ keep: true })).report.findings).toHaveLength(0)
  })

  it('come without details where nothing shows them', async () => {
    const { report } = await scanned({ keep: true, details: false })
    expect(await scanned({ keep: true })).toEqual({ report, lookUps: 0 })
    const findings = report.findings.map(withoutDetails)
    expect(findings).not.toEqual(report.findings)
    expect(await scanned({ keep: true, details: false })).toEqual({ report: { ...report, findings }, lookUps: 0 })
  })

  it('come with gaps and times as they are now', async () => {
    const first = await scanned({ keep: true })
    expect(first.report.gaps.map(({ code }) => code)).toContain('version-unreadable')
    await store.advisories.failed(feedOf('scores-odd'), { code: 'NETWORK_FAILED', message: 'no route' })
    await load('scores-changes', [
      fact('CVE-9', 1),
      ...Array.from({ length: 40 }, (_, place) => fact(`CVE-1${place}`, 1)),
      gap('CVE-1'),
    ])
    const options = { now: new Date('2031-01-01'), maxDataAge: 1 }
    const later = await scanned({ keep: true, ...options })
    expect(later.report).toEqual((await scanned({ keep: false, ...options })).report)
    expect(later.report.gaps.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['version-unreadable', 'distribution-end-of-life', 'data-stale', 'enrichment-missing']),
    )
    expect(await lookUps(options)).toBe(0)
  })
})
