import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed } from '../../../test/support/feeds.ts'
import { type FeedRecord, isFact } from '../../core/advisory.ts'
import type { Fetched } from '../../core/feed.ts'
import { limits } from '../../core/limits.ts'
import { createSpool } from '../../io/spool.ts'
import { changesFeed } from './changes.ts'
import { fetchChanges, readChanges } from './pages.ts'

const signal = new AbortController().signal
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Asked {
  readonly from: string | null
  readonly until: string | null
  readonly start: number
  readonly key: string | string[] | undefined
}

const cve = (id: string, more: object = {}) => ({ cve: { id, lastModified: '2026-03-01T00:00:00.000', ...more } })

/** An API that answers with these vulnerabilities, some a page. It keeps what it was asked. */
async function serve(all: readonly object[], { pageSize = 2, more = {} } = {}) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const query = new URL(request.url!, 'http://localhost').searchParams
    const start = Number(query.get('startIndex'))
    const { apikey: key } = request.headers
    asked.push({ from: query.get('lastModStartDate'), until: query.get('lastModEndDate'), start, key })
    const vulnerabilities = all.slice(start, start + pageSize)
    const header = { resultsPerPage: vulnerabilities.length, startIndex: start, totalResults: all.length, ...more }
    response.end(JSON.stringify({ ...header, format: 'NVD_CVE', vulnerabilities }))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/cves/2.0`, asked }
}

interface Brought {
  readonly fetched: Fetched | 'unchanged'
  readonly records: readonly FeedRecord[]
}

async function bring(url: string, last?: string, now = '2026-03-01T12:00:00.000Z', key?: string): Promise<Brought> {
  await using spool = createSpool({ mirror: undefined, offline: false })
  const fetched = await fetchChanges(spool, last, { url, key, now: new Date(now), signal, pause: 0 })
  const records: FeedRecord[] = []
  if (fetched !== 'unchanged') for await (const record of readChanges(spool, signal, url)) records.push(record)
  return { fetched, records }
}

const names = (records: readonly FeedRecord[]) =>
  records
    .filter((record) => !isFact(record))
    .map((record) => ('vulnerability' in record ? record.vulnerability.id : record))

describe('the changes of NVD', () => {
  it('are the last days at first, page by page', async () => {
    const { url, asked } = await serve(['1', '2', '3', '4', '5'].map((digit) => cve(`CVE-2026-000${digit}`)))
    const { fetched, records } = await bring(url)
    expect(names(records)).toEqual(['1', '2', '3', '4', '5'].map((digit) => `CVE-2026-000${digit}`))
    expect(fetched).toEqual({ fingerprint: expect.any(String), dataTime: '2026-03-01T12:00:00.000Z' })
    const span = { from: '2026-02-21T12:00:00.000Z', until: '2026-03-01T12:00:00.000Z', key: undefined }
    expect(asked).toEqual([0, 2, 4].map((start) => ({ ...span, start })))
  })

  it('are what changed since, after that, and name what was rejected', async () => {
    const { url, asked } = await serve([cve('CVE-2026-0001'), cve('CVE-2026-0002', { vulnStatus: 'Rejected' })])
    const first = (await bring(url)).fetched as Fetched
    const { fetched, records } = await bring(url, first.fingerprint, '2026-03-02T12:00:00.000Z', 'secret')
    expect(fetched).toMatchObject({ partial: true })
    expect(names(records)).toEqual(['CVE-2026-0001', { removed: 'CVE-2026-0002' }])
    expect(asked[1]).toEqual({
      from: '2026-03-01T11:00:00.000Z',
      until: '2026-03-02T12:00:00.000Z',
      start: 0,
      key: 'secret',
    })
  })

  it('are unchanged where nothing changed', async () => {
    const { url } = await serve([])
    const last = JSON.stringify({ from: Date.parse('2026-02-20'), until: Date.parse('2026-03-01') })
    expect((await bring(url, last)).fetched).toBe('unchanged')
  })

  it.each([
    ['they span more than a month', { from: '2026-01-01', until: '2026-02-28' }],
    ['the clock was wrong', { from: '2026-02-20', until: '2026-04-01' }],
    ['the fingerprint is of another kind', { from: 'x', until: 'y' }],
  ])('begin anew where %s', async (_, { from, until }) => {
    const { url, asked } = await serve([cve('CVE-2026-0001')])
    const last = JSON.stringify({ from: Date.parse(from), until: Date.parse(until) })
    expect((await bring(url, last)).fetched).not.toHaveProperty('partial')
    expect(asked[0]!.from).toBe('2026-02-21T12:00:00.000Z')
  })

  it('are refused where a server gives another page than was asked for', async () => {
    const { url } = await serve([cve('CVE-2026-0001'), cve('CVE-2026-0002'), cve('CVE-2026-0003')], {
      more: { startIndex: 0 },
    })
    await expect(bring(url)).rejects.toMatchObject({
      code: 'FEED_FAILED',
      message: 'The answer begins at 0, and not at 2 as asked',
    })
  })

  it('are refused where an answer does not say which page it is', async () => {
    const { url } = await serve([cve('CVE-2026-0001')], { more: { totalResults: 'many' } })
    await expect(bring(url)).rejects.toMatchObject({ code: 'FEED_FAILED' })
  })

  it('are refused with more than limits.feedPages', async () => {
    const { url, asked } = await serve(
      Array.from({ length: limits.feedPages + 2 }, (_, index) => cve(`CVE-2026-${1000 + index}`)),
      { pageSize: 1 },
    )
    await expect(bring(url)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(asked.length).toBe(limits.feedPages)
  }, 30_000)

  it('never send the key to a mirror', async () => {
    const { url, asked } = await serve([cve('CVE-2026-0001')])
    await using spool = createSpool({ mirror: new URL(url).origin, offline: false })
    const request = { url: 'https://services.example.org/cves', key: 'secret', now: new Date(), signal, pause: 0 }
    await fetchChanges(spool, undefined, request)
    expect(asked.length).toBeGreaterThan(0)
    for (const { key } of asked) expect(key).toBeUndefined()
  })

  it('come from a mirror that has one answer as a file', async () => {
    const vulnerabilities = [cve('CVE-2026-0001')]
    const file = { resultsPerPage: 1, startIndex: 0, totalResults: 1, vulnerabilities }
    const mirror = mirrorOf({ 'services.nvd.nist.gov/rest/json/cves/2.0': JSON.stringify(file) })
    expect(names((await readFeed(changesFeed(), mirror)).advisories)).toEqual(['CVE-2026-0001'])
  })
})

describe.skipIf(feeds === undefined)('the changes of NVD, real data (skipped without CHIARO_FEEDS)', () => {
  it('reads the answer that there is', async () => {
    const { advisories, gaps } = await readFeed(changesFeed(), feeds!)
    expect({ advisories: advisories.length, gaps }).toEqual({ advisories: 101, gaps: [] })
    for (const { vulnerability } of advisories) expect(vulnerability.ratings.length).toBeGreaterThan(0)
  })
})
