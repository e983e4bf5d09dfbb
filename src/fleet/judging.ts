import { throwIfAborted } from '../core/abort.ts'
import type { FleetOperation, FleetStore, Judgement, NumberedPackage } from '../core/fleet.ts'
import { type Changes, judgeChanges } from './judge-changes.ts'
import { type JudgeOptions, judgePackages } from './judge-packages.ts'

/** Where packages are judged, and by what. */
export interface FleetOptions extends JudgeOptions {
  readonly fleet: FleetStore
  /** Identifies the code that judges: what other code judged is judged again. */
  readonly rules: string
  readonly signal: AbortSignal
}

/** Packages that are judged in one transaction. */
export const packagesAtOnce = 500

/** What judging changed. */
export interface JudgingResult {
  readonly packages: number
  readonly opened: number
  readonly closed: number
}

export const nothingJudged: JudgingResult = { packages: 0, opened: 0, closed: 0 }

export function sumOf(left: JudgingResult, right: JudgingResult): JudgingResult {
  return {
    packages: left.packages + right.packages,
    opened: left.opened + right.opened,
    closed: left.closed + right.closed,
  }
}

/** What changed, and the packages of which everything was judged since, so that other changes of them are done as well. */
export interface JudgedChanges {
  readonly keys: Changes
  readonly done: Set<number>
}

/**
 * Judges packages under an operation, in batches, between which it can be aborted; with `changes`, only what these concern, as far
 * as that can be told.
 */
export async function judgeUnder(
  operation: FleetOperation,
  packages: readonly NumberedPackage[],
  options: FleetOptions,
  changes?: JudgedChanges,
): Promise<JudgingResult> {
  const { fleet, rules, signal } = options
  const due = packages.filter(({ number }) => changes?.done.has(number) !== true)
  let result = nothingJudged
  for (let at = 0; at < due.length; at += packagesAtOnce) {
    throwIfAborted(signal)
    const batch = due.slice(at, at + packagesAtOnce)
    let judgements: readonly Judgement[] = []
    const { opened, closed } = await fleet.judge(operation, rules, batch, async (asked, whole) => {
      judgements =
        changes === undefined
          ? await judgePackages(asked, options)
          : await judgeChanges(asked, changes.keys, whole, options)
      return judgements
    })
    for (const { number, only } of judgements) if (only === undefined) changes?.done.add(number)
    result = sumOf(result, { packages: batch.length, opened, closed })
  }
  return result
}
