import type { Job, JobEvent, JobStore } from '../../core/jobs.ts'
import { decodeEvent, decodeJob, type JobEventRow, type JobRow } from '../job-row.ts'
import type { Database } from './database.ts'

/** What servers do for clients, in an SQLite database. */
export function createJobStore(database: Database): JobStore {
  return {
    put: (job, events) => put(database, job, events),
    get: (id) => get(database, id),
    events: (id, after, limit) => readEvents(database, id, after, limit),
    sweep: (before) => sweep(database, before),
  }
}

async function put(database: Database, job: Job, events: readonly JobEvent[]): Promise<void> {
  await database.write((connection) => {
    connection
      .prepare(
        `INSERT INTO job (id, alive_at, content) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET alive_at = excluded.alive_at, content = excluded.content`,
      )
      .run(job.id, job.aliveAt, JSON.stringify(job))
    const insert = connection.prepare(
      'INSERT INTO job_event (job, number, event, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    for (const { number, event, data } of events) insert.run(job.id, number, event, JSON.stringify(data))
  })
}

async function get(database: Database, id: string): Promise<Job | undefined> {
  const row = await database.read(
    (connection) => connection.prepare('SELECT content FROM job WHERE id = ?').get(id) as JobRow | undefined,
  )
  return row === undefined ? undefined : decodeJob(row)
}

async function readEvents(database: Database, id: string, after: number, limit: number): Promise<readonly JobEvent[]> {
  const rows = await database.read(
    (connection) =>
      connection
        .prepare('SELECT number, event, data FROM job_event WHERE job = ? AND number > ? ORDER BY number LIMIT ?')
        .all(id, after, limit) as unknown as JobEventRow[],
  )
  return rows.map(decodeEvent)
}

async function sweep(database: Database, before: string): Promise<void> {
  await database.write((connection) => {
    connection.prepare('DELETE FROM job_event WHERE job IN (SELECT id FROM job WHERE alive_at < ?)').run(before)
    connection.prepare('DELETE FROM job WHERE alive_at < ?').run(before)
  })
}
