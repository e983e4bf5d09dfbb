import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { type Engine, type NotificationWork, openNotificationWork } from '../compose.ts'
import { parseGoDuration } from '../config/clair/durations.ts'
import type { ClairConfig } from '../config/clair/schema.ts'
import { messageOf } from '../core/errors.ts'
import { notificationForm } from './api/registry.ts'
import type { Metrics } from './metrics.ts'

/** How often what is done. Milliseconds. */
export interface NotifierTimes {
  readonly poll: number
  readonly delivery: number
  readonly clean: number
  /** The wait after the first delivery that failed; it doubles with each one, up to `delivery`. */
  readonly retry: number
}

/** How notifications are made and delivered. */
export interface NotifierOptions {
  readonly work: NotificationWork
  readonly times: NotifierTimes
  readonly metrics: Metrics
  readonly log: FastifyBaseLogger
}

const minute = 60_000

/** The times of a configuration; Clair cleans once an hour. */
export function notifierTimes({ notifier }: ClairConfig): NotifierTimes {
  const delivery = parseGoDuration(notifier.delivery_interval)!
  return {
    poll: parseGoDuration(notifier.poll_interval)!,
    delivery,
    clean: 60 * minute,
    retry: Math.min(minute, delivery),
  }
}

/** What notifies as the configuration wants it; `undefined` where nobody is to be notified. Throws `CONFIG_INVALID`. */
export async function openNotifications(
  engine: Engine,
  { notifier, chiaro, auth }: ClairConfig,
  { retry, delivery }: NotifierTimes,
): Promise<NotificationWork | undefined> {
  const { webhook, amqp, stomp, disable_summary } = notifier
  const { endpoint, renotify_interval } = chiaro.webhook_v1
  return openNotificationWork(engine.store, {
    summary: !disable_summary,
    firstLoads: chiaro.notify_first_load,
    firstWait: retry,
    longestWait: delivery,
    settings: {
      webhook,
      amqp,
      stomp,
      webhookV1: { endpoint, renotifyInterval: parseGoDuration(renotify_interval)! },
      key: auth.psk.key === '' ? undefined : Buffer.from(auth.psk.key, 'base64'),
      form: notificationForm,
    },
  })
}

/**
 * Makes notifications, delivers and cleans them, at once and then again and again, until it is disposed of. What fails is told, and
 * the next round comes.
 */
export function startNotifier({ work, times, metrics, log }: NotifierOptions): AsyncDisposable {
  const stop = new AbortController()
  const { signal } = stop
  const deliveries = metrics.counter({
    name: 'chiaro_notification_deliveries_total',
    help: 'Deliveries of notifications.',
    labels: ['outcome'],
  })

  async function repeat(what: string, interval: number, round: () => Promise<number | undefined>): Promise<void> {
    while (!signal.aborted) {
      let pause = interval
      try {
        pause = Math.min(interval, (await round()) ?? interval)
      } catch (error) {
        if (!signal.aborted) log.error({ err: error }, `${what} failed`)
      }
      await sleep(pause, undefined, { signal }).catch(() => {})
    }
  }

  async function record(): Promise<undefined> {
    const operations = await work.record(signal)
    if (operations > 0) log.info({ operations }, 'notifications were made of operations')
  }

  async function deliver(): Promise<number | undefined> {
    const { delivered, failed, retryAfter } = await work.deliver(signal)
    for (const notification of delivered) log.info({ notification }, 'a notification was delivered')
    for (const { notification, error } of failed) {
      log.warn({ notification, reason: messageOf(error) }, 'a notification could not be delivered')
    }
    deliveries.add(['delivered'], delivered.length)
    deliveries.add(['failed'], failed.length)
    return retryAfter
  }

  async function clean(): Promise<undefined> {
    await work.clean(signal)
  }

  const loops = [
    repeat('making notifications', times.poll, record),
    repeat('delivering notifications', times.delivery, deliver),
    repeat('cleaning notifications', times.clean, clean),
  ]
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(loops)
      await work[Symbol.asyncDispose]()
    },
  }
}
