import type { Results } from './results.ts'

/** What a part of the benchmark measures with. */
export interface PartOptions {
  /** The image corpus. */
  readonly corpus: string
  /** The real feeds, as a mirror. */
  readonly feeds: string
  /** A folder for what is written; it is removed. */
  readonly folder: string
  /** How often to run what can be run often. */
  readonly times: number
  /** How long to run what shows only in time. */
  readonly minutes: number
  readonly results: Results
}

/** A part of the benchmark, which is measured in one run. */
export interface Part {
  readonly id: string
  readonly title: string
  /** It is run once only, however often what can be run often is to be. */
  readonly once?: true
  measure(options: PartOptions): Promise<void>
}
