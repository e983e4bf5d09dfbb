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
import type { Connection, Value } from './connection.ts'
import type { Database } from './database.ts'

/** Notifications in a PostgreSQL database. */
export function createNotificationStore(database: Database): NotificationStore {
  const write = (sql: string, ...values: Value[]) => database.write((connection) => connection.run(sql, values))
  return {
    handled: () => database.read(readHandled),
    handle: async (operation) => {
      await write(
        `INSERT INTO notification_progress AS progress (id, handled) VALUES (1, $1)
         ON CONFLICT (id) DO UPDATE SET handled = greatest(progress.handled, excluded.handled)`,
        operation,
      )
    },
    begin: (operation, about, now) => database.write((connection) => begin(connection, operation, about, now)),
    add: async (id, entries) => {
      await write(
        addSql,
        id,
        entries.map((entry) => entry.id),
        entries.map(encodeEntry),
      )
    },
    finish: async (id, now) => {
      await write(finishSql, now, id)
    },
    get: (id) => database.read((connection) => find(connection, id)),
    entries: (id, after, limit) => database.read((connection) => readEntries(connection, id, after, limit)),
    claim: (times) => database.write((connection) => claim(connection, times)),
    delivered: async (id, now, again) => {
      await write(
        `UPDATE notification SET status = 'delivered', status_at = $1, due_at = $2, detail = NULL
         WHERE uuid = $3 AND status <> 'deleted'`,
        now,
        again ?? null,
        id,
      )
    },
    failed: async (id, now, again, detail) => {
      await write(
        `UPDATE notification
         SET status = 'delivery_failed', status_at = $1, due_at = $2, detail = $3, failures = failures + 1
         WHERE uuid = $4 AND status <> 'deleted'`,
        now,
        again,
        detail,
        id,
      )
    },
    remove: async (id, now) => {
      const changed = await write(
        `UPDATE notification SET status = 'deleted', status_at = $1, due_at = NULL
         WHERE uuid = $2 AND status IS DISTINCT FROM 'deleted'`,
        now,
        id,
      )
      return changed > 0
    },
    clean: (rules) => database.write((connection) => clean(connection, rules)),
  }
}

const addSql = `INSERT INTO notification_entry (notification, uuid, body)
  SELECT id, entry.uuid, body FROM notification, unnest($2::text[], $3::text[]) AS entry (uuid, body)
  WHERE notification.uuid = $1 AND status IS NULL
  ON CONFLICT (notification, uuid) DO NOTHING`

const finishSql = `UPDATE notification SET status = CASE WHEN filled THEN 'created' ELSE 'delivered' END, status_at = $1,
    due_at = CASE WHEN filled THEN $1 END
  FROM (SELECT one.id, EXISTS (SELECT FROM notification_entry WHERE notification = one.id) AS filled
    FROM notification AS one WHERE uuid = $2) AS found
  WHERE notification.id = found.id AND status IS NULL`

async function readHandled(connection: Connection): Promise<number | undefined> {
  return (await connection.row<{ handled: number }>('SELECT handled FROM notification_progress'))?.handled
}

async function begin(
  connection: Connection,
  operation: number,
  about: string,
  now: string,
): Promise<string | undefined> {
  await connection.run(
    `INSERT INTO notification (uuid, operation, about, created_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (operation, about) DO NOTHING`,
    [randomUUID(), operation, about, now],
  )
  const row = await connection.row<{ uuid: string }>(
    'SELECT uuid FROM notification WHERE operation = $1 AND about = $2 AND status IS NULL',
    [operation, about],
  )
  return row?.uuid
}

async function find(connection: Connection, id: string): Promise<Notification | undefined> {
  const row = await connection.row<NotificationRow>(`SELECT ${notificationColumns} FROM notification WHERE uuid = $1`, [
    id,
  ])
  return row === undefined ? undefined : decodeNotification(row)
}

async function readEntries(
  connection: Connection,
  id: string,
  after: string | undefined,
  limit: number,
): Promise<Page<NotificationEntry>> {
  const rows = await connection.rows<EntryRow>(
    `SELECT entry.uuid, body FROM notification JOIN notification_entry AS entry ON entry.notification = notification.id
     WHERE notification.uuid = $1 AND status <> 'deleted' AND entry.uuid > $2 ORDER BY entry.uuid LIMIT $3`,
    [id, after ?? '', limit + 1],
  )
  return pageOfEntries(rows, limit)
}

async function claim(connection: Connection, { now, until, horizon }: ClaimTimes): Promise<Notification | undefined> {
  const row = await connection.row<NotificationRow>(
    `UPDATE notification SET due_at = $1 WHERE id = (
       SELECT id FROM notification WHERE due_at <= $2 OR due_at > $3 ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
     ) RETURNING ${notificationColumns}`,
    [until, now, horizon],
  )
  return row === undefined ? undefined : decodeNotification(row)
}

async function clean(connection: Connection, { before, operation }: CleaningRules) {
  const expired = `(status = 'deleted' OR status IN ('delivered', 'delivery_failed') AND status_at < $1)`
  const entries = await connection.run(
    `DELETE FROM notification_entry WHERE (notification, uuid) IN (
       SELECT notification, entry.uuid FROM notification JOIN notification_entry AS entry
         ON entry.notification = notification.id
       WHERE ${expired} LIMIT $2)`,
    [before, cleanedAtOnce],
  )
  const notifications = await connection.run(
    `DELETE FROM notification WHERE id IN (
       SELECT id FROM notification WHERE ${expired} AND (about <> '' OR operation <= $2)
         AND NOT EXISTS (SELECT FROM notification_entry WHERE notification = notification.id) LIMIT $3)`,
    [before, operation, cleanedAtOnce],
  )
  return { entries, notifications, more: entries === cleanedAtOnce || notifications === cleanedAtOnce }
}
