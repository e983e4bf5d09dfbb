import { ChiaroError } from '../../../core/errors.ts'
import type { Job } from '../../../core/jobs.ts'
import type { KnownJob } from './jobs.ts'
import { problemOf, problemOfError } from './problem.ts'
import type { Problem } from './schema.ts'

/** What jobs of all kinds have in answers. One that is lost has failed. */
export function workOf({ job, lost }: KnownJob) {
  const { id, state, createdAt, startedAt, endedAt, progress } = job
  return {
    id,
    state: lost ? ('failed' as const) : state,
    createdAt,
    startedAt,
    endedAt,
    progress,
    error: errorOf(job, lost),
  }
}

function errorOf({ error }: Job, lost: boolean): Problem | null {
  if (lost) return problemOf('JOB_LOST', 'Ask for the same again.')
  if (error === null) return null
  const { code, message, where, advice } = error
  const context = { ...(where === null ? {} : { where }), ...(advice === null ? {} : { advice }) }
  return problemOfError(new ChiaroError(code, message, context))
}
