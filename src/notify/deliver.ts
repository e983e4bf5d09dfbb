import { abortedError, throwIfAborted } from '../core/abort.ts'
import { ChiaroError, isChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Notification, NotificationEntry, NotificationStore } from '../core/notifications.ts'
import type { Notifier } from '../core/notifier.ts'

/** How notifications are delivered. Times are milliseconds. */
export interface DeliveryOptions {
  readonly notifications: NotificationStore
  readonly notifier: Notifier
  /** The wait after a failure, which doubles with each one, and the longest. */
  readonly firstWait: number
  readonly longestWait: number
  readonly signal: AbortSignal
  /** What one delivery may take; default `limits.deliveryTime`. */
  readonly time?: number
}

/** What a round of deliveries came to. */
export interface DeliveryRound {
  readonly delivered: readonly string[]
  readonly failed: readonly { readonly notification: string; readonly error: unknown }[]
  /** Milliseconds until the first of what failed is due again; `undefined` if nothing failed. */
  readonly retryAfter: number | undefined
}

/** Failures in a row after which the other side is taken to be down. */
const failuresInRow = 3

/** What it may take to give a delivery up and to note that, before others may deliver the same. Milliseconds. */
const noteTime = 10_000

/** Entries that are read at a time. */
const entriesAtOnce = 500

/**
 * Delivers what is due, one after the other, until there is no more or the other side is down. What fails is due again after a while,
 * at longer and longer intervals, for ever. Throws `ABORTED` and `DATABASE_FAILED`.
 */
export async function deliverDue(options: DeliveryOptions): Promise<DeliveryRound> {
  const { notifications, notifier, firstWait, longestWait, signal, time = limits.deliveryTime } = options
  const delivered: string[] = []
  const failed: { notification: string; error: unknown }[] = []
  let retryAfter: number | undefined
  let inRow = 0
  while (inRow < failuresInRow) {
    throwIfAborted(signal)
    const furthest = Math.max(longestWait, notifier.repeat ?? 0, time)
    const times = { now: later(0), until: later(time + noteTime), horizon: later(2 * (furthest + noteTime)) }
    const notification = await notifications.claim(times)
    if (notification === undefined) break
    const { id } = notification
    try {
      await deliver(notification, options, time)
      await notifications.delivered(id, later(0), notifier.repeat === undefined ? undefined : later(notifier.repeat))
      delivered.push(id)
      inRow = 0
    } catch (error) {
      if (isChiaroError(error, 'DATABASE_FAILED')) throw error
      // Who is told to end leaves it to others.
      const wait = signal.aborted ? 0 : Math.min(longestWait, firstWait * 2 ** notification.failures)
      await notifications.failed(id, later(0), later(wait), messageOf(error))
      throwIfAborted(signal)
      failed.push({ notification: id, error })
      retryAfter = Math.min(retryAfter ?? wait, wait)
      inRow++
    }
  }
  return { delivered, failed, retryAfter }
}

async function deliver(
  { id }: Notification,
  { notifications, notifier, signal }: DeliveryOptions,
  time: number,
): Promise<void> {
  const late = new ChiaroError('DELIVERY_FAILED', `it was not taken within ${time / 1000} s`, { where: notifier.id })
  const stop = new AbortController()
  const end = () => stop.abort(abortedError(signal))
  const timer = setTimeout(() => stop.abort(late), time)
  signal.addEventListener('abort', end, { once: true })
  try {
    const batch = { notification: id, entries: () => entriesOf(notifications, id) }
    await notifier.deliver(batch, stop.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

async function* entriesOf(notifications: NotificationStore, id: string): AsyncGenerator<NotificationEntry> {
  let after: string | undefined
  do {
    const { items, next } = await notifications.entries(id, after, entriesAtOnce)
    yield* items
    after = next
  } while (after !== undefined)
}

/** The time in so many milliseconds, ISO 8601. */
function later(milliseconds: number): string {
  return new Date(Date.now() + milliseconds).toISOString()
}
