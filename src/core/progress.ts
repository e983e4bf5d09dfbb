/** One step of something long. `total` and `done` count in `unit`; a step without a total has no known end. */
export interface ProgressEvent {
  /** Identifies the step: events of the same step update it. */
  readonly step: string
  /** What is going on, for people: `layer 3 of 13`, `debian: importing`. */
  readonly label: string
  readonly unit: 'bytes' | 'records' | 'items'
  readonly done: number
  readonly total: number | undefined
  readonly finished: boolean
}

/** Receives progress. Called often; it must be cheap and must not throw. */
export type Progress = (event: ProgressEvent) => void
