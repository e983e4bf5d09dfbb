import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { ratingsOf } from './severity.ts'

const v3 = { type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }
const v4 = { type: 'CVSS_V4', score: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N' }

describe('ratingsOf', () => {
  it.each([
    ['nothing', [], undefined, []],
    ['a word', [], 'MODERATE', ['medium MODERATE']],
    ['an unknown word', [], 'constructor', ['unknown constructor']],
    ['a vector', [v3], undefined, ['critical 9.8']],
    ['two vectors, and a word for both', [v3, v4], 'HIGH', ['high HIGH 9.3', 'critical 9.8']],
    ['a priority of another kind', [{ type: 'Ubuntu', score: 'high' }], undefined, []],
    ['a vector that is none', [{ type: 'CVSS_V3', score: '9.8' }], 'Low', ['low Low']],
  ])('%s', (_what, severity, word, expected) => {
    const shown = ratingsOf(severity, word, 'sample').map((rating) =>
      [rating.severity, rating.original, rating.score].filter((part) => part !== undefined).join(' '),
    )
    expect(shown).toEqual(expected)
  })
})

describe.skipIf(feeds === undefined)('ratingsOf, real data (skipped without CHIARO_FEEDS)', () => {
  it.each(['2017', '2022'])('gives what NVD computed of every vector of %s', (year) => {
    const file = join(feeds!, 'nvd.nist.gov/feeds/json/cve/1.1', `nvdcve-1.1-${year}.json.gz`)
    const { CVE_Items: items } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
      CVE_Items: { impact: { baseMetricV3?: { cvssV3: { vectorString: string; baseScore: number } } } }[]
    }
    const rated = items.flatMap(({ impact }) => impact.baseMetricV3?.cvssV3 ?? [])
    expect(rated.length).toBeGreaterThan(10_000)
    const wrong = rated.filter(({ vectorString: score, baseScore }) => {
      const [rating] = ratingsOf([{ type: 'CVSS_V3', score }], undefined, 'nvd')
      return rating?.score !== baseScore
    })
    expect(wrong).toEqual([])
  })
})
