/**
 * The tables of notifications. A notification without a status is still being written. `due_at`: when it is to be delivered, or
 * taken away from who is delivering it; none: it is not to be. `handled` of the one row of `notification_progress` is the operation
 * up to which everything has been told.
 */
export const notificationTables = `
CREATE TABLE notification (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  operation INTEGER NOT NULL,
  about TEXT NOT NULL,
  created_at TEXT NOT NULL,
  status TEXT CHECK (status IN ('created', 'delivered', 'delivery_failed', 'deleted')),
  status_at TEXT,
  failures INTEGER NOT NULL DEFAULT 0,
  due_at TEXT,
  detail TEXT,
  UNIQUE (operation, about)
) STRICT;
CREATE INDEX notification_due ON notification (due_at, id) WHERE due_at IS NOT NULL;

-- body: JSON (notification-row.ts).
CREATE TABLE notification_entry (
  notification INTEGER NOT NULL REFERENCES notification,
  uuid TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (notification, uuid)
) STRICT, WITHOUT ROWID;

CREATE TABLE notification_progress (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  handled INTEGER NOT NULL
) STRICT;
`
