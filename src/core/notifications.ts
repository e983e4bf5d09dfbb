import type { Digest } from './digest.ts'
import type { FleetFinding, FleetPackage, Page } from './fleet.ts'

/** What happened to a notification: Clair's words. */
export type ReceiptStatus = 'created' | 'delivered' | 'delivery_failed' | 'deleted'

/** A finding as notifications tell it. */
export interface NotifiedFinding
  extends Pick<FleetFinding, 'id' | 'description' | 'links' | 'severity' | 'fixedIn'>,
    Pick<FleetFinding['why'], 'feed' | 'scope' | 'name'> {
  readonly package: FleetPackage
}

/** What changed in one image. */
export interface NotificationEntry {
  /** A UUID in lower case. */
  readonly id: string
  readonly manifest: Digest
  readonly reason: 'added' | 'removed'
  readonly finding: NotifiedFinding
}

/** What there is to tell of one operation of the fleet, and what became of it. */
export interface Notification {
  /** A UUID in lower case. */
  readonly id: string
  readonly operation: number
  /** The one vulnerability that it is about; empty: whatever the operation changed. */
  readonly about: string
  /** ISO 8601. */
  readonly createdAt: string
  /** `undefined` while entries are still being added. */
  readonly status: ReceiptStatus | undefined
  /** When the status was reached, ISO 8601. */
  readonly statusAt: string | undefined
  /** Deliveries that failed. */
  readonly failures: number
}

/** Times for `claim`, all ISO 8601. */
export interface ClaimTimes {
  readonly now: string
  /** Until then nobody else is given it. */
  readonly until: string
  /** Later than anything is ever put off to: what is due after it was put off by a clock that was wrong, and is due. */
  readonly horizon: string
}

/** What `clean` removes. */
export interface CleaningRules {
  /** Notifications whose receipt was last changed before (ISO 8601), unless they are still to be delivered. */
  readonly before: string
  /** Receipts of later operations are kept, so that nothing is told twice. */
  readonly operation: number
}

/** Notifications with their receipts. Ids of notifications and of entries are UUIDs in lower case. */
export interface NotificationStore {
  /** The operation that `handle` was last called with; `undefined`: nothing was ever notified. */
  handled(): Promise<number | undefined>
  /** Notes that every operation up to this one has been told. It never goes back. */
  handle(operation: number): Promise<void>
  /**
   * Begins the notification of an operation, or goes on with one that was begun and never finished. Gives its id; `undefined`
   * if there is a receipt already.
   */
  begin(operation: number, about: string, now: string): Promise<string | undefined>
  /** Adds entries to what was begun. Those that are there already stay as they are. */
  add(id: string, entries: readonly NotificationEntry[]): Promise<void>
  /** Ends what was begun: it is to be delivered from now on, or counts as delivered if it has no entries. */
  finish(id: string, now: string): Promise<void>
  get(id: string): Promise<Notification | undefined>
  /** The entries in the order of their ids, after the id `after`; none if it is not finished, not there, or deleted. */
  entries(id: string, after: string | undefined, limit: number): Promise<Page<NotificationEntry>>
  /** Takes the notification that has been due the longest; `undefined` if none is. */
  claim(times: ClaimTimes): Promise<Notification | undefined>
  /** Notes a delivery; it is due again at `again`, if that is given, until it is removed. */
  delivered(id: string, now: string, again: string | undefined): Promise<void>
  /** Notes a delivery that failed, and why. It is due again at `again`. */
  failed(id: string, now: string, again: string, detail: string): Promise<void>
  /** Deletes a notification: whether there was one that was not deleted yet. Its receipt stays for `clean`. */
  remove(id: string, now: string): Promise<boolean>
  /** Removes, a bounded part at a time, what is deleted or old; whether there may be more. */
  clean(
    rules: CleaningRules,
  ): Promise<{ readonly notifications: number; readonly entries: number; readonly more: boolean }>
}
