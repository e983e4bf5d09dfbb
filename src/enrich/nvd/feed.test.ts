import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed } from '../../../test/support/feeds.ts'
import { createSpool } from '../../io/spool.ts'
import { yearFeed, yearOf } from './feed.ts'
import { nvd } from './index.ts'

const folder = 'nvd.nist.gov/feeds/json/cve/2.0'
const sample = readFileSync(join(import.meta.dirname, 'testdata/nvdcve-2.0-2099.json'))
const sha256 = createHash('sha256').update(sample).digest('hex')

/** A mirror with the file of 2099, and what is said of it. */
function mirror(meta: Readonly<Record<string, string>> = {}, content: Uint8Array = gzipSync(sample)): string {
  const lines = { lastModifiedDate: '2099-01-02T03:00:52-05:00', size: '1', sha256: sha256.toUpperCase(), ...meta }
  const text = Object.entries(lines).map(([name, value]) => `${name}:${value}\r\n`)
  return mirrorOf({ [`${folder}/nvdcve-2.0-2099.meta`]: text.join(''), [`${folder}/nvdcve-2.0-2099.json.gz`]: content })
}

const read = (...args: Parameters<typeof mirror>) => readFeed(yearFeed(2099), mirror(...args))

describe('the NVD feed of a year', () => {
  it('has the vulnerabilities, without statements, and without those that were rejected', async () => {
    const { advisories, removals } = await read()
    expect(removals).toEqual([])
    expect(advisories.map(({ vulnerability, statements }) => [vulnerability.id, statements])).toEqual([
      ['CVE-2099-0001', []],
      ['CVE-2099-0003', []],
      ['CVE-2099-0004', []],
    ])
  })

  it('has all scores of all sources, the most telling first', async () => {
    const { advisories } = await read()
    const scores = advisories.map(({ vulnerability: { ratings } }) =>
      ratings.map(({ source, severity, score, vector }) => `${source} ${severity} ${score} ${vector!.slice(0, 8)}`),
    )
    expect(scores).toEqual([
      [
        'nvd critical 9.8 CVSS:3.1',
        'secure@example.org critical 9.3 CVSS:4.0',
        'cisa-adp high 8.1 CVSS:3.1',
        'nvd high 7.5 AV:N/AC:',
      ],
      [],
      // Computed, as the feed has only the vector; the other one is none.
      ['secure@example.org high 7.5 CVSS:3.0'],
    ])
  })

  it('has what else is known of a vulnerability', async () => {
    const { advisories } = await read()
    const { ratings: _, ...rest } = advisories[0]!.vulnerability
    const cpe = 'cpe:2.3:a:sample:parser:*:*:*:*:*:*:*:*'
    expect(rest).toEqual({
      id: 'CVE-2099-0001',
      aliases: [],
      description: 'Sample data: a buffer over-read.',
      links: ['https://nvd.nist.gov/vuln/detail/CVE-2099-0001'],
      weaknesses: ['CWE-125'],
      published: '2099-01-01T18:15:25.143Z',
      modified: '2099-01-02T02:17:29.393Z',
      cpes: [`${cpe} [3.0.0,3.0.7)`, `${cpe} (1.0,2.0]`, `${cpe} (,0.9)`, 'cpe:2.3:a:sample:parser:4.0:-:*:*:*:*:*:*'],
    })
  })

  it('has what findings need as facts, too, in a form of its own', async () => {
    const { advisories, facts } = await read()
    expect(facts.map(({ fact }) => fact)).toEqual(advisories.map(({ vulnerability }) => vulnerability.id))
    for (const [index, { value }] of facts.entries()) {
      const { modified, ratings, weaknesses = [] } = advisories[index]!.vulnerability
      expect(nvd.ofFact(value, null)).toEqual({ modified, ratings, weaknesses })
    }
    for (const value of [null, 7, {}, [], [null, {}, []], [null, [], 'CWE-1']]) {
      expect(nvd.ofFact(value, null)).toBeUndefined()
    }
    expect(nvd.ofFact([null, [['nvd', 'none', 1], 7, ['nvd']], [1]], null)).toEqual({ ratings: [], weaknesses: [] })
  })

  it('makes a gap of a score that is out of range, and of nothing else', async () => {
    const { gaps } = await read()
    expect(gaps).toEqual([
      {
        code: 'data-record-unreadable',
        where: 'CVE-2099-0005',
        detail: 'It was left out: /cve/metrics/cvssMetricV31/0/cvssData/baseScore must be <= 10.',
      },
    ])
  })

  it('is recognised by its checksum', async () => {
    const { fetched } = await read()
    expect(fetched).toEqual({ fingerprint: sha256, dataTime: '2099-01-02T08:00:52.000Z' })
    await using spool = createSpool({ mirror: mirror(), offline: true })
    expect(await yearFeed(2099).fetch(spool, sha256, new AbortController().signal)).toBe('unchanged')
  })

  it.each([
    ['a document that does not have its checksum', { sha256: 'a'.repeat(64) }, undefined, /not have the checksum/],
    ['a checksum that is none', { sha256: 'abc' }, undefined, /does not state a SHA-256 checksum/],
    ['a page for people', {}, Buffer.from('<!DOCTYPE html><html></html>'), /HTML page/],
    ['a document that is cut off', {}, sample.subarray(0, 2000), /not have the checksum/],
    ['a compressed one that is cut off', {}, gzipSync(sample).subarray(0, 500), /decompress|end/],
    ['another document', {}, Buffer.from('{"CVE_Items":[]}'), /there is no "vulnerabilities" in it/],
  ])('refuses %s', async (_, meta, content, message) => {
    await expect(read(meta, content)).rejects.toMatchObject({
      code: 'FEED_FAILED',
      message: expect.stringMatching(message),
    })
  })
})

