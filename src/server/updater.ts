import type { FastifyBaseLogger } from 'fastify'
import type { Engine } from '../compose.ts'
import { judgeAgain } from './rejudging.ts'
import { type Rounds, startRounds } from './rounds.ts'

/** How data is kept up to date. */
export interface UpdaterOptions {
  readonly engine: Engine
  readonly feeds: readonly string[]
  /** Milliseconds from the end of one round to the start of the next. */
  readonly period: number
  readonly log: FastifyBaseLogger
}

/** Updates, and judges again what that changes. */
export function startUpdater({ engine, feeds, period, log }: UpdaterOptions): Rounds {
  async function round(signal: AbortSignal): Promise<void> {
    const options = { force: false, signal, progress: () => {} }
    for (const { feed, outcome, result, error } of await engine.update(feeds, options)) {
      if (outcome === 'failed') log.warn({ feed, code: error?.code, reason: error?.message }, 'a feed failed')
      else log.info({ feed, outcome, generation: result?.generation, records: result?.records }, 'a feed is up to date')
    }
  }
  const work = async (signal: AbortSignal) => {
    await engine.store.lock('update', signal, () => round(signal))
    await judgeAgain(engine, signal, log)
  }
  return startRounds({ period, work, failure: 'the data could not be updated', log })
}
