import type { FastifyBaseLogger } from 'fastify'
import type { Engine } from '../compose.ts'
import { type Rounds, startRounds } from './rounds.ts'

/** How often it is looked whether others have changed the data, or left something undone. Milliseconds. */
const period = 60_000

/** Judges by the rules of this version at first, and then whatever data has changed. */
export function startRejudging(engine: Engine, log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>): Rounds {
  let isNew = true
  const work = async (signal: AbortSignal) => {
    if (isNew) tell(await engine.fleet.rejudgeByRules(signal), log)
    isNew = false
    await judgeAgain(engine, signal, log)
  }
  return startRounds({ period, work, failure: 'images could not be judged again', log })
}

/** Judges again what changes of the data may concern. */
export async function judgeAgain(
  engine: Engine,
  signal: AbortSignal,
  log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>,
): Promise<void> {
  tell(await engine.fleet.rejudge(signal), log)
}

function tell(
  done: Awaited<ReturnType<Engine['fleet']['rejudge']>>,
  log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>,
): void {
  for (const { cause, packages, opened, closed } of done) {
    if (packages > 0) log.info({ cause, packages, opened, closed }, 'packages were judged again')
  }
}
