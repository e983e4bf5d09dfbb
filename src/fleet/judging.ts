import { throwIfAborted } from '../core/abort.ts'
import type { FleetOperation, FleetStore, NumberedPackage } from '../core/fleet.ts'
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

/** Judges packages under an operation, in batches, between which it can be aborted. */
export async function judgeUnder(
  operation: FleetOperation,
  packages: readonly NumberedPackage[],
  options: FleetOptions,
): Promise<JudgingResult> {
  let result = nothingJudged
  for (let at = 0; at < packages.length; at += packagesAtOnce) {
    throwIfAborted(options.signal)
    const batch = packages.slice(at, at + packagesAtOnce)
    const { opened, closed } = await options.fleet.judge(operation, options.rules, batch, (asked) =>
      judgePackages(asked, options),
    )
    result = sumOf(result, { packages: batch.length, opened, closed })
  }
  return result
}
