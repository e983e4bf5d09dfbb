import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import type { NotificationEntry, NotificationStore } from '../../src/core/notifications.ts'
import type { Store } from '../../src/core/store.ts'
import type { StoreSample } from './store.ts'

/** An entry with this number in its id. */
export function entry(number: number, text = 'CVE-2099-1'): NotificationEntry {
  return {
    id: `00000000-0000-8000-8000-${String(number).padStart(12, '0')}`,
    manifest: `sha256:${'a'.repeat(64)}` as Digest,
    reason: 'added',
    finding: {
      id: text,
      description: 'größer \0 \u0010 🦀',
      links: ['https://example.org/'],
      severity: 'high',
      fixedIn: null,
      feed: 'debian',
      scope: 'debian:12',
      name: 'openssl',
      package: {
        release: { id: 'debian', versionId: '12', codename: '', prettyName: '', idLike: [], cpe: '' },
        package: {
          type: 'deb',
          name: 'libssl3',
          version: '1',
          arch: 'amd64',
          source: { name: 'openssl', version: '1' },
        },
        repositories: [],
      },
    },
  }
}

const day = (number: number) => `2026-01-${String(number).padStart(2, '0')}T00:00:00.000Z`
const times = (now: number, until: number) => ({ now: day(now), until: day(until), horizon: day(20) })

