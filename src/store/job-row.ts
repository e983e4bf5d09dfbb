import type { Json } from '../core/advisory.ts'
import type { Job, JobEvent } from '../core/jobs.ts'

/** A job as the databases have it. */
export interface JobRow {
  readonly content: string
}

/** Something that happened to it. */
export interface JobEventRow {
  readonly number: number
  readonly event: string
  readonly data: string
}

export function decodeJob({ content }: JobRow): Job {
  return JSON.parse(content) as Job
}

export function decodeEvent({ number, event, data }: JobEventRow): JobEvent {
  return { number, event, data: JSON.parse(data) as Json }
}
