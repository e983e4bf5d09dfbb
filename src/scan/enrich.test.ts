import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { gap, source } from '../../test/support/records.ts'
import { findingOf, packageOf, reportOf } from '../../test/support/reports.ts'
import type { FeedRecord, Json, Vulnerability } from '../core/advisory.ts'
import type { Finding } from '../core/report.ts'
import type { Store } from '../core/store.ts'
import { enrichers } from '../enrich/registry.ts'
import { openStore } from '../store/open.ts'
import { enrichReport } from './enrich.ts'
import { neededEnrichers } from './enrichment-data.ts'

const never = new AbortController().signal
const [one, two] = ['CVE-2017-0001', 'CVE-2022-0002'] as const
const high = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H'
const critical = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'

let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:')
})
afterEach(() => store[Symbol.asyncDispose]())

async function load(id: string, records: readonly FeedRecord[], dataTime?: string): Promise<void> {
  await store.advisories.import(source(records, { id, ...(dataTime === undefined ? {} : { dataTime }) }), never)
}

const fact = (name: string, value: Json): FeedRecord => ({ fact: name, value })
const scores = (name: string, modified: string, ...ratings: Json[]) => fact(name, [modified, ratings, ['CWE-79']])

/** Everything that the two vulnerabilities need. */
async function loadAll(): Promise<void> {
  await load('nvd-2017', [scores(one, '2026-01-01', ['nvd', critical, 9.8], ['cisa-adp', high, 7.5])])
  await load('nvd-2022', [scores(two, '2026-01-01')])
  await load('epss', [fact(one, [0.5, 0.97])], '2026-02-28T00:00:00.000Z')
  await load('kev', [fact(two, ['2026-02-01', '2026-02-22', true])])
}

const pkg = packageOf('sample', '1')
const finding = (id: string, severity: Finding['severity'] = 'unknown', more: Partial<Finding> = {}) =>
  findingOf(pkg, id, severity, null, more)
const reported = (...findings: readonly Finding[]) => reportOf({ findings })

interface Options {
  readonly now?: Date
  readonly maxDataAge?: number
}

async function enrich(report: ReturnType<typeof reportOf>, { now = new Date(), maxDataAge = 60_000 }: Options = {}) {
  const needed = neededEnrichers(report.findings, enrichers)
  return enrichReport(report, needed, await store.advisories.status(), {
    advisories: store.advisories,
    maxDataAge,
    now,
  })
}

describe('enriching', () => {
  it('adds scores, weaknesses, likelihood, exploitation and risk', async () => {
    await loadAll()
    const { findings, gaps } = await enrich(reported(finding(one, 'medium', { weaknesses: ['CWE-20'] }), finding(two)))
    expect(gaps).toEqual([])
    expect(findings[0]).toMatchObject({
      id: one,
      cvss: [
        { source: 'nvd', version: '3.1', vector: critical, score: 9.8 },
        { source: 'cisa-adp', version: '3.1', vector: high, score: 7.5 },
      ],
      weaknesses: ['CWE-20', 'CWE-79'],
      epss: { score: 0.5, percentile: 0.97, date: '2026-02-28' },
      kev: null,
      risk: 27.5,
    })
    expect(findings[1]).toMatchObject({
      id: two,
      cvss: [],
      epss: null,
      kev: { dateAdded: '2026-02-01', dueDate: '2026-02-22', ransomware: true },
      risk: 60.5,
    })
  })

  it("leaves the distribution's severity, gives NVD's where there is none, and says whose it is", async () => {
    await loadAll()
    const rated = finding(one, 'low', { package: 'rated' })
    const unrated = finding(one, 'unknown', { package: 'unrated', severitySource: '' })
    const { findings } = await enrich(reported(rated, unrated, finding(two)))
    expect(findings.map(({ package: name, severity, severitySource }) => [name, severity, severitySource])).toEqual([
      ['unrated', 'critical', 'nvd'],
      ['rated', 'low', 'debian'],
      ['sample', 'unknown', 'debian'],
    ])
  })

  it('adds nothing to an id that nobody knows, and its risk is the usual one', async () => {
    await loadAll()
    const unknown = finding('TEMP-0000000-0CA7E3', 'high')
    const { findings } = await enrich(reported(unknown, finding(one)))
    expect(findings[1]).toEqual({ ...unknown, risk: 4 })
  })

  it('takes the later state of two feeds, whichever is asked first', async () => {
    await loadAll()
    await load('nvd-changes', [
      scores(one, '2026-01-02', ['nvd', high, 7.5]),
      scores(two, '2025-12-31', ['nvd', high, 7.5]),
    ])
    const { findings, enrichment } = await enrich(reported(finding(one), finding(two)))
    expect(findings.map(({ id, severity }) => [id, severity])).toEqual([
      [one, 'high'],
      [two, 'unknown'],
    ])
    expect(enrichment.map(({ feed }) => feed)).toEqual(['nvd-2017', 'nvd-2022', 'nvd-changes', 'epss', 'kev'])
  })

  it('takes a description where the distribution has none', async () => {
    await loadAll()
    const about = (description: string, modified: string): FeedRecord => {
      const vulnerability: Vulnerability = { id: one, aliases: [], description, ratings: [], links: [], modified }
      return { vulnerability, statements: [] }
    }
    await load('nvd-2017', [about('Of the year.', '2026-01-01')])
    const described = (description: string) => finding(one, 'low', { description })
    const first = await enrich(reported(described(''), described('Own.')))
    expect(first.findings.map(({ description }) => description)).toEqual(['Of the year.', 'Own.'])
    await load('nvd-changes', [about('Changed.', '2026-01-02')])
    expect((await enrich(reported(described('')))).findings[0]!.description).toBe('Changed.')
  })

  it('asks for the feeds of the findings only', () => {
    const ids = (...findings: readonly Finding[]) =>
      neededEnrichers(findings, enrichers).flatMap(({ feeds }) => feeds.map(({ id }) => id))
    expect(ids(finding(one), finding(two), finding(one))).toEqual(['nvd-2017', 'nvd-2022', 'epss', 'kev'])
    expect(ids(finding('TEMP-1'))).toEqual([])
  })
})

