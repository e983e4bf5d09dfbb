import type { Job, JobEvent, JobStore } from '../../core/jobs.ts'
import { decodeEvent, decodeJob, type JobEventRow, type JobRow } from '../job-row.ts'
import type { Database } from './database.ts'

/** What servers do for clients, in an SQLite database. */
export function createJobStore(database: Database): JobStore {
  return {
    put: (worker, job, events) => put(database, worker, job, events),
    get: (id) => get(database, id),
    unfinished: (limit) => unfinished(database, limit),
    take: (known, taken) => take(database, known, taken),
    events: (id, after, limit) => readEvents(database, id, after, limit),
    sweep: (before) => sweep(database, before),
  }
}

async function put(database: Database, worker: string | null, job: Job, events: readonly JobEvent[]): Promise<boolean> {
  return database.write((connection) => {
    const { changes } = connection
      .prepare(
        `INSERT INTO job (id, alive_at, worker, ended, content) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET alive_at = excluded.alive_at, worker = excluded.worker, ended = excluded.ended,
           content = excluded.content
         WHERE job.worker IS ?`,
      )
      .run(job.id, ...columnsOf(job), worker)
    if (changes === 0) return false
    const insert = connection.prepare(
      'INSERT INTO job_event (job, number, event, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    for (const { number, event, data } of events) insert.run(job.id, number, event, JSON.stringify(data))
    return true
  })
}

const columnsOf = (job: Job) => [job.aliveAt, job.worker, job.endedAt === null ? 0 : 1, JSON.stringify(job)] as const

async function unfinished(database: Database, limit: number): Promise<readonly Job[]> {
  const sql = 'SELECT content FROM job WHERE ended = 0 ORDER BY alive_at LIMIT ?'
  const rows = await database.read((connection) => connection.prepare(sql).all(limit) as unknown as JobRow[])
  return rows.map(decodeJob)
}

async function take(database: Database, known: Job, taken: Job): Promise<boolean> {
  return database.write((connection) => {
    const { changes } = connection
      .prepare(
        `UPDATE job SET alive_at = ?, worker = ?, ended = ?, content = ?
         WHERE id = ? AND ended = 0 AND worker IS ? AND alive_at = ?`,
      )
      .run(...columnsOf(taken), known.id, known.worker, known.aliveAt)
    return changes > 0
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
    connection
      .prepare('DELETE FROM job_event WHERE job IN (SELECT id FROM job WHERE ended = 1 AND alive_at < ?)')
      .run(before)
    connection.prepare('DELETE FROM job WHERE ended = 1 AND alive_at < ?').run(before)
  })
}
