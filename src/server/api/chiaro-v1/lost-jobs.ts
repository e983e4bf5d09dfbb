import type { Job, JobStore } from '../../../core/jobs.ts'

/** Jobs that are looked at at a time. */
const jobsAtOnce = 1000

/**
 * Finds jobs that nobody works on: those that were given back, and those of processes that were silent for longer than `silence`,
 * in milliseconds. How long that is, is seen here and not read from what they noted, as clocks differ, and jump. A look that fails
 * begins anew: who could not be heard may not have been silent.
 */
export function createLostJobs(store: JobStore, silence: number): () => Promise<readonly Job[]> {
  let seen = new Map<string, { readonly job: Job; readonly since: number }>()
  return async () => {
    const before = seen
    seen = new Map()
    const now = performance.now()
    for (const job of await store.unfinished(jobsAtOnce)) {
      const known = before.get(job.id)
      const same = known?.job.worker === job.worker && known.job.aliveAt === job.aliveAt
      seen.set(job.id, { job, since: same ? known.since : now })
    }
    return [...seen.values()].flatMap(({ job, since }) => (job.worker === null || now - since >= silence ? [job] : []))
  }
}
