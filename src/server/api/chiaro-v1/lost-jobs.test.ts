import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Job, JobStore } from '../../../core/jobs.ts'
import { limits } from '../../../core/limits.ts'
import { openStore } from '../../../store/open.ts'
import { createLostJobs } from './lost-jobs.ts'

const silence = 100

/** A job of another process, which was last heard of so many milliseconds ago, by its clock. */
function jobOf(worker: string | null, silent: number): Job {
  const time = new Date(Date.now() - silent).toISOString()
  const times = { createdAt: time, startedAt: time, endedAt: null, aliveAt: time }
  const outcome = { result: null, progress: null, error: null }
  const id = '00000000-0000-4000-8000-000000000001'
  return {
    id,
    kind: 'image',
    state: 'running',
    request: {},
    ...outcome,
    ...times,
    worker,
    attempts: 1,
    repeatable: true,
  }
}

it.each([
  ['ahead of it by a day', -86_400_000],
  ['behind it by a day', 86_400_000],
])('processes are lost when they were silent for limits.jobSilence, by a clock that is %s', async (_, silent) => {
  expect(silence).toBeLessThan(limits.jobSilence)
  await using store = await openStore('sqlite::memory:', {})
  await store.jobs.put('other', jobOf('other', silent), [])
  const find = createLostJobs(store.jobs, silence)
  expect(await find()).toEqual([])
  await sleep(silence / 2)
  await store.jobs.put('other', jobOf('other', silent), [])
  await sleep(silence / 2 + 10)
  // It was heard of.
  expect(await find()).toEqual([])
  await sleep(silence + 10)
  expect(await find()).toMatchObject([{ worker: 'other' }])
})

it('jobs that were given back are found at once', async () => {
  await using store = await openStore('sqlite::memory:', {})
  await store.jobs.put(null, jobOf(null, 0), [])
  expect(await createLostJobs(store.jobs, silence)()).toMatchObject([{ worker: null }])
})

it('nobody is taken for silent while the database could not be read', async () => {
  await using store = await openStore('sqlite::memory:', {})
  let away = false
  const unfinished: JobStore['unfinished'] = async (limit) => {
    if (away) throw new Error('the database is away')
    return store.jobs.unfinished(limit)
  }
  await store.jobs.put('other', jobOf('other', 0), [])
  const find = createLostJobs({ ...store.jobs, unfinished }, silence)
  await find()
  away = true
  await expect(find()).rejects.toThrow('away')
  away = false
  await sleep(silence + 10)
  expect(await find()).toEqual([])
  await sleep(silence + 10)
  expect(await find()).toHaveLength(1)
})
