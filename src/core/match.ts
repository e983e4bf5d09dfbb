import type { Candidate } from './advisory.ts'
import type { Verdict } from './verdict.ts'

/** A package of an image, and a statement that does not clear it. */
export interface Match {
  /** The package's place in `IndexReport.packages`. */
  readonly pkg: number
  readonly candidate: Candidate
  readonly verdict: Exclude<Verdict, { state: 'clear' }>
}
