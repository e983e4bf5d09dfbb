import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { entry } from '../../test/contract/notification-store.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Notifier } from '../core/notifier.ts'
import type { Store } from '../core/store.ts'
import { openStore } from '../store/open.ts'
import { type DeliveryOptions, deliverDue } from './deliver.ts'

const never = new AbortController().signal
const down = new ChiaroError('NETWORK_FAILED', 'down')

describe('deliveries', () => {
  let store: Store
  beforeEach(async () => {
    store = await openStore('sqlite::memory:')
  })
  afterEach(() => store[Symbol.asyncDispose]())

  const create = async (operation: number, entries = 1) => {
    const now = new Date().toISOString()
    const id = (await store.notifications.begin(operation, '', now))!
    await store.notifications.add(
      id,
      Array.from({ length: entries }, (_, number) => entry(number)),
    )
    await store.notifications.finish(id, now)
    return id
  }

  const options = (deliver: Notifier['deliver'], more: Partial<DeliveryOptions & Notifier> = {}): DeliveryOptions => ({
    notifications: store.notifications,
    notifier: { id: 'test', deliver, [Symbol.asyncDispose]: async () => {}, ...more },
    firstWait: 1000,
    longestWait: 8000,
    signal: never,
    ...more,
  })

  it('go out in their order, each once, with all entries', async () => {
    const ids = [await create(1), await create(2, 1201)]
    const seen: [string, number][] = []
    const deliver: Notifier['deliver'] = async ({ notification, entries }) => {
      let count = 0
      for await (const _ of entries()) count++
      seen.push([notification, count])
    }
    expect(await deliverDue(options(deliver))).toEqual({ delivered: ids, failed: [], retryAfter: undefined })
    expect(seen).toEqual([
      [ids[0], 1],
      [ids[1], 1201],
    ])
    expect((await deliverDue(options(deliver))).delivered).toEqual([])
  })

  it('are tried again at longer and longer intervals while the other side is down, however long that is, and none is lost', async () => {
    const ids = await Promise.all([1, 2, 3, 4, 5].map((number) => create(number)))
    let calls = 0
    const fails = options(async () => {
      calls++
      throw down
    })
    const first = await deliverDue(fails)
    expect(first).toMatchObject({ delivered: [], retryAfter: 1000 })
    // Three failures in a row: the others are left for the next round.
    expect(calls).toBe(3)
    const real = Date.now
    try {
      const waits: (number | undefined)[] = []
      // A day of rounds, as often as something is due.
      for (let time = real() + 1000; time < real() + 86_400_000; ) {
        const now = time
        Date.now = () => now
        const { retryAfter } = await deliverDue(fails)
        waits.push(retryAfter)
        time += retryAfter ?? 1000
      }
      expect(Math.max(...waits.map((wait) => wait ?? 0))).toBe(8000)
      const { delivered } = await deliverDue(options(async () => {}))
      Date.now = () => real() + 2 * 86_400_000
      const rest = await deliverDue(options(async () => {}))
      expect([...delivered, ...rest.delivered].sort()).toEqual([...ids].sort())
    } finally {
      Date.now = real
    }
  })

  it('go on behind one that is refused', async () => {
    const refused = await create(1)
    const taken = await create(2)
    const deliver: Notifier['deliver'] = async ({ notification }) => {
      if (notification === refused) throw new ChiaroError('DELIVERY_FAILED', 'no')
    }
    expect(await deliverDue(options(deliver))).toMatchObject({
      delivered: [taken],
      failed: [{ notification: refused }],
      retryAfter: 1000,
    })
    expect(await store.notifications.get(refused)).toMatchObject({ status: 'delivery_failed', failures: 1 })
  })

  it('one that takes longer than limits.deliveryTime is given up, and due again', async () => {
    const id = await create(1)
    const deliver: Notifier['deliver'] = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    const { failed } = await deliverDue(options(deliver, { time: 50 }))
    expect(failed).toMatchObject([
      { notification: id, error: { code: 'DELIVERY_FAILED', message: expect.stringContaining('0.05 s') } },
    ])
  })

  it('end at a signal, and what was under way is at once for others', async () => {
    const id = await create(1)
    const stop = new AbortController()
    const deliver: Notifier['deliver'] = async (_, signal) => {
      stop.abort()
      throw signal.reason
    }
    await expect(deliverDue(options(deliver, { signal: stop.signal }))).rejects.toMatchObject({ code: 'ABORTED' })
    expect((await deliverDue(options(async () => {}))).delivered).toEqual([id])
  })

  it('are repeated until they are removed, where the notifier wants that', async () => {
    const id = await create(1)
    const repeat = options(async () => {}, { repeat: 50 })
    expect((await deliverDue(repeat)).delivered).toEqual([id])
    expect((await deliverDue(repeat)).delivered).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect((await deliverDue(repeat)).delivered).toEqual([id])
    await store.notifications.remove(id, new Date().toISOString())
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect((await deliverDue(repeat)).delivered).toEqual([])
  })
})
