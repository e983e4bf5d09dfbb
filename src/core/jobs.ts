import type { Json } from './advisory.ts'
import type { ErrorCode } from './errors.ts'

/** What a job is for. */
export type JobKind = 'image' | 'update'

/** Why a job failed. */
export interface JobError {
  readonly code: ErrorCode
  readonly message: string
  readonly where: string | null
  readonly advice: string | null
}

/** How far the step is that a job is at. */
export interface JobProgress {
  readonly label: string
  readonly unit: 'bytes' | 'records' | 'items'
  readonly done: number
  /** `null`: its end is not known. */
  readonly total: number | null
}

/** Something long that a server does for a client, as any process can tell of it. Times are ISO 8601. */
export interface Job {
  /** A UUID. */
  readonly id: string
  readonly kind: JobKind
  readonly state: 'queued' | 'running' | 'succeeded' | 'failed'
  /** What was asked for. No secrets: it is stored. */
  readonly request: Json
  /** What came of it, once it has succeeded. */
  readonly result: Json
  readonly progress: JobProgress | null
  readonly error: JobError | null
  readonly createdAt: string
  readonly startedAt: string | null
  readonly endedAt: string | null
  /** When the process that does it was last heard of. */
  readonly aliveAt: string
}

/** Something that happened to a job. */
export interface JobEvent {
  /** From 1 on, in order. */
  readonly number: number
  readonly event: string
  readonly data: Json
}

/** The jobs of all processes. */
export interface JobStore {
  /** Notes a job as it is now, and events that it did not have yet, in one transaction. */
  put(job: Job, events: readonly JobEvent[]): Promise<void>
  get(id: string): Promise<Job | undefined>
  /** Events after a number, in order. */
  events(id: string, after: number, limit: number): Promise<readonly JobEvent[]>
  /** Forgets jobs that were last heard of before `before` (ISO 8601), and their events. */
  sweep(before: string): Promise<void>
}
