import type { Json } from './advisory.ts'
import type { ErrorCode } from './errors.ts'

/** What a job is for. */
export type JobKind = 'image' | 'update'

/** Why a job failed; `JOB_LOST`: its process ended, and nobody else can or may do it. */
export interface JobError {
  readonly code: ErrorCode | 'JOB_LOST'
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
  /** When the process that does it was last heard of. It changes while somebody works on it. */
  readonly aliveAt: string
  /** Who works on it, or did so last; `null`: nobody yet, or not any more. */
  readonly worker: string | null
  /** Processes that have begun with it, and did not give it back. */
  readonly attempts: number
  /** Whether `request` says all that it needs, so that another process can do it. */
  readonly repeatable: boolean
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
  /** Notes a job that `worker` works on as it is now, and events that it did not have yet, in one transaction; `false`: it is another's by now, and stays as it is. */
  put(worker: string | null, job: Job, events: readonly JobEvent[]): Promise<boolean>
  get(id: string): Promise<Job | undefined>
  /** Jobs that have not ended, those not heard of for longest first. */
  unfinished(limit: number): Promise<readonly Job[]>
  /** Makes a job `taken`, if it is still as it is `known`. Whether it was. */
  take(known: Job, taken: Job): Promise<boolean>
  /** Events after a number, in order. */
  events(id: string, after: number, limit: number): Promise<readonly JobEvent[]>
  /** Forgets jobs that have ended and were last heard of before `before` (ISO 8601), and their events. */
  sweep(before: string): Promise<void>
}
