import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Engine } from '../compose.ts'
import { throwIfAborted } from '../core/abort.ts'
import type { Metrics } from './metrics.ts'
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
  readonly metrics: Metrics
  readonly log: FastifyBaseLogger
}

/** Told what was removed, by what it is. */
type OnRemoved = (counts: Readonly<Record<string, number>>) => void

/** Removes packages that are in no image, and what ended long ago, one process at a time; what is interrupted goes on in the next round. */
export function startSweeping({ engine, period, keep, metrics, log }: SweepingOptions): Rounds {
  const now = createSteadyTime()
  const removed = metrics.counter({
    name: 'chiaro_sweep_removed_total',
    help: 'What was not needed any more and was removed; bytes are those given back to the file system.',
    labels: ['what'],
  })
  const seconds = metrics.counter({
    name: 'chiaro_sweep_seconds_total',
    help: 'Time that removing what is not needed took.',
    labels: [],
  })
  const work = (signal: AbortSignal) =>
    engine.store.lock('sweep', signal, async () => {
      const started = performance.now()
      const total: Record<string, number> = {}
      try {
        await sweep(engine, new Date(now() - keep).toISOString(), signal, (counts) => {
          for (const [what, count] of Object.entries(counts)) {
            total[what] = (total[what] ?? 0) + count
            removed.add([what], count)
          }
        })
        log.info(total, 'what is not needed any more was removed')
      } finally {
        seconds.add([], (performance.now() - started) / 1000)
      }
    })
  return startRounds({
    period,
    delay: Math.min(period, longestDelay),
    work,
    failure: 'what is not needed could not be removed',
    log,
  })
}

async function sweep(engine: Engine, before: string, signal: AbortSignal, onRemoved: OnRemoved): Promise<void> {
  for (let more = true; more; ) {
    throwIfAborted(signal)
    const { images: fleetImages, packages, findings, more: rest } = await engine.store.fleet.sweep(before)
    onRemoved({ fleetImages, packages, findings })
    more = rest
    await nextTurn()
  }
  throwIfAborted(signal)
  onRemoved({ ...(await engine.store.gc(before)) })
}
