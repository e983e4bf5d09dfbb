import type { FeedRecord } from '../core/advisory.ts'
import type { Gap } from '../core/gap.ts'

/** A feed outside of a database: in a data file, an artifact or a bundle of Clair's. */
export interface ExportedFeed {
  readonly id: string
  readonly url: string
  readonly version: number
  readonly keepsHistory?: false
  readonly mayBeEmpty?: true
  readonly fingerprint: string
  readonly dataTime?: string
  /** When the source was last found to have this. */
  readonly checkedAt?: string
  /** The state that the records are the difference to; without it they are everything. */
  readonly since?: FeedState
}

/** What tells one state of a feed from others. */
export interface FeedState {
  readonly fingerprint: string
  readonly version: number
}

/** A feed to write: what it is, and its records. */
export interface FeedExport {
  readonly feed: ExportedFeed
  readonly records: AsyncIterable<FeedRecord>
}

/** Feeds that are being read. */
export interface DataSet {
  readonly feeds: readonly ExportedFeed[]
  /** Whether a database had these feeds, with the gaps that they have. */
  readonly judged: boolean
  /** What is in it and has no place here. */
  readonly leftOut: readonly Gap[]
  /** The records of a feed. Feeds are read in their order, each once; those in between are passed over. Throws `DATA_FILE_INVALID`. */
  records(feed: ExportedFeed): AsyncIterable<FeedRecord>
  /** Reads what is left, and checks it. Nothing that was read is sure before. Throws `DATA_FILE_INVALID`. */
  finish(): Promise<void>
}
