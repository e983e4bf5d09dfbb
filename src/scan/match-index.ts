import type { Ecosystem } from '../core/ecosystem.ts'
import { type Enricher, isFeedOf } from '../core/enricher.ts'
import { bySeverity, byWhere } from '../core/finding-order.ts'
import type { Gap } from '../core/gap.ts'
import type { Finding, Found, IndexReport, VulnerabilityReport } from '../core/report.ts'
import type { FeedStatus } from '../core/store.ts'
import { type Assessment, assess, timeOf } from './assess.ts'
import type { KeptResults } from './known-findings.ts'
import { knownMatches } from './known-matches.ts'
import { makeReport, type ReportOptions } from './make-report.ts'
import { matchPackages, outcomesOf, packageKeys } from './match-packages.ts'

/** What matching needs beside the index report. */
export interface MatchOptions extends ReportOptions {
  readonly ecosystems: readonly Ecosystem[]
  /** Their feeds say nothing of packages, so that what is kept stays good when they change. */
  readonly enrichers: readonly Enricher[]
  /** `undefined`: every image is matched each time. */
  readonly kept: KeptResults | undefined
}

/**
 * Finds the known vulnerabilities of an indexed image: keys for every package, one look-up for all of them, one verdict for
 * each pair. What cannot be assessed becomes a gap. Throws `DATABASE_FAILED` only.
 */
export async function matchIndex(index: IndexReport, options: MatchOptions): Promise<VulnerabilityReport> {
  const assessment = assess(index, options.ecosystems, timeOf(options))
  const statuses = await options.advisories.status(undefined, options.asOf)
  const found = await find(index, assessment, statuses, options)
  return makeReport(index, assessment, statuses, found, options)
}

async function find(
  index: IndexReport,
  { ecosystem, coverage, packages }: Assessment,
  statuses: readonly FeedStatus[],
  { advisories, asOf, enrichers, kept }: MatchOptions,
): Promise<Found> {
  const gaps: Gap[] = []
  const findings: Finding[] = []
  if (ecosystem === undefined || coverage === undefined) return { findings, gaps }
  const by = { ecosystem, coverage }
  const match = async () => {
    const lookUp = { advisories, asOf }
    return matchPackages(await packageKeys(packages, by, lookUp), index, by, lookUp)
  }
  const basis = statuses.filter(({ feed }) => !enrichers.some((enricher) => isFeedOf(enricher, feed)))
  // What is kept is about the data of now.
  const matches = await knownMatches(index, basis, asOf === undefined ? kept : undefined, match)
  for (const outcome of outcomesOf(matches, index, by)) {
    if ('gap' in outcome) gaps.push(outcome.gap)
    else findings.push(outcome.finding)
  }
  return { findings: findings.sort(bySeverity), gaps: gaps.sort(byWhere) }
}
