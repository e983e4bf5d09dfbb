import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Json } from '../../../core/advisory.ts'
import { isChiaroError } from '../../../core/errors.ts'
import type { Job, JobError, JobEvent, JobKind, JobProgress, JobStore } from '../../../core/jobs.ts'
import { limits } from '../../../core/limits.ts'
import type { Progress, ProgressEvent } from '../../../core/progress.ts'
import { startRounds } from '../../rounds.ts'
import { createSteadyTime } from '../../steady-time.ts'
import { createLostJobs } from './lost-jobs.ts'

/** What the work on a job is given. */
export interface Task {
  readonly signal: AbortSignal
  readonly progress: Progress
  /** Says that what was waited for is there, and the work begins. */
  begin(): void
  /** Notes something that happened. */
  happened(event: string, data: Json): void
}

/** The work on a job. */
export type Work = (task: Task) => Promise<Json>

/** How jobs of a kind are done by whoever has their requests. */
export interface JobWork {
  /** Takes a place to work at, and gives what gives it back; `undefined`: there is none. */
  take(): (() => void) | undefined
  /** Does what was asked for. */
  run(request: Json, task: Task): Promise<Json>
}

/**
 * The jobs of this process, and what is known of those of others. What this process does is told from its memory and noted in the
 * database beside: an import may keep a database from being written for minutes. Jobs of processes that have ended are carried
 * on with by others.
 */
export interface Jobs {
  /**
   * Starts one; `undefined`: there is no place for it. It runs until it ends, or `close`. `own` does it in place of the work of its
   * kind, with what is not stored: then nobody else can.
   */
  start(kind: JobKind, request: Json, own?: Work): Promise<Job | undefined>
  find(kind: JobKind, id: string): Promise<Job | undefined>
  events(id: string, after: number, limit: number): Promise<readonly JobEvent[]>
  /** Ends the work, which fails jobs that only this process can do and leaves the others to other processes; resolves when that is noted. */
  close(): Promise<void>
}

/** How jobs are kept. Times are milliseconds. */
export interface JobsOptions {
  readonly store: JobStore
  readonly log: FastifyBaseLogger
  readonly works: Readonly<Record<JobKind, JobWork>>
  /** Between two notes of the progress of one job. */
  readonly interval?: number
  /** After which the process that does a job is taken for dead; default `limits.jobSilence`. */
  readonly silence?: number
}

/** A job of this process. */
interface Live {
  job: Job
  readonly events: JobEvent[]
  readonly unsaved: JobEvent[]
  readonly latest: Map<string, ProgressEvent>
  /** Who works on it, as it was noted last. */
  worker: string | null
  changed: boolean
  /** When it was last told of, by a clock that does not jump. */
  toldAt: number
  /** Ends the work when another process has taken it over. */
  readonly taken: AbortController
  /** The writing that is under way. */
  saving: Promise<void> | undefined
}

/** Notes of a new job are waited for no longer. */
const patience = 1000
const retryPause = 1000

