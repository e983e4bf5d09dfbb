import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Job, JobStore } from '../../../core/jobs.ts'
import { limits } from '../../../core/limits.ts'
import type { Store } from '../../../core/store.ts'
import { openStore } from '../../../store/open.ts'
import { createJobs, type Jobs, type JobWork, type Task } from './jobs.ts'

const { log } = Fastify()
const patient = { timeout: 5000, interval: 5 }
/** Short, but longer than a busy machine makes a test wait. */
const silence = 400

let store: Store
const opened: Jobs[] = []
beforeEach(async () => {
  store = await openStore('sqlite::memory:', {})
})
afterEach(async () => {
  for (const jobs of opened.splice(0)) await jobs.close()
  await store[Symbol.asyncDispose]()
})

/** A process, which does updates like this. */
function open(
  run: JobWork['run'],
  { take = () => () => {}, of = store.jobs }: { take?: JobWork['take']; of?: JobStore } = {},
): Jobs {
  const work = { take, run }
  const jobs = createJobs({ store: of, log, interval: 10, silence, works: { image: work, update: work } })
  opened.push(jobs)
  return jobs
}

/** Work that goes on until it is told to end. */
async function endless(_: unknown, { begin, signal }: Task): Promise<null> {
  begin()
  await sleep(60_000, undefined, { signal })
  return null
}

/** A job of a process that was killed. */
async function orphan(changes: Partial<Job> = {}): Promise<Job> {
  const time = new Date().toISOString()
  const job: Job = {
    id: '00000000-0000-4000-8000-000000000001',
    kind: 'update',
    state: 'running',
    request: { feeds: ['debian'] },
    result: null,
    progress: { label: 'feeds', unit: 'items', done: 1, total: 2 },
    error: null,
    createdAt: time,
    startedAt: time,
    endedAt: null,
    aliveAt: time,
    worker: 'killed',
    attempts: 1,
    repeatable: true,
    ...changes,
  }
  await store.jobs.put('killed', job, [{ number: 1, event: 'progress', data: {} }])
  return job
}

const stateOf = async (jobs: Jobs, { id, kind }: Job) => (await jobs.find(kind, id))?.state

describe('a job whose process was killed', () => {
  it('is carried on with by another, with what was asked for, and its events go on', async () => {
    const job = await orphan()
    const asked: unknown[] = []
    const jobs = open(async (request, { begin, happened }) => {
      asked.push(request)
      begin()
      happened('feed', 'debian')
      return 'done'
    })
    expect(await stateOf(jobs, job)).toBe('running')
    await expect.poll(() => stateOf(jobs, job), patient).toBe('succeeded')
    expect(asked).toEqual([{ feeds: ['debian'] }])
    expect(await jobs.find('update', job.id)).toMatchObject({ result: 'done', attempts: 2, error: null })
    const events = await jobs.events(job.id, 0, 10)
    expect(events.map(({ number, event }) => [number, event])).toEqual([
      [1, 'progress'],
      [2, 'feed'],
      [3, 'end'],
    ])
  })

  it('is done by one of several, and left alone while its process is heard of', async () => {
    let done = 0
    const run = async () => {
      done++
      await sleep(2 * silence)
      return null
    }
    const all = [open(run), open(run), open(run)]
    const job = (await all[0]!.start('update', {}))!
    await expect.poll(() => stateOf(all[1]!, job), patient).toBe('succeeded')
    expect(done).toBe(1)
    const lost = await orphan()
    await expect.poll(() => stateOf(all[1]!, lost), patient).toBe('succeeded')
    expect(done).toBe(2)
  })

  it('waits until a process has a place for it', async () => {
    const job = await orphan({ worker: null })
    let free = false
    const jobs = open(async () => null, { take: () => (free ? () => {} : undefined) })
    await sleep(silence)
    expect(await stateOf(jobs, job)).toBe('running')
    free = true
    await expect.poll(() => stateOf(jobs, job), patient).toBe('succeeded')
  })

  it('has failed if it came with credentials, and says so', async () => {
    const job = await orphan({ repeatable: false })
    const jobs = open(async () => null)
    await expect.poll(() => stateOf(jobs, job), patient).toBe('failed')
    const { error, endedAt } = (await jobs.find('update', job.id))!
    expect(error).toMatchObject({ code: 'JOB_LOST', message: expect.stringMatching(/credentials.* Send it again/) })
    expect(endedAt).not.toBeNull()
    expect((await jobs.events(job.id, 1, 10)).map(({ event }) => event)).toEqual(['end'])
  })

  it('has failed if limits.jobAttempts processes ended over it', async () => {
    let done = 0
    const job = await orphan({ attempts: limits.jobAttempts })
    const jobs = open(async () => {
      done++
      return null
    })
    await expect.poll(() => stateOf(jobs, job), patient).toBe('failed')
    expect((await jobs.find('update', job.id))!.error).toMatchObject({
      code: 'JOB_LOST',
      message: expect.stringContaining(`${limits.jobAttempts} processes ended`),
    })
    expect(done).toBe(0)
  })
})

describe('a process that ends', () => {
  it('gives its jobs back, and another has them at once', async () => {
    const first = open(endless)
    const job = (await first.start('update', { feeds: ['debian'] }))!
    await expect.poll(() => stateOf(first, job), patient).toBe('running')
    await first.close()
    expect(await store.jobs.get(job.id)).toMatchObject({ state: 'queued', worker: null, attempts: 0, startedAt: null })
    const next = open(async () => 'done')
    const started = performance.now()
    await expect.poll(() => stateOf(next, job), patient).toBe('succeeded')
    expect(performance.now() - started).toBeLessThan(silence)
  })
})

describe('a process that could not be heard of', () => {
  it('lets go of its job when it hears that another has it, and changes nothing of it', async () => {
    let away = false
    const cut = async <T>(work: () => Promise<T>): Promise<T> => {
      if (away) throw new Error('the database is away')
      return work()
    }
    const { put, unfinished } = store.jobs
    const of = {
      ...store.jobs,
      put: (...all: Parameters<typeof put>) => cut(() => put(...all)),
      unfinished: (limit: number) => cut(() => unfinished(limit)),
    }
    let aborted = false
    const first = open(
      async (request, task) =>
        endless(request, task).finally(() => {
          aborted = task.signal.aborted
        }),
      { of },
    )
    const job = (await first.start('update', {}))!
    await expect.poll(async () => (await store.jobs.get(job.id))?.state, patient).toBe('running')
    away = true
    const second = open(async () => 'done by another')
    await expect.poll(() => stateOf(second, job), patient).toBe('succeeded')
    expect(await stateOf(first, job)).toBe('running')
    away = false
    await expect.poll(() => aborted, patient).toBe(true)
    expect(await first.find('update', job.id)).toMatchObject({ state: 'succeeded', result: 'done by another' })
    await first.close()
    expect(await store.jobs.get(job.id)).toMatchObject({ state: 'succeeded', attempts: 2 })
  })
})
