import { expect } from 'vitest'
import type { Job, JobEvent } from '../../src/core/jobs.ts'
import type { Store } from '../../src/core/store.ts'

const job: Job = {
  id: '00000000-0000-4000-8000-000000000001',
  kind: 'image',
  state: 'queued',
  request: { reference: 'debian:13 \u0000 größer' },
  result: null,
  progress: null,
  error: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: null,
  endedAt: null,
  aliveAt: '2026-01-01T00:00:00.000Z',
  worker: 'one',
  attempts: 1,
  repeatable: true,
}

const events: readonly JobEvent[] = [1, 2, 3].map((number) => ({ number, event: 'progress', data: { done: number } }))

/** What every database keeps of jobs. */
export const jobContract: readonly (readonly [title: string, holds: (store: Store) => Promise<void>])[] = [
  [
    'a job is as it was last put, with all of its events, each once and in order',
    async ({ jobs }) => {
      expect(await jobs.get(job.id)).toBeUndefined()
      expect(await jobs.events(job.id, 0, 10)).toEqual([])
      expect(await jobs.put('one', job, events.slice(0, 2))).toBe(true)
      expect(await jobs.get(job.id)).toEqual(job)
      const done: Job = { ...job, state: 'succeeded', result: [1, 'a'], aliveAt: '2026-01-01T00:01:00.000Z' }
      expect(await jobs.put('one', done, events.slice(1))).toBe(true)
      expect(await jobs.get(job.id)).toEqual(done)
      expect(await jobs.events(job.id, 0, 10)).toEqual(events)
      expect(await jobs.events(job.id, 1, 1)).toEqual([events[1]])
      expect(await jobs.events(job.id, 999_999_999_999_999, 1)).toEqual([])
    },
  ],
  [
    'a job belongs to one worker, and to another who takes it while it is as he knows it',
    async ({ jobs }) => {
      await jobs.put('one', job, events.slice(0, 1))
      const taken: Job = { ...job, worker: 'two', aliveAt: '2026-01-01T01:00:00.000Z', attempts: 2 }
      expect(await jobs.take({ ...job, worker: null }, taken)).toBe(false)
      expect(await jobs.take({ ...job, aliveAt: '2026-01-01T00:00:00.001Z' }, taken)).toBe(false)
      expect(await jobs.take(job, taken)).toBe(true)
      expect(await jobs.take(job, taken)).toBe(false)
      // Who has lost it changes nothing of it.
      expect(await jobs.put('one', { ...job, state: 'failed' }, events)).toBe(false)
      expect(await jobs.get(job.id)).toEqual(taken)
      expect(await jobs.events(job.id, 0, 10)).toEqual(events.slice(0, 1))
      const free = { ...taken, worker: null }
      expect(await jobs.put('two', free, [])).toBe(true)
      const [again, over] = [
        { ...free, worker: 'three' },
        { ...free, worker: 'three', endedAt: '2026-01-01T02:00:00.000Z' },
      ]
      expect(await jobs.take(free, again)).toBe(true)
      expect(await jobs.put('three', over, events)).toBe(true)
      expect(await jobs.take(over, again)).toBe(false)
      expect(await jobs.get(job.id)).toEqual(over)
    },
  ],
  [
    'those that have not ended are listed, the most silent first',
    async ({ jobs }) => {
      const id = (number: number) => `00000000-0000-4000-8000-00000000000${number}`
      const times = ['2026-01-03T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z']
      const all = times.map((aliveAt, place) => ({ ...job, id: id(place), aliveAt }))
      for (const one of all) await jobs.put('one', one, [])
      await jobs.put('one', { ...job, id: id(5), endedAt: job.aliveAt }, [])
      expect(await jobs.unfinished(10)).toEqual([all[1], all[2], all[0]])
      expect(await jobs.unfinished(1)).toEqual([all[1]])
    },
  ],
  [
    'those that ended and were not heard of for long are forgotten, with their events',
    async ({ jobs }) => {
      const ended = { ...job, endedAt: job.aliveAt }
      const other = { ...ended, id: '00000000-0000-4000-8000-000000000002', aliveAt: '2026-01-03T00:00:00.000Z' }
      const open = { ...job, id: '00000000-0000-4000-8000-000000000003' }
      for (const one of [ended, other, open]) await jobs.put('one', one, events)
      await jobs.sweep('2026-01-02T00:00:00.000Z')
      expect(await jobs.get(job.id)).toBeUndefined()
      expect(await jobs.events(job.id, 0, 10)).toEqual([])
      expect(await jobs.get(open.id)).toEqual(open)
      expect(await jobs.get(other.id)).toEqual(other)
      expect(await jobs.events(other.id, 0, 10)).toEqual(events)
    },
  ],
]
