import type { FastifyInstance } from 'fastify'
import type { Engine } from '../../compose.ts'
import type { Service } from '../../config/clair/modes.ts'
import type { ClairConfig } from '../../config/clair/schema.ts'
import type { Digest } from '../../core/digest.ts'
import type { IndexReport } from '../../core/report.ts'
import type { DataState } from '../data-state.ts'
import type { Indexing } from '../indexing.ts'
import type { Metrics } from '../metrics.ts'
import type { ReportCache } from '../report-cache.ts'

/** What an API is given to work with. */
export interface ApiContext {
  readonly engine: Engine
  readonly config: ClairConfig
  readonly metrics: Metrics
  readonly indexing: Indexing
  /** Milliseconds of silence after which another process that works on something is taken for dead. */
  readonly jobSilence: number
  /** Answers about images, of all APIs: each begins its questions with its name. */
  readonly reports: ReportCache
  /** Those that this process is: routes of others are not added. */
  readonly services: readonly Service[]
  /** The index report of an image, wherever the indexer keeps it; `undefined` if there is none. */
  indexReport(digest: Digest, signal: AbortSignal): Promise<IndexReport | undefined>
  /** Which of the data that this process is to have is there. */
  dataState(): Promise<DataState>
  /** How somebody is notified: of everything that an update changed, or of each vulnerability; `undefined`: nobody is. */
  readonly notifications: 'by-update' | 'by-vulnerability' | undefined
}

/** One version of an API: a folder, and a line in `registry.ts`. */
export interface Api {
  /** The name of its folder. */
  readonly id: string
  /** Each of its routes belongs to one service. Without it, the API is there where all services are. */
  readonly split?: true
  /** Adds its routes to a scope of its own: hooks and error handlers are for these routes only. */
  register(scope: FastifyInstance, context: ApiContext): void
}
