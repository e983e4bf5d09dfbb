import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { feeds } from '../../../test/support/corpus.ts'
import { type FeedContent, mirrorOf, readFeed, shown } from '../../../test/support/feeds.ts'
import { isChiaroError } from '../../core/errors.ts'
import { feedOf } from './feed.ts'

const three = feedOf({ number: '3.0' })
const path = 'photon/photon_oval_definitions/com.vmware.phsa-photon3.xml'
const url = `packages.broadcom.com/${path}.gz`
const document = readFileSync(join(import.meta.dirname, 'testdata', 'photon3.oval.xml'))

describe('security updates of Photon OS', () => {
  let sample: FeedContent
  beforeAll(async () => {
    sample = await readFeed(three, mirrorOf({ [url]: gzipSync(document) }))
  })

  it.each([
    ['PHSA-2099:00001', 'sample', 'fixed 3.27.2-5.ph3'],
    ['PHSA-2099:00001', 'sample-libs', 'fixed 3.27.2-5.ph3'],
    ['PHSA-2099:00002', 'sample', 'fixed 3.28-1.ph3'],
    ['PHSA-2099:00003', 'other', 'fixed 1.0-1.ph3'],
  ])('%s %s: %s', (id, name, expected) => {
    expect(shown(sample.statement(name, id, 'photon:3.0'))).toBe(expected)
  })

  it('tells what is known of an update, and which advisory it is of', () => {
    expect(sample.advisories[0]!.vulnerability).toEqual({
      id: 'PHSA-2099:00001',
      covers: ['CVE-2099-0001', 'CVE-2099-0002'],
      aliases: [],
      description: 'This update upgrade sample & nothing else',
      ratings: [{ severity: 'high', source: 'photon', original: 'Important' }],
      links: ['https://github.com/vmware/photon/wiki/Security-Updates-3.0-0036'],
      published: '2099-02-03',
    })
    const advisories = sample.advisories.map(({ statements }) => statements[0]!.advisory)
    expect(advisories).toEqual(['PHSA-2099-3.0-0036', undefined, 'PHSA-2099-3.0-0037'])
  })

  it('makes a gap of the test that is missing', () => {
    expect(sample.gaps.map(({ where, detail }) => `${where}: ${detail}`)).toEqual([
      'PHSA-2099:00003: It was left out: its test oval:com.vmware.phsa:tst:99 cannot be read.',
    ])
  })

  it('finds the document where it was before it moved, too', async () => {
    const former = await readFeed(three, mirrorOf({ [`packages.vmware.com/${path}`]: document }))
    expect(former.advisories.length).toBe(3)
  })

  it.each([
    ['a document that ends too early', document.subarray(0, document.length - 100)],
    ['another kind of document', Buffer.from('<rss><channel/></rss>')],
  ])('refuses %s', async (_name, bytes) => {
    const mirror = mirrorOf({ [url]: gzipSync(bytes) })
    const error = await readFeed(three, mirror).catch((thrown: unknown) => thrown)
    expect(isChiaroError(error, 'FEED_FAILED'), String(error)).toBe(true)
  })
})

describe.skipIf(feeds === undefined)('security updates of Photon OS, real data (skipped without CHIARO_FEEDS)', () => {
  it('reads the document of release 3.0 without a gap', async () => {
    const real = await readFeed(three, feeds!)
    expect(real.gaps).toEqual([])
    expect(real.advisories.length).toBe(222)
    expect(real.advisories.flatMap(({ statements }) => statements).length).toBe(778)
  })
})
