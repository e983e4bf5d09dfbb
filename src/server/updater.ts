import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Engine, FeedOutcome } from '../compose.ts'
import { messageOf } from '../core/errors.ts'

/** How often it is looked whether something is to be updated, and how long what failed is left alone, in milliseconds at most. */
const checkInterval = 60_000
const retryInterval = 15 * 60_000

/** What keeps the data up to date. */
export interface Updater extends AsyncDisposable {
  /** Whether a whole round has been done. */
  readonly tried: boolean
}

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
 * Updates what is due, at once and whenever something is, until it is disposed of. What is due stands in the database, and one
 * process at a time updates: of several, whichever comes first does the work of all, and another carries on where one that was
 * killed had got to. What fails is told, and tried again later.
 */
export function startUpdater(options: UpdaterOptions): Updater {
  const { engine, feeds, period, check = Math.min(period, checkInterval), log } = options
  const stop = new AbortController()
  const { signal } = stop
  let tried = false
  const rounds = (async () => {
    while (!signal.aborted) {
      try {
        await engine.store.lock('update', signal, round)
        tried = true
      } catch (error) {
        if (!signal.aborted) log.error({ err: error }, 'the data could not be updated')
      }
      await sleep(check * byChance(), undefined, { signal }).catch(() => {})
    }
  })()

  async function round(): Promise<void> {
    const staleness = { maxAge: period * byChance(), retryAfter: Math.min(period, retryInterval) }
    await engine.updateStale(feeds, { ...staleness, signal, progress: () => {}, onOutcome })
  }

  function onOutcome({ feed, outcome, result, error }: FeedOutcome): void {
    if (outcome === 'failed') log.warn({ feed, code: error?.code, reason: error?.message }, 'a feed failed')
    else log.info({ feed, outcome, generation: result?.generation, records: result?.records }, 'a feed is up to date')
  }

  return {
    get tried() {
      return tried
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await rounds.catch((error: unknown) => log.error(messageOf(error)))
    },
  }
}

/** So that many processes, and many servers of one source, do not all come at once. */
function byChance(): number {
  return 0.95 + Math.random() / 10
}
