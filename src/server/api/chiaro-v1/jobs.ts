import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Json } from '../../../core/advisory.ts'
import { isChiaroError } from '../../../core/errors.ts'
import type { Job, JobError, JobEvent, JobKind, JobProgress, JobStore } from '../../../core/jobs.ts'
import { limits } from '../../../core/limits.ts'
import type { Progress, ProgressEvent } from '../../../core/progress.ts'

/** What the work on a job is given. */
export interface Task {
  readonly signal: AbortSignal
  readonly progress: Progress
  /** Says that what was waited for is there, and the work begins. */
  begin(): void
  /** Notes something that happened. */
  happened(event: string, data: Json): void
}

/** A job as it is told of: one whose process cannot be heard of any more is `lost`. */
export interface KnownJob {
  readonly job: Job
  readonly lost: boolean
}

/**
 * The jobs of this process, and what is known of those of others. What this process does is told from its memory and noted in the
 * database beside: an import may keep a database from being written for minutes.
 */
export interface Jobs {
  /** Starts one. It runs until it ends, or `close`. */
  start(kind: JobKind, request: Json, work: (task: Task) => Promise<Json>): Promise<Job>
  find(kind: JobKind, id: string): Promise<KnownJob | undefined>
  events(id: string, after: number, limit: number): Promise<readonly JobEvent[]>
  /** Ends all of them, which fails them, and resolves when that is noted. */
  close(): Promise<void>
}

/** How jobs are kept. Times are milliseconds. */
export interface JobsOptions {
  readonly store: JobStore
  readonly log: FastifyBaseLogger
  /** Between two notes of the progress of one job. */
  readonly interval?: number
}

/** A job of this process. */
interface Live {
  job: Job
  readonly events: JobEvent[]
  readonly unsaved: JobEvent[]
  readonly latest: Map<string, ProgressEvent>
  changed: boolean
  /** The writing that is under way. */
  saving: Promise<void> | undefined
}

/** The job is noted at least this often, so that others know that somebody works on it. */
const heartbeat = 15_000
/** Notes of a new job are waited for no longer. */
const patience = 1000
const retryPause = 1000

export function createJobs({ store, log, interval = 1000 }: JobsOptions): Jobs {
  const lives = new Map<string, Live>()
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  let swept = 0

  function change(live: Live, changes: Partial<Job>): void {
    live.job = { ...live.job, ...changes, aliveAt: now() }
    live.changed = true
    schedule(live)
  }

  function schedule(live: Live): void {
    live.saving ??= save(live).then(() => {
      live.saving = undefined
      if (live.changed) schedule(live)
      else if (live.job.endedAt !== null) lives.delete(live.job.id)
    })
  }

  /** Writes until everything is written: one write at a time, of what is there by then. */
  async function save(live: Live): Promise<void> {
    while (live.changed) {
      live.changed = false
      const events = live.unsaved.splice(0)
      try {
        await store.put(live.job, events)
      } catch (error) {
        log.warn({ err: error, job: live.job.id }, 'a job could not be noted')
        live.unsaved.unshift(...events)
        if (stop.signal.aborted) return
        live.changed = true
        await sleep(retryPause, undefined, { signal: stop.signal, ref: false }).catch(() => {})
      }
    }
  }

  function add(live: Live, event: string, data: Json): void {
    const noted = { number: live.events.length + 1, event, data }
    live.events.push(noted)
    live.unsaved.push(noted)
  }

  /** Tells how far it is, if that is something new, or nothing was heard of it for long. */
  function tell(live: Live): void {
    const events = [...live.latest.values()]
    live.latest.clear()
    if (events.length === 0 && Date.now() - Date.parse(live.job.aliveAt) < heartbeat) return
    for (const { step, label, unit, done, total = null, finished } of events) {
      if (live.events.length >= limits.jobEvents) break
      add(live, 'progress', { step, label, unit, done, total, finished })
    }
    // A step that counts others tells most.
    const last = events.findLast((event) => event.unit === 'items') ?? events.at(-1)
    change(live, last === undefined ? {} : { progress: progressOf(last) })
  }

  async function run(live: Live, work: (task: Task) => Promise<Json>): Promise<void> {
    const timer = setInterval(() => tell(live), interval).unref()
    let ended: Partial<Job>
    try {
      const result = await work({
        signal: stop.signal,
        progress: (event) => void live.latest.set(event.step, event),
        begin: () => change(live, { state: 'running', startedAt: now() }),
        happened: (event, data) => add(live, event, data),
      })
      ended = { state: 'succeeded', result }
    } catch (error) {
      if (!isChiaroError(error)) log.error({ err: error, job: live.job.id }, 'a job failed')
      ended = { state: 'failed', error: errorOf(error) }
    } finally {
      clearInterval(timer)
    }
    add(live, 'end', { state: ended.state! })
    change(live, { ...ended, progress: null, endedAt: now() })
  }

  function sweep(): void {
    const time = Date.now()
    if (time - swept < limits.jobAge / 24) return
    swept = time
    store.sweep(new Date(time - limits.jobAge).toISOString()).catch((error: unknown) => {
      log.warn({ err: error }, 'old jobs could not be removed')
    })
  }

  return {
    async start(kind, request, work) {
      sweep()
      const live: Live = {
        job: newJob(kind, request),
        events: [],
        unsaved: [],
        latest: new Map(),
        changed: false,
        saving: undefined,
      }
      lives.set(live.job.id, live)
      change(live, {})
      await Promise.race([live.saving, sleep(patience, undefined, { ref: false })])
      const { job } = live
      const working = run(live, work).finally(() => running.delete(working))
      running.add(working)
      return job
    },
    async find(kind, id) {
      const own = lives.get(id)?.job
      const job = own ?? (await store.get(id))
      if (job?.kind !== kind) return undefined
      const silent = Date.now() - Date.parse(job.aliveAt) > limits.jobSilence
      return { job, lost: own === undefined && job.endedAt === null && silent }
    },
    async events(id, after, limit) {
      const own = lives.get(id)
      return own === undefined ? store.events(id, after, limit) : own.events.slice(after, after + limit)
    },
    async close() {
      stop.abort()
      await Promise.all(running)
      for (const live of lives.values()) while (live.saving !== undefined) await live.saving
    },
  }
}

function newJob(kind: JobKind, request: Json): Job {
  const [state, result, progress, error, startedAt, endedAt] = ['queued', null, null, null, null, null] as const
  const createdAt = now()
  return {
    id: randomUUID(),
    kind,
    state,
    request,
    result,
    progress,
    error,
    createdAt,
    startedAt,
    endedAt,
    aliveAt: createdAt,
  }
}

function progressOf({ label, unit, done, total }: ProgressEvent): JobProgress {
  return { label, unit, done, total: total ?? null }
}

function errorOf(error: unknown): JobError {
  if (!isChiaroError(error)) return { code: 'INTERNAL', message: '', where: null, advice: null }
  const { code, message, where = null, advice = null } = error
  return { code, message, where, advice }
}

function now(): string {
  return new Date().toISOString()
}
