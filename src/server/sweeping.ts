import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Engine } from '../compose.ts'
import { throwIfAborted } from '../core/abort.ts'
import { type Rounds, startRounds } from './rounds.ts'
import { createSteadyTime } from './steady-time.ts'

/** A server that has just been started has better things to do. Milliseconds. */
const longestDelay = 600_000

/** How what is not needed any more is removed. Milliseconds. */
export interface SweepingOptions {
  readonly engine: Engine
  /** From the end of one round to the start of the next. */
  readonly period: number
  /** How long what has ended is kept. */
  readonly keep: number
  readonly log: FastifyBaseLogger
}

/** Removes packages that are in no image, and what ended long ago, one process at a time; what is interrupted goes on in the next round. */
export function startSweeping({ engine, period, keep, log }: SweepingOptions): Rounds {
  const now = createSteadyTime()
  const work = (signal: AbortSignal) =>
    engine.store.lock('sweep', signal, () => sweep(engine, new Date(now() - keep).toISOString(), signal, log))
  return startRounds({
    period,
    delay: Math.min(period, longestDelay),
    work,
    failure: 'what is not needed could not be removed',
    log,
  })
}

async function sweep(engine: Engine, before: string, signal: AbortSignal, log: FastifyBaseLogger): Promise<void> {
  let [fleetImages, packages, findings] = [0, 0, 0]
  for (let more = true; more; ) {
    throwIfAborted(signal)
    const part = await engine.store.fleet.sweep(before)
    fleetImages += part.images
    packages += part.packages
    findings += part.findings
    more = part.more
    await nextTurn()
  }
  throwIfAborted(signal)
  const rest = await engine.store.gc(before)
  log.info({ fleetImages, packages, findings, ...rest }, 'what is not needed any more was removed')
}
