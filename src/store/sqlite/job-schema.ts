/** What servers do for clients (core/jobs.ts). content: the job, as JSON; ended: 0 or 1. */
export const jobTables = `
CREATE TABLE job (
  id TEXT PRIMARY KEY,
  alive_at TEXT NOT NULL,
  worker TEXT,
  ended INTEGER NOT NULL,
  content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX job_alive_at ON job (ended, alive_at);

CREATE TABLE job_event (
  job TEXT NOT NULL REFERENCES job,
  number INTEGER NOT NULL,
  event TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;
`
