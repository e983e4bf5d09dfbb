import type { NotificationEntry } from './notifications.ts'

/** A notification that is to be delivered. */
export interface NotificationBatch {
  /** Its id, a UUID. */
  readonly notification: string
  /** What changed, for those that are told everything at once. Each call begins anew. */
  entries(): AsyncIterable<NotificationEntry>
}

/** A way to tell somebody of notifications. */
export interface Notifier extends AsyncDisposable {
  readonly id: string
  /** Milliseconds after which what was delivered is delivered again, until it is deleted; without it, once is enough. */
  readonly repeat?: number
  /** Whether each vulnerability is a notification of its own. */
  readonly byVulnerability?: true
  /**
   * Resolves once the other side has taken it. Throws `DELIVERY_FAILED` if it did not, `NETWORK_FAILED` if it cannot be reached,
   * and `ABORTED`; it may then have been taken all the same, and is delivered again.
   */
  deliver(batch: NotificationBatch, signal: AbortSignal): Promise<void>
}
