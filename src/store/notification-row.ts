import type { Page } from '../core/fleet.ts'
import type { Notification, NotificationEntry, ReceiptStatus } from '../core/notifications.ts'

/** Columns of `notification`, as `decodeNotification` takes them. */
export const notificationColumns = 'uuid, operation, about, created_at, status, status_at, failures'

export interface NotificationRow {
  readonly uuid: string
  readonly operation: number
  readonly about: string
  readonly created_at: string
  readonly status: ReceiptStatus | null
  readonly status_at: string | null
  readonly failures: number
}

export interface EntryRow {
  readonly uuid: string
  readonly body: string
}

/** Rows that `clean` removes at a time. */
export const cleanedAtOnce = 10_000

export function decodeNotification(row: NotificationRow): Notification {
  return {
    id: row.uuid,
    operation: row.operation,
    about: row.about,
    createdAt: row.created_at,
    status: row.status ?? undefined,
    statusAt: row.status_at ?? undefined,
    failures: row.failures,
  }
}

/** What is kept of an entry beside its id. */
export function encodeEntry({ id: _, ...body }: NotificationEntry): string {
  return JSON.stringify(body)
}

/** A page of `limit` entries, of rows of which one more was asked for. */
export function pageOfEntries(rows: readonly EntryRow[], limit: number): Page<NotificationEntry> {
  const items = rows
    .slice(0, limit)
    .map(({ uuid, body }) => ({ ...(JSON.parse(body) as Omit<NotificationEntry, 'id'>), id: uuid }))
  return { items, next: rows.length > limit ? items.at(-1)?.id : undefined }
}
