import type { FastifyBaseLogger } from 'fastify'
import type { Engine } from '../compose.ts'
import type { FeedOutcome } from '../core/feed-outcome.ts'
import { judgeAgain } from './rejudging.ts'
import { type Rounds, startRounds } from './rounds.ts'

/** How often it is looked whether something is to be updated, and how long what failed is left alone, in milliseconds at most. */
const checkInterval = 60_000
const retryInterval = 15 * 60_000

/** How data is kept up to date. */
export interface UpdaterOptions {
  readonly engine: Engine
  readonly feeds: readonly string[]
  /** Milliseconds after which a feed is asked for again; a tenth is left to chance. */
  readonly period: number
  /** Milliseconds between two looks at what is due; default: a minute, or `period` if that is less. */
  readonly check?: number
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
}

/**
 * Updates what is due, at once and whenever something is, until it is disposed of, and judges again what that changes. What is
 * due stands in the database, and one process at a time updates: of several, whichever comes first does the work of all, and
 * another carries on where one that was killed had got to. What fails is told, and tried again later.
 */
export function startUpdater(options: UpdaterOptions): Rounds {
  const { engine, feeds, period, check = Math.min(period, checkInterval), log } = options

  async function update(signal: AbortSignal): Promise<void> {
    const staleness = { maxAge: period * byChance(), retryAfter: Math.min(period, retryInterval) }
    await engine.updateStale(feeds, { ...staleness, signal, progress: () => {}, onOutcome })
  }

  function onOutcome({ feed, outcome, result, error }: FeedOutcome): void {
    if (outcome === 'failed') log.warn({ feed, code: error?.code, reason: error?.message }, 'a feed failed')
    else log.info({ feed, outcome, generation: result?.generation, records: result?.records }, 'a feed is up to date')
  }

  const work = async (signal: AbortSignal) => {
    await engine.store.lock('update', signal, () => update(signal))
    await judgeAgain(engine, signal, log)
  }
  return startRounds({ period: check, work, failure: 'the data could not be updated', log })
}

/** So that many processes, and many servers of one source, do not all come at once. */
function byChance(): number {
  return 0.95 + Math.random() / 10
}
