import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChiaroError } from '../../../core/errors.ts'
import type { Job, JobStore } from '../../../core/jobs.ts'
import { limits } from '../../../core/limits.ts'
import type { Store } from '../../../core/store.ts'
import { openStore } from '../../../store/open.ts'
import { createJobs, type Jobs, type JobsOptions, type JobWork, type Work } from './jobs.ts'

const { log } = Fastify()
let store: Store
let jobs: Jobs

beforeEach(async () => {
  store = await openStore('sqlite::memory:', {})
  jobs = open()
})
afterEach(async () => {
  await jobs.close()
  await store[Symbol.asyncDispose]()
})

/** Work that is there for nobody who is not told what to do. */
const idle: JobWork = { take: () => () => {}, run: async () => null }
const open = (options: Partial<JobsOptions> = {}) =>
  createJobs({ store: store.jobs, log, interval: 10, works: { image: idle, update: idle }, ...options })

/** Starts one that only this process can do. */
async function begin(own: Jobs, work: Work): Promise<Job> {
  return (await own.start('image', {}, work))!
}

async function ended(id: string, asked = jobs) {
  for (;;) {
    const job = (await asked.find('image', id))!
    if (job.endedAt !== null) return job
    await sleep(5)
  }
}

describe('jobs', () => {
  it('go from queued to their end, and tell what happens', async () => {
    const started = (await jobs.start('image', { reference: 'a' }, async ({ begin, progress, happened }) => {
      begin()
      for (let done = 0; done < 3; done++) {
        progress({ step: 'layers', label: 'layers', unit: 'items', done, total: 3, finished: false })
        progress({ step: 'bytes', label: 'layer', unit: 'bytes', done, total: undefined, finished: false })
        await sleep(25)
      }
      happened('found', { packages: 3 })
      return { digest: 'x' }
    }))!
    expect(started).toMatchObject({ kind: 'image', state: 'queued', request: { reference: 'a' }, startedAt: null })
    const running = await jobs.find('image', started.id)
    expect(running?.state).toBe('running')
    const job = await ended(started.id)
    expect(job).toMatchObject({ state: 'succeeded', result: { digest: 'x' }, progress: null, error: null })
    const events = await jobs.events(job.id, 0, 100)
    expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1))
    expect(events[0]).toMatchObject({ event: 'progress', data: { step: 'layers', done: 0, total: 3 } })
    expect(events.slice(-2)).toMatchObject([
      { event: 'found', data: { packages: 3 } },
      { event: 'end', data: { state: 'succeeded' } },
    ])
    expect(await jobs.events(job.id, events.length - 1, 100)).toEqual(events.slice(-1))
  })

  it('are known to other processes, and to the same one after they ended', async () => {
    const { id } = await begin(jobs, async ({ signal }) => {
      await sleep(60_000, undefined, { signal }).catch(() => {})
      throw new ChiaroError('ABORTED', 'the server ends')
    })
    const other = open()
    expect((await other.find('image', id))?.state).toBe('queued')
    expect(await other.find('update', id)).toBeUndefined()
    await jobs.close()
    expect(await other.find('image', id)).toMatchObject({ state: 'failed', error: { code: 'ABORTED' } })
    expect(await jobs.find('image', id)).toEqual(await other.find('image', id))
    expect((await other.events(id, 0, 10)).at(-1)).toMatchObject({ event: 'end', data: { state: 'failed' } })
  })

  it('tell nothing of errors that nobody has foreseen', async () => {
    const { id } = await begin(jobs, async () => {
      throw new Error('secret')
    })
    const job = await ended(id)
    expect(job.error).toEqual({ code: 'INTERNAL', message: '', where: null, advice: null })
    expect(JSON.stringify(job)).not.toContain('secret')
  })

  it('are forgotten after limits.jobAge', async () => {
    const { id } = await begin(jobs, async () => null)
    const job = await ended(id)
    const old = { ...job, aliveAt: new Date(Date.now() - limits.jobAge - 1000).toISOString() }
    await store.jobs.put(job.worker, old, [])
    const next = open()
    await next.start('image', {}, async () => null)
    await next.close()
    expect(await store.jobs.get(id)).toBeUndefined()
  })

  it('tell of their progress no more than limits.jobEvents times', async () => {
    const { id } = await begin(jobs, async ({ happened, progress }) => {
      for (let number = 1; number < limits.jobEvents; number++) happened('step', number)
      for (let step = 0; step < 5; step++) {
        progress({ step: `${step}`, label: 'more', unit: 'items', done: step, total: 5, finished: true })
      }
      await sleep(50)
      return null
    })
    await ended(id)
    const last = await jobs.events(id, limits.jobEvents - 1, 10)
    expect(last.map(({ event }) => event)).toEqual(['progress', 'end'])
  })

  it('are noted when the database can be written again', async () => {
    let broken = true
    const failing: JobStore = {
      ...store.jobs,
      put: async (worker, job, events) => {
        if (broken) throw new ChiaroError('DATABASE_FAILED', 'the disk is full')
        return store.jobs.put(worker, job, events)
      },
    }
    const own = open({ store: failing })
    const { id } = await begin(own, async ({ happened }) => {
      happened('step', 1)
      return 'done'
    })
    expect(await ended(id, own)).toMatchObject({ state: 'succeeded', result: 'done' })
    expect(await store.jobs.get(id)).toBeUndefined()
    broken = false
    for (let tries = 0; (await store.jobs.get(id)) === undefined && tries < 300; tries++) await sleep(10)
    expect(await store.jobs.get(id)).toMatchObject({ state: 'succeeded', result: 'done' })
    expect((await store.jobs.events(id, 0, 10)).map(({ event }) => event)).toEqual(['step', 'end'])
    await own.close()
  })
})
