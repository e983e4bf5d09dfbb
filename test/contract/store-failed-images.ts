import { expect } from 'vitest'
import type { Store } from '../../src/core/store.ts'
import { digest, indexReport } from './store-samples.ts'

const [known, other] = [digest('5'), digest('6')]

/** What is kept of images that could not be read: each a title and what has to hold. */
export const failedImagesContract: readonly (readonly [title: string, holds: (store: Store) => Promise<void>])[] = [
  [
    'have the last reason',
    async ({ index }) => {
      expect(await index.failure(known)).toBeUndefined()
      await index.putFailure(known, 'first')
      await index.putFailure(known, 'the layer\u0000 is "damaged"\nhere')
      expect(await index.failure(known)).toBe('the layer\u0000 is "damaged"\nhere')
      expect(await index.failure(other)).toBeUndefined()
      expect(await index.image(known, 'a@1')).toBeUndefined()
    },
  ],
  [
    'are none once they are read',
    async ({ index }) => {
      await index.putFailure(known, 'why')
      await index.putFailure(other, 'why')
      await index.putImage(indexReport, 'a@1', true)
      expect([await index.failure(known), await index.failure(other)]).toEqual([undefined, 'why'])
    },
  ],
  [
    'stay known beside an index of before',
    async ({ index }) => {
      await index.putImage(indexReport, 'a@1', true)
      await index.putFailure(known, 'why')
      expect(await index.image(known, 'a@1')).toEqual(indexReport)
      expect(await index.failure(known)).toBe('why')
    },
  ],
  [
    'are removed as images are',
    async ({ index }) => {
      await index.putFailure(known, 'why')
      expect(await index.removeImages([other, known, known])).toEqual([known])
      expect(await index.failure(known)).toBeUndefined()
      await index.putImage(indexReport, 'a@1', true)
      await index.putFailure(known, 'why')
      expect(await index.removeImages([known])).toEqual([known])
      expect(await index.removeImages([known])).toEqual([])
    },
  ],
  [
    'go with time',
    async (store) => {
      await store.index.putFailure(known, 'why')
      await store.gc('2000-01-01T00:00:00.000Z')
      expect(await store.index.failure(known)).toBe('why')
      await store.gc('2999-01-01T00:00:00.000Z')
      expect(await store.index.failure(known)).toBeUndefined()
    },
  ],
]
