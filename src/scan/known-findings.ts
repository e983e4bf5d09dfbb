import { type Enricher, isFeedOf } from '../core/enricher.ts'
import type { Found, IndexReport } from '../core/report.ts'
import type { FeedStatus, IndexStore, KeptKey } from '../core/store.ts'

/** Where what is found is kept, so that nothing is done again while nothing changed. */
export interface KeptResults {
  readonly store: IndexStore
  readonly analyzersKey: string
  /** Identifies the code that matches: what one wrote is not good for another. */
  readonly rules: string
}

/** What findings depend on, beside what is in the image. */
export interface FindingsBasis {
  readonly kept: KeptResults | undefined
  readonly enrichers: readonly Enricher[]
  readonly enrich: boolean
  /** The state of every feed, from before it was asked for the first time. */
  readonly statuses: readonly FeedStatus[]
}

/** The findings of an image as they were kept, with their details or without, if nothing that they depend on has changed since. */
export async function knownFindings(
  index: IndexReport,
  basis: FindingsBasis,
  details: boolean,
): Promise<Found | undefined> {
  const key = keyOf(index, basis)
  return key && (await basis.kept?.store.found(key, details))
}

/** Keeps the findings of an image. */
export async function keepFindings(index: IndexReport, basis: FindingsBasis, found: Found): Promise<void> {
  const key = keyOf(index, basis)
  if (key !== undefined) await basis.kept?.store.putFound(key, found)
}

/** Scores are told with the time of their data, which may change alone. */
function keyOf({ image: { digest } }: IndexReport, basis: FindingsBasis): KeptKey | undefined {
  const { kept, enrichers, enrich, statuses } = basis
  if (kept === undefined || digest === undefined) return undefined
  const words = [kept.rules, enrich ? 'enriched' : 'plain']
  for (const { feed, generation, dataTime } of statuses) {
    if (!enrichers.some((enricher) => isFeedOf(enricher, feed))) words.push(`${feed}@${generation}`)
    else if (enrich) words.push(`${feed}@${generation}@${dataTime}`)
  }
  return { digest, analyzers: kept.analyzersKey, basis: words.join(' ') }
}
