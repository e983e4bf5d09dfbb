import type { Feed } from '../core/feed.ts'
import type { Image } from '../core/image.ts'
import type { IndexReport, VulnerabilityReport } from '../core/report.ts'
import { assess } from './assess.ts'
import { enrichmentFeeds, enrichReport } from './enrich.ts'
import { type MatchOptions, matchIndex, timeOf } from './match-index.ts'

/** The parts of a scan, in reading order. */
export interface ScanSteps extends MatchOptions {
  open(): Promise<Image>
  index(image: Image): Promise<IndexReport>
  /**
   * Brings the feeds up to date that are missing or older than `maxDataAge`, but for those that failed within the last
   * `retryAfter` milliseconds. What fails shows in the report as a gap. Not called with `asOf`.
   */
  update(feeds: readonly Feed[], retryAfter: number): Promise<void>
}

/** Enrichment is a dozen feeds of three hosts: when one of them does not answer, not every scan waits for it anew. */
const enrichmentRetry = 10 * 60 * 1000

/**
 * Scans one image: open, index, update the data that this image needs, match; then update the data that its findings need, and
 * enrich them. Throws what opening and indexing throw; failing data never stops a scan.
 */
export async function scan(steps: ScanSteps): Promise<VulnerabilityReport> {
  await using image = await steps.open()
  const index = await steps.index(image)
  const { coverage } = assess(index, steps.ecosystems, timeOf(steps))
  if (coverage !== undefined && steps.asOf === undefined) {
    await steps.update(coverage.feeds, 0)
    if (steps.enrich) await steps.update(coverage.advisories ?? [], enrichmentRetry)
  }
  const report = await matchIndex(index, steps)
  if (!steps.enrich || report.findings.length === 0) return report
  if (steps.asOf === undefined) await steps.update(enrichmentFeeds(report, steps.enrichers), enrichmentRetry)
  return await enrichReport(report, steps)
}
