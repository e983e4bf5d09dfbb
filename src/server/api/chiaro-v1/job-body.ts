import { ChiaroError } from '../../../core/errors.ts'
import type { Job } from '../../../core/jobs.ts'
import { problemOf, problemOfError } from './problem.ts'
import type { Problem } from './schema.ts'

/** What jobs of all kinds have in answers. */
export function workOf(job: Job) {
  const { id, state, createdAt, startedAt, endedAt, progress } = job
  return { id, state, createdAt, startedAt, endedAt, progress, error: errorOf(job) }
}

function errorOf({ error }: Job): Problem | null {
  if (error === null) return null
  const { code, message, where, advice } = error
  if (code === 'JOB_LOST') return problemOf(code, message)
  const context = { ...(where === null ? {} : { where }), ...(advice === null ? {} : { advice }) }
  return problemOfError(new ChiaroError(code, message, context))
}
