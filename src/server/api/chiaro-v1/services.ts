import type { IndexReport } from '../../../core/report.ts'
import type { ApiContext } from '../contract.ts'
import type { Jobs } from './jobs.ts'

/** What the operations of this API work with. */
export interface Services extends ApiContext {
  readonly jobs: Jobs
  /** Keeps the findings of an image true from now on. */
  addToFleet(index: IndexReport, signal: AbortSignal): Promise<void>
}
