/** The tables of notifications: those of SQLite, which says what they mean. */
export const notificationTables = `
CREATE TABLE notification (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid text COLLATE "C" NOT NULL UNIQUE,
  operation bigint NOT NULL,
  about text COLLATE "C" NOT NULL,
  created_at text COLLATE "C" NOT NULL,
  status text COLLATE "C" CHECK (status IN ('created', 'delivered', 'delivery_failed', 'deleted')),
  status_at text COLLATE "C",
  failures integer NOT NULL DEFAULT 0,
  due_at text COLLATE "C",
  detail text COLLATE "C",
  UNIQUE (operation, about)
);
CREATE INDEX notification_due ON notification (due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE notification_entry (
  notification bigint NOT NULL,
  uuid text COLLATE "C" NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (notification, uuid)
);

CREATE TABLE notification_progress (
  id integer PRIMARY KEY CHECK (id = 1),
  handled bigint NOT NULL
);
`
