import type { Gap } from '../core/gap.ts'
import type { FeedData, Found, IndexReport, VulnerabilityReport } from '../core/report.ts'
import type { AdvisoryStore, FeedStatus } from '../core/store.ts'
import type { Assessment } from './assess.ts'
import { dataGaps } from './data-gaps.ts'

/** What a report needs beside what was found. */
export interface ReportOptions {
  readonly advisories: AdvisoryStore
  /** Whether what is known of the vulnerabilities beside is wanted, and is a gap where it is missing. */
  readonly enrich: boolean
  /** Data checked longer ago than this, in milliseconds, is a gap. */
  readonly maxDataAge: number
  /** The data is asked for as it was at this time, ISO 8601, however old it is; now, if it is not given. */
  readonly asOf: string | undefined
  readonly now: Date
  /** The version of Chiaro, for the report. */
  readonly version: string
}

/**
 * The report of an image with what was found in it, and with everything that depends on when it is made: the state of the feeds
 * that its release needs, and the gaps in them. Of what the findings were enriched with it does not tell.
 */
export async function makeReport(
  index: IndexReport,
  { coverage, gaps }: Assessment,
  statuses: readonly FeedStatus[],
  found: Found,
  options: ReportOptions,
): Promise<VulnerabilityReport> {
  const { asOf, version } = options
  const missing: readonly Gap[] = coverage === undefined ? [] : await dataGaps(coverage, statuses, options)
  const feeds = (coverage?.feeds ?? []).flatMap(({ id }) => statuses.find(({ feed }) => feed === id) ?? [])
  return {
    schemaVersion: 1,
    generator: { name: 'chiaro', version },
    ...(asOf === undefined ? {} : { asOf }),
    image: index.image,
    release: index.release,
    packages: index.packages,
    findings: found.findings,
    gaps: [...index.gaps, ...gaps, ...missing, ...found.gaps],
    data: feeds.map(dataOf),
    enrichment: [],
  }
}

/** What a report says of a feed. */
export function dataOf({
  feed,
  url,
  generation,
  checkedAt,
  importedAt,
  dataTime,
  records,
  gaps,
}: FeedStatus): FeedData {
  return { feed, url, generation, checkedAt, importedAt, dataTime, records, gaps }
}
