import type { FastifyBaseLogger } from 'fastify'
import type { Json } from '../../../core/advisory.ts'
import type { FeedOutcome } from '../../../core/feed-outcome.ts'
import type { Job } from '../../../core/jobs.ts'
import { limits } from '../../../core/limits.ts'
import { feedsOf } from '../../data-state.ts'
import { judgeAgain } from '../../rejudging.ts'
import { createSlots } from '../../slots.ts'
import type { ApiContext } from '../contract.ts'
import { eventStream } from './event-stream.ts'
import { workOf } from './job-body.ts'
import type { JobWork } from './jobs.ts'
import { type Operation, operation } from './operation.ts'
import { failure } from './problem.ts'
import { basePath } from './routes.ts'
import { type Outcome, parameters, type UpdateBody, update, updateRequest, uuid } from './schema.ts'
import type { Services } from './services.ts'

interface StoredRequest {
  readonly feeds: readonly string[] | null
  readonly force: boolean
}

const path = parameters({ id: uuid })

/** Updates, as jobs. */
export function updateWork({ engine, config }: ApiContext, log: FastifyBaseLogger): JobWork {
  return {
    ...createSlots(limits.updatesAtOnce),
    async run(request, { signal, progress, begin, happened }) {
      const { feeds, force } = request as unknown as StoredRequest
      const names = feeds ?? feedsOf(engine, config)
      const outcomes = await engine.store.lock('update', signal, async () => {
        begin()
        return (await engine.update(names, { force, signal, progress })).map(outcomeOf)
      })
      for (const outcome of outcomes) happened('feed', outcome as unknown as Json)
      await judgeAgain(engine, signal, log)
      return outcomes as unknown as Json
    },
  }
}

/** Bringing vulnerability data up to date, and watching it. */
export function updateOperations(services: Services): readonly Operation[] {
  const { jobs } = services

  async function find(id: string): Promise<Job> {
    const known = await jobs.find('update', id)
    if (known !== undefined) return known
    throw failure('NOT_FOUND', 'There is no such update, or not any more.')
  }

  return [
    operation({
      id: 'startUpdate',
      tag: 'data',
      method: 'POST',
      path: '/updates',
      summary: 'Bring vulnerability data up to date',
      description: 'One update runs at a time, of all processes of one PostgreSQL; others wait for it.',
      body: updateRequest,
      answers: {
        202: { description: 'It is being done.', schema: update, headers: { location: 'Where the update is.' } },
      },
      problems: [400, 413, 415],
      async handle({ body: { feeds, force = false } }) {
        refuseUnknown(feeds ?? [], services)
        const request: StoredRequest = { feeds: feeds ?? null, force }
        const started = await jobs.start('update', { ...request })
        if (started === undefined) {
          throw failure('BUSY', 'As many updates wait as may.', { headers: { 'retry-after': '60' } })
        }
        const headers = { location: `${basePath}/updates/${started.id}`, 'cache-control': 'no-store' }
        return { status: 202, headers, body: bodyOf(started) }
      },
    }),
    operation({
      id: 'getUpdate',
      tag: 'data',
      method: 'GET',
      path: '/updates/{id}',
      summary: 'How far an update is',
      params: path,
      answers: { 200: { description: 'The update.', schema: update } },
      problems: [400, 404],
      handle: async ({ path: { id } }) => ({ status: 200, body: bodyOf(await find(id)), etag: 'content' }),
    }),
    operation({
      id: 'watchUpdate',
      tag: 'data',
      method: 'GET',
      path: '/updates/{id}/events',
      summary: 'What happens in an update, as it happens',
      description:
        'Server-sent events: `progress` of a step; `feed`, what became of a feed; `end`, after which the stream ends. With ' +
        'Last-Event-ID it goes on behind that event.',
      params: path,
      answers: {
        200: { description: 'The events.', schema: { type: 'string' }, type: 'text/event-stream' },
        204: { description: 'It has ended, and there are no more events.' },
      },
      problems: [400, 404],
      limits: { places: createSlots(limits.eventStreams), untimed: true },
      async handle({ path: { id }, lastEventId = 0, watch }) {
        const { endedAt } = await find(id)
        if (endedAt !== null && (await jobs.events(id, lastEventId, 1)).length === 0) return { status: 204 }
        const parts = eventStream(jobs, id, { after: lastEventId, signal: watch() })
        const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
        return { status: 200, headers, stream: { type: 'text/event-stream', parts } }
      },
    }),
  ]
}

function refuseUnknown(names: readonly string[], { engine }: Services): void {
  const known = new Set([...engine.feedIds(), ...[...engine.ecosystems, ...engine.enrichers].map(({ id }) => id)])
  const errors = names.flatMap((name, place) =>
    known.has(name)
      ? []
      : [{ in: 'body' as const, pointer: `/feeds/${place}`, detail: 'There is no feed of this name.' }],
  )
  if (errors.length === 0) return
  throw failure('REQUEST_INVALID', 'There are no such feeds: "errors" says which. GET /api/v1/data names all.', {
    errors: errors.slice(0, 10),
  })
}

function outcomeOf({ feed, url, outcome, result, error }: FeedOutcome): Outcome {
  return {
    feed,
    url,
    outcome,
    generation: result?.generation ?? null,
    added: result?.added ?? 0,
    changed: result?.changed ?? 0,
    closed: result?.closed ?? 0,
    gaps: result?.gaps.length ?? 0,
    error: error === undefined ? null : { code: error.code, message: error.message },
  }
}

function bodyOf(job: Job): UpdateBody {
  const { feeds, force } = job.request as unknown as StoredRequest
  const outcomes = job.result as unknown as Outcome[] | null
  return { ...workOf(job), feeds: feeds && [...feeds], force, outcomes }
}
