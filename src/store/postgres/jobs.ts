import type { Job, JobEvent, JobStore } from '../../core/jobs.ts'
import { decodeEvent, decodeJob, type JobEventRow, type JobRow } from '../job-row.ts'
import type { Database } from './database.ts'

/** What servers do for clients, in a PostgreSQL database. */
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
  return database.write(async (connection) => {
    const own = await connection.row(
      `INSERT INTO job AS known (id, alive_at, worker, ended, content) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO UPDATE SET alive_at = excluded.alive_at, worker = excluded.worker, ended = excluded.ended,
         content = excluded.content
       WHERE known.worker IS NOT DISTINCT FROM $6
       RETURNING 1 AS own`,
      [...columnsOf(job), worker],
    )
    if (own === undefined) return false
    if (events.length === 0) return true
    await connection.run(
      `INSERT INTO job_event (job, number, event, data)
       SELECT $1, number, event, data FROM unnest($2::integer[], $3::text[], $4::text[]) AS new (number, event, data)
       ON CONFLICT DO NOTHING`,
      [
        job.id,
        events.map(({ number }) => number),
        events.map(({ event }) => event),
        events.map(({ data }) => JSON.stringify(data)),
      ],
    )
    return true
  })
}

const columnsOf = (job: Job) =>
  [job.id, job.aliveAt, job.worker, String(job.endedAt !== null), JSON.stringify(job)] as const

async function unfinished(database: Database, limit: number): Promise<readonly Job[]> {
  const rows = await database.read((connection) =>
    connection.rows<JobRow>('SELECT content FROM job WHERE NOT ended ORDER BY alive_at LIMIT $1', [limit]),
  )
  return rows.map(decodeJob)
}

async function take(database: Database, known: Job, taken: Job): Promise<boolean> {
  const row = await database.write((connection) =>
    connection.row(
      `UPDATE job SET alive_at = $2, worker = $3, ended = $4, content = $5
       WHERE id = $1 AND NOT ended AND worker IS NOT DISTINCT FROM $6 AND alive_at = $7 RETURNING 1 AS own`,
      [...columnsOf(taken), known.worker, known.aliveAt],
    ),
  )
  return row !== undefined
}

async function get(database: Database, id: string): Promise<Job | undefined> {
  const row = await database.read((connection) => connection.row<JobRow>('SELECT content FROM job WHERE id = $1', [id]))
  return row === undefined ? undefined : decodeJob(row)
}

async function readEvents(database: Database, id: string, after: number, limit: number): Promise<readonly JobEvent[]> {
  const rows = await database.read((connection) =>
    connection.rows<JobEventRow>(
      'SELECT number, event, data FROM job_event WHERE job = $1 AND number > $2 ORDER BY number LIMIT $3',
      [id, Math.min(after, 2 ** 31 - 1), limit],
    ),
  )
  return rows.map(decodeEvent)
}

async function sweep(database: Database, before: string): Promise<void> {
  await database.write(async (connection) => {
    await connection.run('DELETE FROM job_event WHERE job IN (SELECT id FROM job WHERE ended AND alive_at < $1)', [
      before,
    ])
    await connection.run('DELETE FROM job WHERE ended AND alive_at < $1', [before])
  })
}
