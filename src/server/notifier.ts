import { once } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import { type Engine, type NotificationWork, openNotificationWork } from '../compose.ts'
import { parseGoDuration } from '../config/clair/durations.ts'
import type { ClairConfig } from '../config/clair/schema.ts'
import { messageOf } from '../core/errors.ts'
import { notificationForm } from './api/registry.ts'
import type { Metrics } from './metrics.ts'
import { startRounds } from './rounds.ts'
import { createSteadyTime } from './steady-time.ts'

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
  const deliveries = metrics.counter({
    name: 'chiaro_notification_deliveries_total',
    help: 'Deliveries of notifications.',
    labels: ['outcome'],
  })
  let retryAfter: number | undefined
  const made = Promise.withResolvers<void>()
  let begun = false
  const now = createSteadyTime()

  async function record(signal: AbortSignal): Promise<void> {
    try {
      const operations = await work.record(signal)
      if (operations > 0) log.info({ operations }, 'notifications were made of operations')
    } finally {
      made.resolve()
    }
  }

  async function deliver(signal: AbortSignal): Promise<void> {
    // What changed while no server was there is not to wait for the second round.
    if (!begun) await Promise.race([made.promise, once(signal, 'abort')])
    begun = true
    // If the round fails as a whole, nobody knows what it would have put off.
    retryAfter = times.retry
    const round = await work.deliver(signal)
    retryAfter = round.retryAfter
    for (const notification of round.delivered) log.info({ notification }, 'a notification was delivered')
    for (const { notification, error } of round.failed) {
      log.warn({ notification, reason: messageOf(error) }, 'a notification could not be delivered')
    }
    deliveries.add(['delivered'], round.delivered.length)
    deliveries.add(['failed'], round.failed.length)
  }

  async function clean(signal: AbortSignal): Promise<void> {
    await work.clean(now(), signal)
  }

  const failure = 'notifications could not be'
  const running = new AsyncDisposableStack()
  running.use(work)
  running.use(startRounds({ period: times.clean, work: clean, failure: `${failure} cleaned`, log }))
  running.use(startRounds({ period: times.poll, work: record, failure: `${failure} made`, log }))
  running.use(
    startRounds({
      period: times.delivery,
      work: deliver,
      sooner: () => retryAfter,
      failure: `${failure} delivered`,
      log,
    }),
  )
  return running
}
