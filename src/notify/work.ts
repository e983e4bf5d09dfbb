import { throwIfAborted } from '../core/abort.ts'
import type { FleetStore } from '../core/fleet.ts'
import type { NotificationStore } from '../core/notifications.ts'
import type { Notifier } from '../core/notifier.ts'
import { type DeliveryRound, deliverDue } from './deliver.ts'
import { lookBack, type RecordOptions, recordOperations } from './record.ts'

/** Days for which receipts are kept, as in Clair. */
const receiptDays = 14

/** What `NotificationWork` needs. */
export interface WorkOptions extends Pick<RecordOptions, 'summary' | 'firstLoads'> {
  readonly notifier: Notifier
  readonly fleet: FleetStore
  readonly notifications: NotificationStore
  /** `Store.lock`. */
  lock<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>
  /** Milliseconds: the wait after the first failure, and the longest. */
  readonly firstWait: number
  readonly longestWait: number
}

/** The work of notifying, which any number of processes may do. Every method throws `ABORTED` and `DATABASE_FAILED`. */
export interface NotificationWork extends AsyncDisposable {
  /** Whether each vulnerability is a notification of its own. */
  readonly byVulnerability: boolean
  /** Makes notifications of what changed. Gives the number of operations that were looked through. */
  record(signal: AbortSignal): Promise<number>
  /** Delivers what is due. */
  deliver(signal: AbortSignal): Promise<DeliveryRound>
  /** Removes notifications that are deleted or old at a time: `now`, milliseconds since 1970. Gives how many. */
  clean(now: number, signal: AbortSignal): Promise<number>
}

export function createNotificationWork(options: WorkOptions): NotificationWork {
  const { notifier, fleet, notifications, summary, firstLoads, lock, firstWait, longestWait } = options
  const byVulnerability = notifier.byVulnerability === true
  return {
    byVulnerability,
    record: (signal) =>
      lock('notifications', signal, () =>
        recordOperations({
          fleet,
          notifications,
          summary,
          firstLoads,
          byVulnerability,
          signal,
        }),
      ),
    deliver: (signal) => deliverDue({ notifications, notifier, firstWait, longestWait, signal }),
    async clean(now, signal) {
      const before = new Date(now - receiptDays * 24 * 60 * 60 * 1000).toISOString()
      const operation = ((await notifications.handled()) ?? 0) - lookBack
      let removed = 0
      for (let more = true; more; ) {
        throwIfAborted(signal)
        const part = await notifications.clean({ before, operation })
        removed += part.notifications
        more = part.more
      }
      return removed
    },
    [Symbol.asyncDispose]: () => notifier[Symbol.asyncDispose](),
  }
}
