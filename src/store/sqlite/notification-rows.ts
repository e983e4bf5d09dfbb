import { randomUUID } from 'node:crypto'
import type { Page } from '../../core/fleet.ts'
import type {
  ClaimTimes,
  CleaningRules,
  Notification,
  NotificationEntry,
  NotificationStore,
} from '../../core/notifications.ts'
import {
  cleanedAtOnce,
  decodeNotification,
  type EntryRow,
  encodeEntry,
  type NotificationRow,
  notificationColumns,
  pageOfEntries,
} from '../notification-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'

export function readHandled(database: Database): Promise<number | undefined> {
  return database.read((connection) => {
    const row = connection.prepare('SELECT handled FROM notification_progress').get() as { handled: number } | undefined
    return row?.handled
  })
}

export async function handle(database: Database, operation: number): Promise<void> {
  await write(
    database,
    `INSERT INTO notification_progress (id, handled) VALUES (1, ?)
     ON CONFLICT (id) DO UPDATE SET handled = max(handled, excluded.handled)`,
    operation,
  )
}

export function begin(database: Database, operation: number, about: string, now: string): Promise<string | undefined> {
  return database.write((connection) => {
    connection
      .prepare(
        `INSERT INTO notification (uuid, operation, about, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (operation, about) DO NOTHING`,
      )
      .run(randomUUID(), operation, about, now)
    const row = connection
      .prepare('SELECT uuid FROM notification WHERE operation = ? AND about = ? AND status IS NULL')
      .get(operation, about) as { uuid: string } | undefined
    return row?.uuid
  })
}

export function add(database: Database, id: string, entries: readonly NotificationEntry[]): Promise<void> {
  return database.write((connection) => {
    const insert = connection.prepare(
      `INSERT INTO notification_entry (notification, uuid, body)
       SELECT id, ?, ? FROM notification WHERE uuid = ? AND status IS NULL
       ON CONFLICT (notification, uuid) DO NOTHING`,
    )
    for (const entry of entries) insert.run(entry.id, encodeEntry(entry), id)
  })
}

export async function finish(database: Database, id: string, now: string): Promise<void> {
  await write(
    database,
    `UPDATE notification SET (status, status_at, due_at) = (
       SELECT iif(filled, 'created', 'delivered'), ?, iif(filled, ?, NULL)
       FROM (SELECT EXISTS (SELECT * FROM notification_entry WHERE notification = notification.id) AS filled)
     ) WHERE uuid = ? AND status IS NULL`,
    now,
    now,
    id,
  )
}

export function find(database: Database, id: string): Promise<Notification | undefined> {
  return database.read((connection) => {
    const row = connection.prepare(`SELECT ${notificationColumns} FROM notification WHERE uuid = ?`).get(id) as
      | NotificationRow
      | undefined
    return row === undefined ? undefined : decodeNotification(row)
  })
}

export function readEntries(
  database: Database,
  id: string,
  after: string | undefined,
  limit: number,
): Promise<Page<NotificationEntry>> {
  return database.read((connection) => {
    const rows = connection
      .prepare(
        `SELECT entry.uuid, body FROM notification JOIN notification_entry AS entry ON entry.notification = notification.id
         WHERE notification.uuid = ? AND status <> 'deleted' AND entry.uuid > ? ORDER BY entry.uuid LIMIT ?`,
      )
      .all(id, after ?? '', limit + 1) as unknown as readonly EntryRow[]
    return pageOfEntries(rows, limit)
  })
}

export function claim(database: Database, { now, until, horizon }: ClaimTimes): Promise<Notification | undefined> {
  return database.write((connection) => {
    const row = connection
      .prepare(
        `UPDATE notification SET due_at = ? WHERE id = (
           SELECT id FROM notification WHERE due_at <= ? OR due_at > ? ORDER BY due_at, id LIMIT 1
         ) RETURNING ${notificationColumns}`,
      )
      .get(until, now, horizon) as NotificationRow | undefined
    return row === undefined ? undefined : decodeNotification(row)
  })
}

export async function noteDelivery(database: Database, id: string, now: string, again?: string): Promise<void> {
  await write(
    database,
    `UPDATE notification SET status = 'delivered', status_at = ?, due_at = ?, detail = NULL
     WHERE uuid = ? AND status <> 'deleted'`,
    now,
    again ?? null,
    id,
  )
}

export async function noteFailure(
  database: Database,
  id: string,
  now: string,
  again: string,
  detail: string,
): Promise<void> {
  await write(
    database,
    `UPDATE notification SET status = 'delivery_failed', status_at = ?, due_at = ?, detail = ?, failures = failures + 1
     WHERE uuid = ? AND status <> 'deleted'`,
    now,
    again,
    detail,
    id,
  )
}

export async function remove(database: Database, id: string, now: string): Promise<boolean> {
  const changed = await write(
    database,
    `UPDATE notification SET status = 'deleted', status_at = ?, due_at = NULL WHERE uuid = ? AND status IS NOT 'deleted'`,
    now,
    id,
  )
  return changed > 0
}

export function clean(database: Database, rules: CleaningRules): ReturnType<NotificationStore['clean']> {
  return database.write((connection) => cleanIn(connection, rules))
}

function cleanIn(connection: Connection, { before, operation }: CleaningRules) {
  const expired = `(status = 'deleted' OR status IN ('delivered', 'delivery_failed') AND status_at < ?)`
  const entries = connection
    .prepare(
      `DELETE FROM notification_entry WHERE (notification, uuid) IN (
         SELECT notification, entry.uuid FROM notification JOIN notification_entry AS entry
           ON entry.notification = notification.id
         WHERE ${expired} LIMIT ?)`,
    )
    .run(before, cleanedAtOnce)
  const notifications = connection
    .prepare(
      `DELETE FROM notification WHERE id IN (
         SELECT id FROM notification WHERE ${expired} AND (about <> '' OR operation <= ?)
           AND NOT EXISTS (SELECT * FROM notification_entry WHERE notification = notification.id) LIMIT ?)`,
    )
    .run(before, operation, cleanedAtOnce)
  const removed = { entries: Number(entries.changes), notifications: Number(notifications.changes) }
  return { ...removed, more: removed.entries === cleanedAtOnce || removed.notifications === cleanedAtOnce }
}

/** Runs a statement, and tells how many rows it wrote. */
function write(database: Database, sql: string, ...values: (string | number | null)[]): Promise<number> {
  return database.write((connection) => Number(connection.prepare(sql).run(...values).changes))
}
