import type { ApiContext } from '../contract.ts'
import type { Jobs } from './jobs.ts'

/** What the operations of this API work with. */
export interface Services extends ApiContext {
  readonly jobs: Jobs
}
