import { expect } from 'vitest'
import type { Store } from '../../src/core/store.ts'
import { advisory, gap, manyAdvisories, source, statement } from '../support/records.ts'

const never = new AbortController().signal
const openssl = (version: string) => advisory('CVE-1', [statement('debian:12', 'openssl', version)])

/** What data files need of a store, beside the rest of the contract: each a title and what has to hold. */
export const exchangeContract: readonly (readonly [title: string, holds: (store: Store) => Promise<void>])[] = [
  [
    'imports what changed after the current generation only',
    async ({ advisories }) => {
      await advisories.import(source([openssl('1')]), never)
      await advisories.import(source([openssl('2')], { fingerprint: 'two' }), never)
      const before = await advisories.status()
      const change = (base: number) =>
        ({ ...source([openssl('3')], { fingerprint: 'three' }), partial: true, base }) as const
      for (const base of [0, 1, 3]) {
        await expect(advisories.import(change(base), never)).rejects.toMatchObject({ code: 'FEED_FAILED' })
      }
      expect(await advisories.status()).toEqual(before)
      expect(await advisories.import(change(2), never)).toMatchObject({ generation: 3, changed: 1 })
    },
  ],
  [
    'measures the gaps of what changed against all there is',
    async ({ advisories }) => {
      await advisories.import(source(manyAdvisories(100, '1')), never)
      const change = (gaps: number) => ({
        ...source([openssl('1'), ...Array.from({ length: gaps }, (_, index) => gap(`CVE-${index}`))]),
        partial: true as const,
      })
      await expect(advisories.import(change(40), never)).rejects.toMatchObject({ code: 'FEED_FAILED' })
      expect(await advisories.import(change(3), never)).toMatchObject({ generation: 2, added: 1 })
    },
  ],
  [
    'takes the gaps of records that another database took, however many',
    async ({ advisories }) => {
      const records = [openssl('1'), ...Array.from({ length: 5 }, (_, index) => gap(`CVE-${index}`))]
      await expect(advisories.import(source(records), never)).rejects.toMatchObject({ code: 'FEED_FAILED' })
      expect(await advisories.import({ ...source(records), judged: true }, never)).toMatchObject({ records: 1 })
      expect(await advisories.status()).toMatchObject([{ gaps: 5 }])
    },
  ],
  [
    'takes that another database has no records any more',
    async ({ advisories }) => {
      await advisories.import(source([openssl('1')]), never)
      await expect(advisories.import(source([]), never)).rejects.toMatchObject({ code: 'FEED_FAILED' })
      expect(await advisories.import({ ...source([]), judged: true }, never)).toMatchObject({ records: 0, closed: 1 })
    },
  ],
  [
    'imports several feeds or none of them',
    async ({ advisories }) => {
      await advisories.import(source([openssl('1')]), never)
      const before = await advisories.status()
      const sources = (last: readonly []) => [source([openssl('2')]), source(last, { id: 'alpine' })]
      await expect(advisories.importAll(sources([]), never)).rejects.toMatchObject({ code: 'FEED_FAILED' })
      expect(await advisories.status()).toEqual(before)
      const checkedAt = '2026-01-01T00:00:00.000Z'
      const both = [source([openssl('2')]), { ...source([openssl('1')], { id: 'alpine' }), checkedAt }]
      expect(await advisories.importAll(both, never)).toMatchObject([{ generation: 2 }, { generation: 1 }])
      expect((await advisories.status(['alpine']))[0]).toMatchObject({ checkedAt })
      expect(await advisories.importAll([], never)).toEqual([])
    },
  ],
]
