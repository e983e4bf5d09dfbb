import type { Enricher } from '../core/enricher.ts'
import type { Feed } from '../core/feed.ts'
import type { Gap } from '../core/gap.ts'
import type { FeedData, Finding, VulnerabilityReport } from '../core/report.ts'
import type { AdvisoryStore, FeedStatus } from '../core/store.ts'
import { enrichmentGap } from './enrichment-gap.ts'
import { dataOf } from './make-report.ts'

/** What enriching needs beside the report. */
export interface EnrichOptions {
  readonly advisories: AdvisoryStore
  /** Data checked longer ago than this, in milliseconds, is a gap. */
  readonly maxDataAge: number
  readonly now: Date
}

/** An enricher that may have to do with findings. */
export interface NeededEnricher {
  readonly enricher: Enricher
  /** Its feeds that can have something to say of them. */
  readonly feeds: readonly Feed[]
  /** The ids of their vulnerabilities, each once. */
  readonly ids: readonly string[]
}

/** What findings can be enriched with. */
export function neededEnrichers(
  findings: readonly Finding[],
  enrichers: readonly Enricher[],
): readonly NeededEnricher[] {
  const ids = [...new Set(findings.map(({ id }) => id))]
  return enrichers
    .map((enricher) => ({ enricher, feeds: enricher.feedsFor(ids), ids }))
    .filter(({ feeds }) => feeds.length > 0)
}

/**
 * The report with the data that its findings are enriched with, and one gap an enricher where some of it is missing or out of
 * date. `statuses` are those of all feeds. Throws `DATABASE_FAILED` only.
 */
export async function withEnrichmentData(
  report: VulnerabilityReport,
  needed: readonly NeededEnricher[],
  statuses: readonly FeedStatus[],
  options: EnrichOptions,
): Promise<VulnerabilityReport> {
  const gaps: Gap[] = []
  const enrichment: FeedData[] = []
  for (const { enricher, feeds, ids } of needed) {
    const asked = askedOf({ enricher, feeds }, statuses)
    gaps.push(...(await enrichmentGap(enricher, { feeds, statuses: asked, ids }, options)))
    enrichment.push(...asked.filter(isLoaded).map(dataOf))
  }
  return { ...report, gaps: [...report.gaps, ...gaps], enrichment }
}

/** The feeds of an enricher that are loaded, of those that are needed and those that are asked beside. */
export function loadedOf(needed: NeededEnricher, statuses: readonly FeedStatus[]): readonly FeedStatus[] {
  return askedOf(needed, statuses).filter(isLoaded)
}

function askedOf(
  { enricher, feeds }: Pick<NeededEnricher, 'enricher' | 'feeds'>,
  statuses: readonly FeedStatus[],
): readonly FeedStatus[] {
  const asked = [...feeds, ...(enricher.supplements ?? [])]
  return asked.flatMap(({ id }) => statuses.find(({ feed }) => feed === id) ?? [])
}

function isLoaded({ generation }: FeedStatus): boolean {
  return generation > 0
}
