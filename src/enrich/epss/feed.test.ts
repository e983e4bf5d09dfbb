import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed } from '../../../test/support/feeds.ts'
import { epssFeed } from './feed.ts'
import { epss } from './index.ts'

const path = 'epss.empiricalsecurity.com/epss_scores-current.csv.gz'
const sampleText = readFileSync(join(import.meta.dirname, 'testdata/epss_scores-current.csv'), 'utf8')
const read = (content: string | Uint8Array) =>
  readFeed(epssFeed, mirrorOf({ [path]: typeof content === 'string' ? gzipSync(content) : content }))

describe('the EPSS feed', () => {
  it('has the score and percentile of each vulnerability, and the day that they are of', async () => {
    const { fetched, facts } = await read(sampleText)
    expect(fetched).toMatchObject({ dataTime: '2099-01-02T12:55:00.000Z' })
    expect(facts).toEqual([
      { fact: 'CVE-2099-0001', value: [0.91963, 0.9903] },
      { fact: 'CVE-2099-0002', value: [0.00042, 0.0516] },
      { fact: 'CVE-2099-0003', value: [1, 1] },
    ])
  })

  it('is found where it was before it moved, too', async () => {
    const { facts } = await readFeed(
      epssFeed,
      mirrorOf({ 'epss.cyentia.com/epss_scores-current.csv.gz': gzipSync(sampleText) }),
    )
    expect(facts).toHaveLength(3)
  })

  it('makes a gap of each line that is no score, and of nothing else', async () => {
    const { gaps } = await read(sampleText)
    const range = (numbers: string) =>
      `It was left out: its score and percentile have to be from 0 to 1, and are [${numbers}].`
    expect(gaps.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
      `CVE-2099-0004: ${range('"1.5","0.5"')}`,
      `CVE-2099-0005: ${range('"0.5","-1"')}`,
      'line 8: It was left out: "CVE-2099-0006,0.5" is no score.',
      'line 9: It was left out: "GHSA-aaaa-bbbb-cccc,0.5,0.5" is no score.',
      `CVE-2099-0007: ${range('"","0.5"')}`,
    ])
  })

  it('reads lines that end with CR LF, and a document without the remark', async () => {
    const { facts, gaps } = await read('cve,epss,percentile\r\nCVE-2099-0001,0.5,0.6\r\n')
    expect({ facts, gaps }).toEqual({ facts: [{ fact: 'CVE-2099-0001', value: [0.5, 0.6] }], gaps: [] })
  })

  it.each([
    ['a page for people', '<!DOCTYPE html><html></html>', /HTML page/],
    [
      'other columns',
      '#model\ncve,epss\nCVE-2021-0001,0.5\n',
      /The columns are not "cve,epss,percentile", but "cve,epss"/,
    ],
    ['a document without columns', '#model\n', /ends before the columns/],
    ['one that is cut off', gzipSync(sampleText.repeat(20)).subarray(0, 100), /decompress|cut|end/i],
  ])('refuses %s', async (_, content, message) => {
    const bytes = typeof content === 'string' && content.startsWith('<') ? Buffer.from(content) : content
    await expect(read(bytes)).rejects.toMatchObject({ code: 'FEED_FAILED', message: expect.stringMatching(message) })
  })
})

describe('EPSS in a finding', () => {
  it('is the score with the day of the data', () => {
    const known = { epss: { score: 0.5, percentile: 0.6, date: '2099-01-02' } }
    expect(epss.ofFact([0.5, 0.6], '2099-01-02T12:55:00.000Z')).toEqual(known)
    expect(epss.ofFact([0.5, 0.6], null)).toEqual({ epss: { ...known.epss, date: null } })
    for (const value of [null, 'high', {}, [], [0.5], ['0.5', '0.6']]) expect(epss.ofFact(value, null)).toBeUndefined()
  })
})

describe.skipIf(feeds === undefined)('the EPSS feed, real data (skipped without CHIARO_FEEDS)', () => {
  it('reads all of it', async () => {
    const { fetched, facts, gaps } = await readFeed(epssFeed, feeds!)
    expect(fetched).toMatchObject({ dataTime: '2024-10-25T00:00:00.000Z' })
    expect(gaps).toEqual([])
    // zcat epss_scores-current.csv.gz | sed -n 3p: CVE-1999-0005,0.91963,0.99030
    expect(facts.length).toBe(29)
    expect(facts[0]).toEqual({ fact: 'CVE-1999-0005', value: [0.91963, 0.9903] })
  })
})
