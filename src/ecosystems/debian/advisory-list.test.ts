import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { readFeed } from '../../../test/support/feeds.ts'
import { advisoryFact, advisoryLists } from './advisory-list.ts'

const [dsa, dla] = advisoryLists

describe('the lists of advisories', () => {
  const sample = join(import.meta.dirname, 'testdata')

  it('are facts by release and source package, the newest advisory first', async () => {
    expect((await readFeed(dsa!, sample)).facts).toEqual([
      {
        fact: 'debian:12 openssl',
        value: [
          ['DSA-9002-1', 'CVE-2099-0001', 'CVE-2099-0002'],
          ['DSA-9000-1', 'CVE-2099-0001'],
        ],
      },
      { fact: 'debian:13 openssl', value: [['DSA-9002-1', 'CVE-2099-0001', 'CVE-2099-0002']] },
      { fact: 'debian:12 curl', value: [['DSA-9001-1', 'CVE-2099-0003']] },
    ])
    expect((await readFeed(dla!, sample)).facts).toEqual([
      { fact: 'debian:11 zlib', value: [['DLA-9000-1', 'CVE-2099-0004']] },
    ])
  })

  it('have a gap for a line that is not understood', async () => {
    expect((await readFeed(dsa!, sample)).gaps).toEqual([
      {
        code: 'data-record-unreadable',
        where: 'this line is none of the kinds that there are',
        detail: 'It was left out: it is not the title of an advisory.',
      },
    ])
  })

  it.skipIf(feeds === undefined)('of Debian (skipped without CHIARO_FEEDS)', async () => {
    const content = await readFeed(dsa!, feeds!)
    expect(content.gaps).toEqual([])
    const facts = new Map(content.facts.map(({ fact, value }) => [fact, value]))
    // DSA-5376-1 apache2: [bullseye] - apache2 2.4.56-1~deb11u1
    expect(facts.get(advisoryFact('debian:11', 'apache2'))).toContainEqual([
      'DSA-5376-1',
      'CVE-2006-20001',
      'CVE-2022-36760',
      'CVE-2022-37436',
      'CVE-2023-25690',
      'CVE-2023-27522',
    ])
  })
})
