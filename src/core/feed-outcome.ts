import type { ErrorCode } from './errors.ts'
import type { Gap } from './gap.ts'

/** What an import did. */
export interface ImportResult {
  readonly generation: number
  /** Statements now valid, added, changed and closed. */
  readonly records: number
  readonly added: number
  readonly changed: number
  readonly closed: number
  readonly gaps: readonly Gap[]
}

/** What became of one feed. */
export interface FeedOutcome {
  readonly feed: string
  /** Where it is fetched from. */
  readonly url: string
  /**
   * `imported`: read anew. `unchanged`: the source has nothing new. `fresh`: young enough, or another process was just
   * bringing it; the source was not asked. `failed`: what was loaded before is still there.
   */
  readonly outcome: 'imported' | 'unchanged' | 'fresh' | 'failed'
  /** What the import did, if there was one. */
  readonly result?: ImportResult
  /** Why it failed. */
  readonly error?: { readonly code: ErrorCode; readonly message: string }
}
