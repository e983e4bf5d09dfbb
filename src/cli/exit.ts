import { constants } from 'node:os'

/** What the exit codes mean; the only place that says so. `docs/cli.md` explains them. */
export const exitCodes = {
  /** All is well, as far as was asked. */
  passed: 0,
  /** `--fail-on` was reached. */
  gate: 1,
  /** The work could not be done: any error, bad usage too; of `update`, a feed that failed. */
  failed: 2,
  /** `--strict`, and the report has gaps. */
  gaps: 3,
} as const

/** How a finished scan is judged. The gate comes first: findings are known for certain, gaps are not. */
export function exitCodeOf(verdict: { readonly gate: boolean; readonly gaps: boolean }): number {
  if (verdict.gate) return exitCodes.gate
  return verdict.gaps ? exitCodes.gaps : exitCodes.passed
}

/** What shells expect of a program that a signal ended: 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + (constants.signals[signal] ?? 0)
}