export function createJobs(options: JobsOptions): Jobs {
  const { store, log, works, interval = 1000, silence = limits.jobSilence } = options
  // A job is noted at least this often, so that others know that somebody works on it, and these look as often.
  const heartbeat = silence / 4
  const worker = randomUUID()
  const lives = new Map<string, Live>()
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  let swept: number | undefined
  const oldness = createSteadyTime()

  function change(live: Live, changes: Partial<Job>): void {
    live.job = { ...live.job, ...changes, aliveAt: now() }
    live.toldAt = performance.now()
    live.changed = true
    schedule(live)
  }

  function schedule(live: Live): void {
    live.saving ??= save(live).then(() => {
      live.saving = undefined
      if (live.changed) schedule(live)
      else if (live.job.endedAt !== null || live.job.worker === null) lives.delete(live.job.id)
    })
  }

  /** Writes until everything is written: one write at a time, of what is there by then. */
  async function save(live: Live): Promise<void> {
    while (live.changed) {
      live.changed = false
      const events = live.unsaved.splice(0)
      try {
        const { job } = live
        if (!(await store.put(live.worker, job, events))) return leave(live)
        live.worker = job.worker
      } catch (error) {
        log.warn({ err: error, job: live.job.id }, 'a job could not be noted')
        live.unsaved.unshift(...events)
        if (stop.signal.aborted) return
        live.changed = true
        await sleep(retryPause, undefined, { signal: stop.signal, ref: false }).catch(() => {})
      }
    }
  }

  /** Another process has it: it could not hear of this one. */
  function leave(live: Live): void {
    log.warn({ job: live.job.id }, 'a job was taken over by another process')
    lives.delete(live.job.id)
    live.taken.abort()
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
    if (events.length === 0 && performance.now() - live.toldAt < heartbeat) return
    for (const { step, label, unit, done, total = null, finished } of events) {
      if (live.events.length >= limits.jobEvents) break
      add(live, 'progress', { step, label, unit, done, total, finished })
    }
    // A step that counts others tells most.
    const last = events.findLast((event) => event.unit === 'items') ?? events.at(-1)
    change(live, last === undefined ? {} : { progress: progressOf(last) })
  }

  async function run(live: Live, work: Work): Promise<void> {
    const timer = setInterval(() => tell(live), Math.min(interval, heartbeat)).unref()
    let ended: Partial<Job>
    try {
      const result = await work({
        signal: AbortSignal.any([stop.signal, live.taken.signal]),
        progress: (event) => void live.latest.set(event.step, event),
        begin: () => change(live, { state: 'running', startedAt: now() }),
        happened: (event, data) => add(live, event, data),
      })
      ended = { state: 'succeeded', result }
    } catch (error) {
      if (live.taken.signal.aborted) return
      if (stop.signal.aborted && live.job.repeatable) return giveBack(live)
      if (!isChiaroError(error)) log.error({ err: error, job: live.job.id }, 'a job failed')
      ended = { state: 'failed', error: errorOf(error) }
    } finally {
      clearInterval(timer)
    }
    end(live, ended)
  }

  function end(live: Live, ended: Partial<Job>): void {
    if (live.taken.signal.aborted) return
    add(live, 'end', { state: ended.state! })
    change(live, { ...ended, progress: null, endedAt: now() })
  }

  function giveBack(live: Live): void {
    const attempts = live.job.attempts - 1
    change(live, { state: 'queued', startedAt: null, progress: null, worker: null, attempts })
  }

  function begin(live: Live, work: Work, release: () => void): void {
    const working = run(live, work).finally(() => {
      release()
      running.delete(working)
    })
    running.add(working)
  }

  /** Carries on with what nobody works on any more, where this process has a place for it. */
  async function takeOver(lost: readonly Job[]): Promise<void> {
    for (const known of lost) {
      if (stop.signal.aborted) return
      if (lives.has(known.id)) continue
      const release = works[known.kind].take()
      if (release === undefined) continue
      const live = await claim(known).catch((error: unknown) => {
        release()
        throw error
      })
      const error = live && reasonToFail(live.job)
      if (live === undefined || error !== undefined) {
        release()
        if (live !== undefined) end(live, { state: 'failed', error: error! })
      } else begin(live, (task) => works[known.kind].run(known.request, task), release)
    }
  }

  /** The job as one of this process, unless another was faster. */
  async function claim(known: Job): Promise<Live | undefined> {
    const job = { ...known, worker, attempts: known.attempts + 1, aliveAt: now() }
    const state = { state: 'queued', startedAt: null, progress: null } as const
    const taken = { ...job, ...state }
    if (!(await store.take(known, taken))) return undefined
    log.info({ job: job.id, attempts: job.attempts }, 'a job that nobody worked on was taken over')
    const live = liveOf(taken, await store.events(job.id, 0, Number.MAX_SAFE_INTEGER))
    lives.set(job.id, live)
    return live
  }

  function sweep(): void {
    const time = oldness()
    if (swept !== undefined && Math.abs(time - swept) < limits.jobAge / 24) return
    swept = time
    store.sweep(new Date(time - limits.jobAge).toISOString()).catch((error: unknown) => {
      log.warn({ err: error }, 'old jobs could not be removed')
    })
  }

  const findLost = createLostJobs(store, silence)
  const looking = startRounds({
    period: heartbeat,
    work: async () => takeOver(await findLost()),
    failure: 'jobs of other processes could not be looked for',
    log,
  })

  return {
    async start(kind, request, own) {
      const release = works[kind].take()
      if (release === undefined) return undefined
      sweep()
      const live = liveOf(newJob(kind, request, worker, own === undefined), [])
      lives.set(live.job.id, live)
      change(live, {})
      await Promise.race([live.saving, sleep(patience, undefined, { ref: false })])
      const { job } = live
      begin(live, own ?? ((task) => works[kind].run(request, task)), release)
      return job
    },
    async find(kind, id) {
      const job = lives.get(id)?.job ?? (await store.get(id))
      return job?.kind === kind ? job : undefined
    },
    async events(id, after, limit) {
      const own = lives.get(id)
      return own === undefined ? store.events(id, after, limit) : own.events.slice(after, after + limit)
    },
    async close() {
      stop.abort()
      await looking[Symbol.asyncDispose]()
      await Promise.all(running)
      for (const live of lives.values()) while (live.saving !== undefined) await live.saving
    },
  }
}

function liveOf(job: Job, events: readonly JobEvent[]): Live {
  return {
    job,
    worker: job.worker,
    events: [...events],
    unsaved: [],
    latest: new Map(),
    changed: false,
    toldAt: performance.now(),
    taken: new AbortController(),
    saving: undefined,
  }
}

/** Why a job whose process has ended is not begun again. */
function reasonToFail({ repeatable, attempts }: Job): JobError | undefined {
  const lost = (message: string): JobError => ({ code: 'JOB_LOST', message, where: null, advice: null })
  if (!repeatable) return lost('It came with credentials, which are not kept. Send it again.')
  if (attempts <= limits.jobAttempts) return undefined
  return lost(`${limits.jobAttempts} processes ended while they worked on it. Their logs may say why.`)
}

function newJob(kind: JobKind, request: Json, worker: string, repeatable: boolean): Job {
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
    worker,
    attempts: 1,
    repeatable,
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
