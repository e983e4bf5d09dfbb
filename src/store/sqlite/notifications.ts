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

/** Notifications in an SQLite database. */
export function createNotificationStore(database: Database): NotificationStore {
  const write = (sql: string, ...values: (string | number | null)[]) =>
    database.write((connection) => Number(connection.prepare(sql).run(...values).changes))
  return {
    handled: () => database.read(readHandled),
    handle: async (operation) => {
      await write(
        `INSERT INTO notification_progress (id, handled) VALUES (1, ?)
         ON CONFLICT (id) DO UPDATE SET handled = max(handled, excluded.handled)`,
        operation,
      )
    },
    begin: (operation, about, now) => database.write((connection) => begin(connection, operation, about, now)),
    add: (id, entries) => database.write((connection) => add(connection, id, entries)),
    finish: async (id, now) => {
      await write(finishSql, now, now, id)
    },
    get: (id) => database.read((connection) => find(connection, id)),
    entries: (id, after, limit) => database.read((connection) => readEntries(connection, id, after, limit)),
    claim: (times) => database.write((connection) => claim(connection, times)),
    delivered: async (id, now, again) => {
      await write(
        `UPDATE notification SET status = 'delivered', status_at = ?, due_at = ?, detail = NULL
         WHERE uuid = ? AND status <> 'deleted'`,
        now,
        again ?? null,
        id,
      )
    },
    failed: async (id, now, again, detail) => {
      await write(
        `UPDATE notification SET status = 'delivery_failed', status_at = ?, due_at = ?, detail = ?, failures = failures + 1
         WHERE uuid = ? AND status <> 'deleted'`,
        now,
        again,
        detail,
        id,
      )
    },
    remove: async (id, now) => {
      const changed = await write(
        `UPDATE notification SET status = 'deleted', status_at = ?, due_at = NULL WHERE uuid = ? AND status IS NOT 'deleted'`,
        now,
        id,
      )
      return changed > 0
    },
    clean: (rules) => database.write((connection) => clean(connection, rules)),
  }
}

const finishSql = `UPDATE notification SET (status, status_at, due_at) = (
    SELECT iif(filled, 'created', 'delivered'), ?, iif(filled, ?, NULL)
    FROM (SELECT EXISTS (SELECT * FROM notification_entry WHERE notification = notification.id) AS filled)
  ) WHERE uuid = ? AND status IS NULL`

function readHandled(connection: Connection): number | undefined {
  const row = connection.prepare('SELECT handled FROM notification_progress').get() as { handled: number } | undefined
  return row?.handled
}

function begin(connection: Connection, operation: number, about: string, now: string): string | undefined {
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
}

function add(connection: Connection, id: string, entries: readonly NotificationEntry[]): void {
  const insert = connection.prepare(
    `INSERT INTO notification_entry (notification, uuid, body)
     SELECT id, ?, ? FROM notification WHERE uuid = ? AND status IS NULL
     ON CONFLICT (notification, uuid) DO NOTHING`,
  )
  for (const entry of entries) insert.run(entry.id, encodeEntry(entry), id)
}

function find(connection: Connection, id: string): Notification | undefined {
  const row = connection.prepare(`SELECT ${notificationColumns} FROM notification WHERE uuid = ?`).get(id) as
    | NotificationRow
    | undefined
  return row === undefined ? undefined : decodeNotification(row)
}

function readEntries(
  connection: Connection,
  id: string,
  after: string | undefined,
  limit: number,
): Page<NotificationEntry> {
  const rows = connection
    .prepare(
      `SELECT entry.uuid, body FROM notification JOIN notification_entry AS entry ON entry.notification = notification.id
       WHERE notification.uuid = ? AND status <> 'deleted' AND entry.uuid > ? ORDER BY entry.uuid LIMIT ?`,
    )
    .all(id, after ?? '', limit + 1) as unknown as readonly EntryRow[]
  return pageOfEntries(rows, limit)
}

function claim(connection: Connection, { now, until, horizon }: ClaimTimes): Notification | undefined {
  const row = connection
    .prepare(
      `UPDATE notification SET due_at = ? WHERE id = (
         SELECT id FROM notification WHERE due_at <= ? OR due_at > ? ORDER BY due_at, id LIMIT 1
       ) RETURNING ${notificationColumns}`,
    )
    .get(until, now, horizon) as NotificationRow | undefined
  return row === undefined ? undefined : decodeNotification(row)
}

function clean(connection: Connection, { before, operation }: CleaningRules) {
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
