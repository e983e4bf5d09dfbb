import type { FeedStatus } from '../core/store.ts'

/** A feed's status as the databases give it. */
export interface StatusRow {
  readonly feed: string
  readonly url: string
  readonly generation: number
  readonly checkedAt: string | null
  readonly importedAt: string | null
  readonly dataTime: string | null
  readonly records: number
  readonly gaps: number
  readonly version: number
  readonly fingerprint: string | null
  readonly errorAt: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
}

export function toStatus({ errorAt, errorCode, errorMessage, fingerprint, ...data }: StatusRow): FeedStatus {
  const lastError = errorAt === null ? undefined : { at: errorAt, code: errorCode ?? '', message: errorMessage ?? '' }
  return { ...data, fingerprint: fingerprint ?? undefined, lastError }
}
