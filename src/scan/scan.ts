import { isFeedOf } from '../core/enricher.ts'
import type { Feed } from '../core/feed.ts'
import type { Image } from '../core/image.ts'
import type { Found, IndexReport, VulnerabilityReport } from '../core/report.ts'
import type { FeedStatus } from '../core/store.ts'
import { assess, timeOf } from './assess.ts'
import { type NeededEnricher, neededEnrichers, withEnrichmentData } from './enrichment-data.ts'
import { type FindingsBasis, keepFindings, knownFindings } from './known-findings.ts'
import { makeReport } from './make-report.ts'
import type { MatchOptions } from './match-index.ts'

/** The parts of a scan, in reading order. */
export interface ScanSteps extends MatchOptions {
  /** Whether the details of findings (`FindingDetails`) are wanted. Where they are not, those of known ones are empty. */
  readonly details: boolean
  open(): Promise<Image>
  index(image: Image): Promise<IndexReport>
  /**
   * Brings the feeds up to date that are missing or older than `maxDataAge`, but for those that failed within the last
   * `retryAfter` milliseconds. Resolves to whether there were any. What fails shows in the report as a gap. Not called with `asOf`.
   */
  update(feeds: readonly Feed[], retryAfter: number): Promise<boolean>
}

/** Enrichment is a dozen feeds of three hosts: when one of them does not answer, not every scan waits for it anew. */
const enrichmentRetry = 10 * 60 * 1000

/**
 * Scans one image: open, index, update the data that this image needs, match; then update the data that its findings need, and
 * enrich them. Of an image that was scanned before, with the data of now, the findings are known. Throws what opening and
 * indexing throw; failing data never stops a scan.
 */
export async function scan(steps: ScanSteps): Promise<VulnerabilityReport> {
  await using image = await steps.open()
  const index = await steps.index(image)
  const assessment = assess(index, steps.ecosystems, timeOf(steps))
  const { coverage } = assessment
  if (coverage !== undefined && steps.asOf === undefined) {
    await steps.update(coverage.feeds, 0)
    if (steps.enrich) await steps.update(coverage.advisories ?? [], enrichmentRetry)
  }
  const statuses = await steps.advisories.status(undefined, steps.asOf)
  const found = await knownFindings(index, basisOf(statuses, steps), steps.details)
  if (found === undefined) return await findAnew(index, statuses, steps)
  const needed = enrichersOf(found, steps)
  if (await bring(needed, steps)) return await findAnew(index, statuses, steps)
  const report = await makeReport(index, assessment, statuses, found, steps)
  return await withEnrichmentData(report, needed, statuses, steps)
}

/** Findings as they were at another time are not kept. */
function basisOf(statuses: readonly FeedStatus[], { kept, enrichers, enrich, asOf }: ScanSteps): FindingsBasis {
  return { kept: asOf === undefined ? kept : undefined, enrichers, enrich, statuses }
}

function enrichersOf({ findings }: Found, { enrich, enrichers }: ScanSteps): readonly NeededEnricher[] {
  return enrich ? neededEnrichers(findings, enrichers) : []
}

/** Brings the data up to date that findings are enriched with. */
async function bring(needed: readonly NeededEnricher[], { asOf, update }: ScanSteps): Promise<boolean> {
  if (asOf !== undefined) return false
  return await update(
    needed.flatMap(({ feeds }) => feeds),
    enrichmentRetry,
  )
}

/** Matches and enriches, and keeps what comes of it. `before`: the state of all feeds from before. */
async function findAnew(
  index: IndexReport,
  before: readonly FeedStatus[],
  steps: ScanSteps,
): Promise<VulnerabilityReport> {
  const { matchIndex } = await import('./match-index.ts')
  const { enrichReport } = await import('./enrich.ts')
  const matched = await matchIndex(index, steps)
  const needed = enrichersOf(matched, steps)
  await bring(needed, steps)
  const after = await steps.advisories.status()
  const report = await enrichReport(matched, needed, after, steps)
  const gaps = matched.gaps.filter(({ code }) => code === 'version-unreadable')
  await keepFindings(index, basisOf(asUsed(before, after, steps), steps), { findings: report.findings, gaps })
  return report
}

/** The states of feeds that findings are of, or earlier ones, which nothing will be known by again. */
function asUsed(
  before: readonly FeedStatus[],
  after: readonly FeedStatus[],
  { enrichers }: ScanSteps,
): readonly FeedStatus[] {
  const matchedWith = new Map(before.map((status) => [status.feed, status]))
  return after.flatMap((status) =>
    enrichers.some((enricher) => isFeedOf(enricher, status.feed)) ? status : (matchedWith.get(status.feed) ?? []),
  )
}
