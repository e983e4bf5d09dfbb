import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Engine } from '../compose.ts'
import { messageOf } from '../core/errors.ts'

/** What keeps the data up to date. */
export interface Updater extends AsyncDisposable {
  /** Whether a whole round has been done. */
  readonly tried: boolean
}

/** How data is kept up to date. */
export interface UpdaterOptions {
  readonly engine: Engine
  readonly feeds: readonly string[]
  /** Milliseconds from the end of one round to the start of the next; a tenth is left to chance. */
  readonly period: number
  readonly log: FastifyBaseLogger
}

/** Updates at once, and then again and again, until it is disposed of. A round that fails is told, and the next one comes. */
export function startUpdater({ engine, feeds, period, log }: UpdaterOptions): Updater {
  const stop = new AbortController()
  let tried = false
  const rounds = (async () => {
    while (!stop.signal.aborted) {
      try {
        await engine.store.lock('update', stop.signal, () => round())
        tried = true
      } catch (error) {
        if (!stop.signal.aborted) log.error({ err: error }, 'the data could not be updated')
      }
      await sleep(period * (0.95 + Math.random() / 10), undefined, { signal: stop.signal }).catch(() => {})
    }
  })()

  async function round(): Promise<void> {
    const options = { force: false, signal: stop.signal, progress: () => {} }
    for (const { feed, outcome, result, error } of await engine.update(feeds, options)) {
      if (outcome === 'failed') log.warn({ feed, code: error?.code, reason: error?.message }, 'a feed failed')
      else log.info({ feed, outcome, generation: result?.generation, records: result?.records }, 'a feed is up to date')
    }
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