/** What every database must keep of notifications. `several`: two stores can open the same database. */
export function testNotificationStore(
  name: string,
  create: () => Promise<StoreSample>,
  { several }: { readonly several: boolean },
): void {
  describe(`the contract of notifications in ${name}`, () => {
    let sample: StoreSample
    let store: Store
    let notifications: NotificationStore

    beforeEach(async () => {
      sample = await create()
      store = await sample.open()
      notifications = store.notifications
    })

    afterEach(async () => {
      const problems = await store.verify()
      await store[Symbol.asyncDispose]()
      await sample.remove()
      expect(problems).toEqual([])
    })

    const created = async (operation: number, entries: readonly NotificationEntry[], now = day(1), about = '') => {
      const id = (await notifications.begin(operation, about, now))!
      await notifications.add(id, entries)
      await notifications.finish(id, now)
      return id
    }

    it('remembers what has been handled, and never goes back', async () => {
      expect(await notifications.handled()).toBeUndefined()
      await notifications.handle(0)
      expect(await notifications.handled()).toBe(0)
      await notifications.handle(7)
      await notifications.handle(3)
      expect(await notifications.handled()).toBe(7)
    })

    it('knows nothing of what is not there', async () => {
      const id = entry(1).id
      expect(await notifications.get(id)).toBeUndefined()
      expect(await notifications.entries(id, undefined, 10)).toEqual({ items: [], next: undefined })
      expect(await notifications.remove(id, day(1))).toBe(false)
      expect(await notifications.claim(times(1, 2))).toBeUndefined()
      await notifications.add(id, [entry(1)])
      await notifications.finish(id, day(1))
      await notifications.delivered(id, day(1), undefined)
      await notifications.failed(id, day(1), day(2), 'x')
      expect(await notifications.get(id)).toBeUndefined()
    })

    it('goes on with what was begun, until it is finished', async () => {
      const id = (await notifications.begin(1, '', day(1)))!
      expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      await notifications.add(id, [entry(1), entry(2)])
      expect((await notifications.get(id))?.status).toBeUndefined()
      expect(await notifications.claim(times(2, 3))).toBeUndefined()
      expect(await notifications.begin(1, '', day(2))).toBe(id)
      await notifications.add(id, [entry(2, 'another'), entry(3)])
      await notifications.finish(id, day(3))
      expect(await notifications.begin(1, '', day(4))).toBeUndefined()
      expect(await notifications.get(id)).toEqual({
        id,
        operation: 1,
        about: '',
        createdAt: day(1),
        status: 'created',
        statusAt: day(3),
        failures: 0,
      })
      await notifications.add(id, [entry(4)])
      const { items } = await notifications.entries(id, undefined, 10)
      expect(items).toEqual([entry(1), entry(2), entry(3)])
      expect(await notifications.begin(1, 'CVE-1', day(4))).not.toBeUndefined()
    })

    it('counts what has no entries as delivered', async () => {
      const id = await created(1, [])
      expect((await notifications.get(id))?.status).toBe('delivered')
      expect(await notifications.claim(times(2, 3))).toBeUndefined()
    })

    it('gives entries in pages, in the order of their ids', async () => {
      const id = await created(1, [entry(3), entry(1), entry(2)])
      await created(2, [entry(4)])
      const first = await notifications.entries(id, undefined, 2)
      expect(first).toEqual({ items: [entry(1), entry(2)], next: entry(2).id })
      expect(await notifications.entries(id, first.next, 2)).toEqual({ items: [entry(3)], next: undefined })
      expect(await notifications.entries(id, entry(9).id, 2)).toEqual({ items: [], next: undefined })
      expect((await notifications.entries(id, undefined, 3)).next).toBeUndefined()
    })

    it('gives each notification to one deliverer, the oldest first, and again if that one does not report', async () => {
      const one = await created(1, [entry(1)], day(2))
      const two = await created(2, [entry(1)], day(1))
      expect(await notifications.claim({ ...times(1, 3), now: '2026-01-01T00:00:00.000Z' })).toMatchObject({ id: two })
      expect((await notifications.claim(times(2, 4)))?.id).toBe(one)
      expect(await notifications.claim(times(2, 4))).toBeUndefined()
      expect((await notifications.claim(times(3, 5)))?.id).toBe(two)
      await notifications.delivered(two, day(3), undefined)
      await notifications.delivered(one, day(3), undefined)
      expect(await notifications.claim(times(19, 20))).toBeUndefined()
      expect(await notifications.get(two)).toMatchObject({ status: 'delivered', statusAt: day(3), failures: 0 })
    })

    it('gives what failed again when it is due, and what a wrong clock put off at once', async () => {
      const id = await created(1, [entry(1)])
      await notifications.claim(times(1, 2))
      await notifications.failed(id, day(1), day(5), 'down')
      expect(await notifications.get(id)).toMatchObject({ status: 'delivery_failed', failures: 1 })
      expect(await notifications.claim(times(4, 5))).toBeUndefined()
      expect(await notifications.claim(times(5, 6))).toMatchObject({ id, failures: 1 })
      await notifications.failed(id, day(5), '2031-01-01T00:00:00.000Z', 'down')
      expect(await notifications.claim(times(5, 6))).toMatchObject({ id, failures: 2 })
    })

    it('delivers again what is to be repeated, until it is removed', async () => {
      const id = await created(1, [entry(1)])
      await notifications.delivered(id, day(1), day(3))
      expect(await notifications.claim(times(2, 3))).toBeUndefined()
      expect((await notifications.claim(times(3, 4)))?.id).toBe(id)
      expect(await notifications.remove(id, day(3))).toBe(true)
      expect(await notifications.claim(times(5, 6))).toBeUndefined()
    })

    it('keeps the receipt of what was removed, and shows nothing of it', async () => {
      const id = await created(1, [entry(1)])
      expect(await notifications.remove(id, day(2))).toBe(true)
      expect(await notifications.remove(id, day(3))).toBe(false)
      await notifications.delivered(id, day(3), undefined)
      await notifications.failed(id, day(3), day(4), 'x')
      expect(await notifications.get(id)).toMatchObject({ status: 'deleted', statusAt: day(2) })
      expect((await notifications.entries(id, undefined, 10)).items).toEqual([])
      expect(await notifications.begin(1, '', day(4))).toBeUndefined()
      expect(await notifications.claim(times(5, 6))).toBeUndefined()
    })

    it('removes what is not finished as well', async () => {
      const id = (await notifications.begin(1, '', day(1)))!
      await notifications.add(id, [entry(1)])
      expect(await notifications.remove(id, day(1))).toBe(true)
      await notifications.finish(id, day(2))
      expect((await notifications.get(id))?.status).toBe('deleted')
    })

    it('cleans what is deleted or old, and keeps what is to be delivered and the latest receipts', async () => {
      const waiting = await created(1, [entry(1)])
      const old = await created(2, [entry(1), entry(2)])
      const part = await created(2, [entry(1)], day(1), 'CVE-1')
      const removed = await created(3, [entry(1)])
      const recent = await created(4, [entry(1)])
      const last = await created(5, [entry(1)])
      for (const id of [old, part, last]) await notifications.delivered(id, day(2), undefined)
      await notifications.delivered(recent, day(9), undefined)
      await notifications.remove(removed, day(9))
      expect(await notifications.clean({ before: day(5), operation: 4 })).toEqual({
        notifications: 3,
        entries: 5,
        more: false,
      })
      expect(await notifications.clean({ before: day(5), operation: 4 })).toMatchObject({
        notifications: 0,
        entries: 0,
      })
      const left = await Promise.all([waiting, old, part, removed, recent, last].map((id) => notifications.get(id)))
      expect(left.map((one) => one?.status)).toEqual([
        'created',
        undefined,
        undefined,
        undefined,
        'delivered',
        'delivered',
      ])
      expect((await notifications.entries(last, undefined, 10)).items).toEqual([])
      expect((await notifications.entries(recent, undefined, 10)).items).toHaveLength(1)
    })

    it.runIf(several)('gives each of many notifications to one of several deliverers', async () => {
      for (let number = 1; number <= 20; number++) await created(number, [entry(1)])
      await using other = await sample.open()
      const drain = async ({ notifications: own }: Store) => {
        const taken: string[] = []
        for (;;) {
          const claimed = await own.claim(times(2, 3))
          if (claimed === undefined) return taken
          taken.push(claimed.id)
          await own.delivered(claimed.id, day(2), undefined)
        }
      }
      const taken = (await Promise.all([store, other, store, other].map(drain))).flat()
      expect(taken).toHaveLength(20)
      expect(new Set(taken).size).toBe(20)
    })
  })
}