describe('the feeds for vulnerabilities', () => {
  it.each([
    ['CVE-2024-3094', 2024],
    ['CVE-2002-0001', 2002],
    ['CVE-1999-0001', 2002],
    ['CVE-1998-0001', undefined],
    ['CVE-20161-0001', undefined],
    ['CVE-2106-2504', undefined],
    ['CVE-2024-309', undefined],
    ['GHSA-2024-3094', undefined],
    ['TEMP-0000000-0CA7E3', undefined],
  ])('%s: %s', (id, year) => {
    expect(yearOf(id)).toBe(year)
  })

  it('are those of their years, each once', () => {
    const ids = ['CVE-2024-3094', 'CVE-1999-0001', 'CVE-2024-6119', 'CVE-2003-0001', 'CVE-2000-0001', 'TEMP-1']
    expect(nvd.feedsFor(ids).map(({ id }) => id)).toEqual(['nvd-2002', 'nvd-2003', 'nvd-2024'])
    expect(nvd.feedsFor(['TEMP-1'])).toEqual([])
  })

  it('are among all feeds: one a year, and the changes', () => {
    const ids = nvd.feeds().map(({ id }) => id)
    const year = new Date().getUTCFullYear()
    expect(ids).toEqual([...Array.from({ length: year - 2001 }, (_, index) => `nvd-${2002 + index}`), 'nvd-changes'])
  })
})

describe.skipIf(feeds === undefined)('the NVD feeds, real data (skipped without CHIARO_FEEDS)', () => {
  it('reads all of 2017', async () => {
    const { advisories, gaps } = await readFeed(yearFeed(2017), feeds!)
    expect(gaps).toEqual([])
    // 17,014 in all; 2,336 of them are rejected: zcat … | grep -o '"vulnStatus":"Rejected"' | wc -l
    expect(advisories.length).toBe(14_678)
    // zcat … | jq '.vulnerabilities[].cve | select(.id == "CVE-2017-5638")': Apache Struts
    const struts = advisories.find(({ vulnerability }) => vulnerability.id === 'CVE-2017-5638')!.vulnerability
    expect(struts.ratings[0]).toMatchObject({ source: 'nvd', severity: 'critical' })
    expect(struts.cpes).toContain('cpe:2.3:a:apache:struts:*:*:*:*:*:*:*:* [2.5.0,2.5.10.1)')
  })

  it('reads the part of 2022 that there is, in its original form', async () => {
    const { advisories, gaps } = await readFeed(yearFeed(2022), feeds!)
    expect(gaps).toEqual([])
    expect(advisories[0]!.vulnerability).toMatchObject({
      id: 'CVE-2022-0001',
      ratings: [
        { source: 'nvd', score: 6.5, severity: 'medium' },
        { source: 'cisa-adp', score: 6.5 },
        { source: 'nvd', score: 2.1, severity: 'low' },
      ],
    })
  })
})
