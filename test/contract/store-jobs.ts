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
}

const events: readonly JobEvent[] = [1, 2, 3].map((number) => ({ number, event: 'progress', data: { done: number } }))

/** What every database keeps of jobs. */
export const jobContract: readonly (readonly [title: string, holds: (store: Store) => Promise<void>])[] = [
  [
    'a job is as it was last put, with all of its events, each once and in order',
    async ({ jobs }) => {
      expect(await jobs.get(job.id)).toBeUndefined()
      expect(await jobs.events(job.id, 0, 10)).toEqual([])
      await jobs.put(job, events.slice(0, 2))
      expect(await jobs.get(job.id)).toEqual(job)
      const done: Job = { ...job, state: 'succeeded', result: [1, 'a'], aliveAt: '2026-01-01T00:01:00.000Z' }
      await jobs.put(done, events.slice(1))
      expect(await jobs.get(job.id)).toEqual(done)
      expect(await jobs.events(job.id, 0, 10)).toEqual(events)
      expect(await jobs.events(job.id, 1, 1)).toEqual([events[1]])
      expect(await jobs.events(job.id, 999_999_999_999_999, 1)).toEqual([])
    },
  ],
  [
    'those that were not heard of for long are forgotten, with their events',
    async ({ jobs }) => {
      const other = { ...job, id: '00000000-0000-4000-8000-000000000002', aliveAt: '2026-01-03T00:00:00.000Z' }
      await jobs.put(job, events)
      await jobs.put(other, events)
      await jobs.sweep('2026-01-02T00:00:00.000Z')
      expect(await jobs.get(job.id)).toBeUndefined()
      expect(await jobs.events(job.id, 0, 10)).toEqual([])
      expect(await jobs.get(other.id)).toEqual(other)
      expect(await jobs.events(other.id, 0, 10)).toEqual(events)
    },
  ],
]
