import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { messageOf } from '../core/errors.ts'

/** Work that is done again and again until it is disposed of. */
export interface Rounds extends AsyncDisposable {
  /** Whether a whole round has been done. */
  readonly tried: boolean
}

/** What is done in rounds. */
export interface RoundsOptions {
  /** Milliseconds from the end of one round to the start of the next; a tenth is left to chance. */
  readonly period: number
  /** Milliseconds before the first round; none if it is not given. */
  readonly delay?: number
  readonly work: (signal: AbortSignal) => Promise<void>
  /** Milliseconds until the next round, where it is wanted sooner; asked for after each. */
  readonly sooner?: () => number | undefined
  /** What is said of a round that fails. */
  readonly failure: string
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
}

/** The longest time that a timer can have; one that is longer would end at once. */
const longest = 2 ** 31 - 1

/** Works again and again, at once at first or after a delay. A round that fails is told, and the next one comes. */
export function startRounds({ period, delay = 0, work, sooner, failure, log }: RoundsOptions): Rounds {
  const stop = new AbortController()
  let tried = false
  const wait = (time: number) => sleep(Math.min(time, longest), undefined, { signal: stop.signal }).catch(() => {})
  const rounds = (async () => {
    if (delay > 0) await wait(delay)
    while (!stop.signal.aborted) {
      try {
        await work(stop.signal)
        tried = true
      } catch (error) {
        if (!stop.signal.aborted) log.error({ err: error }, failure)
      }
      await wait(Math.min(period * (0.95 + Math.random() / 10), sooner?.() ?? period))
    }
  })()
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
