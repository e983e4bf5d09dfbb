import type { ImportResult } from '../core/feed-outcome.ts'

/** How many rows of one kind a generation has, and what became of them. */
export interface Tally {
  readonly valid: number
  readonly added: number
  readonly changed: number
  readonly closed: number
}

/** The tally of rows of which there were `before`. */
export function tallyOf(before: number, added: number, changed: number, closed: number): Tally {
  return { valid: before + added - closed, added, changed, closed }
}

/** What a generation changes. */
export interface Tallies {
  readonly statements: Tally
  readonly vulnerabilities: Tally
  readonly facts: Tally
}

/** Whether anything differs, be it only a vulnerability's description. */
export function differs({ statements, vulnerabilities, facts }: Tallies): boolean {
  return [statements, vulnerabilities, facts].some(({ added, changed, closed }) => added + changed + closed > 0)
}

/** Statements and facts are what is counted; where there are none, as of a feed that only rates, vulnerabilities are. */
export function countsOf(tallies: Tallies): Omit<ImportResult, 'generation' | 'gaps'> {
  const { statements, facts, vulnerabilities } = tallies
  const counted = [statements, facts].some(({ valid, closed }) => valid + closed > 0)
    ? [statements, facts]
    : [vulnerabilities]
  const sum = (of: (tally: Tally) => number) => counted.reduce((total, tally) => total + of(tally), 0)
  return {
    records: statements.valid + facts.valid || vulnerabilities.valid,
    added: sum(({ added }) => added),
    changed: sum(({ changed }) => changed),
    closed: sum(({ closed }) => closed),
  }
}