describe('data that is missing', () => {
  const gapsOf = async (...args: Parameters<typeof enrich>) =>
    (await enrich(...args)).gaps.map(({ code, where, detail }) => {
      expect(code).toBe('enrichment-missing')
      return `${where}: ${detail}`
    })

  it('is one gap an enricher, and there is no risk without likelihoods', async () => {
    await load('nvd-2017', [scores(one, '2026-01-01', ['nvd', high, 7.5])])
    await store.advisories.failed({ id: 'epss', url: '' }, { code: 'OFFLINE', message: 'no network' })
    const report = reported(finding(one), finding(two))
    expect(await gapsOf(report)).toEqual([
      'nvd: Findings may lack CVSS scores and kinds of weakness; never loaded: nvd-2022.',
      'epss: Findings may lack the likelihood of exploitation; never loaded: epss. The last attempt failed: no network',
      'kev: Findings may lack known exploitation; never loaded: kev.',
    ])
    const { findings, enrichment } = await enrich(report)
    expect(findings.map(({ severity, risk }) => [severity, risk])).toEqual([
      ['high', null],
      ['unknown', null],
    ])
    expect(enrichment.map(({ feed }) => feed)).toEqual(['nvd-2017'])
  })

  it('names three feeds, and counts the others', async () => {
    const findings = [2017, 2018, 2019, 2020, 2021].map((year) => finding(`CVE-${year}-0001`))
    expect((await gapsOf(reported(...findings)))[0]).toContain('never loaded: nvd-2017, nvd-2018, nvd-2019 and 2 more.')
  })

  it('is what is out of date, too', async () => {
    await loadAll()
    const gaps = await gapsOf(reported(finding(one)), { now: new Date(Date.now() + 120_000) })
    expect(gaps.map((text) => text.replace(/^.*; /, ''))).toEqual([
      'out of date: nvd-2017.',
      'out of date: epss.',
      'out of date: kev.',
    ])
  })

  it('is what could not be read of these vulnerabilities, or may be about them', async () => {
    await loadAll()
    const others = Array.from({ length: 100 }, (_, index) => scores(`CVE-2017-${1000 + index}`, '2026-01-01'))
    await load('nvd-2017', [...others, gap(one), gap('CVE-2017-9999')])
    expect(await gapsOf(reported(finding(one)))).toEqual([
      `nvd: Findings may lack CVSS scores and kinds of weakness; could not be read: ${one} of nvd-2017.`,
    ])
    expect(await gapsOf(reported(finding('CVE-2017-1000')))).toEqual([])
    await load('nvd-2017', [...others, gap('vulnerability 7')])
    expect(await gapsOf(reported(finding('CVE-2017-1000')))).toHaveLength(1)
  })

  it('is none where there is nothing to enrich', async () => {
    expect((await enrich(reported())).gaps).toEqual([])
    expect((await enrich(reported(finding('TEMP-1')))).gaps).toEqual([])
  })
})
