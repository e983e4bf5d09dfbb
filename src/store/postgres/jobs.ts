import type { Job, JobEvent, JobStore } from '../../core/jobs.ts'
import { decodeEvent, decodeJob, type JobEventRow, type JobRow } from '../job-row.ts'
import type { Database } from './database.ts'

/** What servers do for clients, in a PostgreSQL database. */
export function createJobStore(database: Database): JobStore {
  return {
    put: (job, events) => put(database, job, events),
    get: (id) => get(database, id),
    events: (id, after, limit) => readEvents(database, id, after, limit),
    sweep: (before) => sweep(database, before),
  }
}

async function put(database: Database, job: Job, events: readonly JobEvent[]): Promise<void> {
  await database.write(async (connection) => {
    await connection.run(
      `INSERT INTO job (id, alive_at, content) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET alive_at = excluded.alive_at, content = excluded.content`,
      [job.id, job.aliveAt, JSON.stringify(job)],
    )
    if (events.length === 0) return
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
  })
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
    await connection.run('DELETE FROM job_event WHERE job IN (SELECT id FROM job WHERE alive_at < $1)', [before])
    await connection.run('DELETE FROM job WHERE alive_at < $1', [before])
  })
}
