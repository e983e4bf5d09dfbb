import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { mirrorOf, readFeed } from '../../../test/support/feeds.ts'
import { kevFeed } from './feed.ts'
import { kev } from './index.ts'

const mirror = join(import.meta.dirname, 'testdata')
const path = 'www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json'

describe('the KEV feed', () => {
  it('has the dates of each vulnerability, and whether ransomware uses it', async () => {
    const { facts } = await readFeed(kevFeed, mirror)
    expect(facts).toEqual([
      { fact: 'CVE-2099-0001', value: ['2099-01-02', '2099-01-23', true] },
      { fact: 'CVE-2099-0002', value: ['2098-12-31', null, false] },
    ])
  })

  it('makes a gap of each entry that cannot be read, and of nothing else', async () => {
    const { gaps } = await readFeed(kevFeed, mirror)
    expect(gaps.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
      expect.stringMatching(/^CVE-2099-0003: It was left out: \/dateAdded must match pattern/),
      expect.stringMatching(/^sample: It was left out: \/cveID must match pattern/),
    ])
  })

  it.each([
    ['a page for people', '<html><body>Access denied</body></html>'],
    ['another document', '{"title":"CISA"}'],
    ['one that is cut off', readFileSync(join(mirror, path)).subarray(0, 700)],
  ])('refuses %s', async (_, content) => {
    await expect(readFeed(kevFeed, mirrorOf({ [path]: content }))).rejects.toMatchObject({ code: 'FEED_FAILED' })
  })
})

describe('KEV in a finding', () => {
  it('is the dates, and whether ransomware uses it', () => {
    expect(kev.ofFact(['2099-01-02', '2099-01-23', true], null)).toEqual({
      kev: { dateAdded: '2099-01-02', dueDate: '2099-01-23', ransomware: true },
    })
    expect(kev.ofFact(['2099-01-02', null, false], null)).toEqual({
      kev: { dateAdded: '2099-01-02', dueDate: null, ransomware: false },
    })
    for (const value of [null, 'yes', {}, [], [7]]) expect(kev.ofFact(value, null)).toBeUndefined()
  })
})

describe.skipIf(feeds === undefined)('the KEV feed, real data (skipped without CHIARO_FEEDS)', () => {
  it('reads all of it', async () => {
    const { facts, gaps } = await readFeed(kevFeed, feeds!)
    expect({ facts: facts.length, gaps }).toEqual({ facts: 1404, gaps: [] })
    // jq '.vulnerabilities[] | select(.cveID == "CVE-2021-44228")'
    expect(facts.find(({ fact }) => fact === 'CVE-2021-44228')!.value).toEqual(['2021-12-10', '2021-12-24', true])
  })
})
