import { type Enricher, isFeedOf } from '../core/enricher.ts'
import { bySeverity, byWhere } from '../core/finding-order.ts'
import { type FleetFinding, type FleetStore, fleetPackageText, type JudgedPackage } from '../core/fleet.ts'
import type { Gap } from '../core/gap.ts'
import type { Finding, Found, IndexedPackage, IndexReport, VulnerabilityReport } from '../core/report.ts'
import type { FeedStatus } from '../core/store.ts'
import { assess, timeOf } from '../scan/assess.ts'
import { identityOf } from '../scan/join-matches.ts'
import { makeReport, type ReportOptions } from '../scan/make-report.ts'
import { fleetPackageOf } from './index-packages.ts'
import type { JudgeOptions } from './judge-packages.ts'

/** What a report of the fleet needs. */
export interface FleetReportOptions extends ReportOptions, JudgeOptions {
  readonly fleet: FleetStore
  /** Their feeds say nothing of packages. */
  readonly enrichers: readonly Enricher[]
}

/**
 * The report that `matchIndex` makes, with the findings that the fleet has of the image's packages. `undefined` where it cannot
 * tell: the image or a package is not there, or was never judged; a feed has changed since, and not everything was judged again; or
 * a database lists a package twice and in two ways, which are one finding of two packages.
 */
export async function fleetReport(
  index: IndexReport,
  options: FleetReportOptions,
): Promise<VulnerabilityReport | undefined> {
  const { digest } = index.image
  if (digest === undefined) return undefined
  const statuses = await options.advisories.status()
  if (!(await isJudged(statuses, options))) return undefined
  const judged = await options.fleet.findings(digest)
  if (judged === undefined) return undefined
  const assessment = assess(index, options.ecosystems, timeOf(options))
  const found = foundIn(index, assessment.packages, judged)
  if (found === undefined) return undefined
  return makeReport(index, assessment, statuses, found, options)
}

/** Whether packages were judged with the data that there is now. */
async function isJudged(
  statuses: readonly FeedStatus[],
  { fleet, enrichers }: Pick<FleetReportOptions, 'fleet' | 'enrichers'>,
): Promise<boolean> {
  const generations = await fleet.judgedGenerations()
  return statuses.every(
    ({ feed, generation }) =>
      generation <= (generations.get(feed) ?? 0) || enrichers.some((enricher) => isFeedOf(enricher, feed)),
  )
}

function foundIn(
  index: IndexReport,
  packages: readonly IndexedPackage[],
  all: readonly JudgedPackage[],
): Found | undefined {
  const known = new Map(all.map((judged) => [fleetPackageText(judged.package), judged]))
  const places = new Map<string, JudgedPackage>()
  const findings: Finding[] = []
  const gaps: Gap[] = []
  for (const pkg of packages) {
    const judged = known.get(fleetPackageText(fleetPackageOf(pkg, index.release)))
    if (judged === undefined || !judged.judged) return undefined
    const identity = identityOf(pkg)
    const other = places.get(identity)
    places.set(identity, judged)
    if (other === judged) continue
    if (other !== undefined) return undefined
    for (const finding of judged.findings) findings.push(inPlace(finding, pkg, index))
    gaps.push(...judged.gaps)
  }
  return { findings: findings.sort(bySeverity), gaps: gaps.sort(byWhere) }
}

/** A finding where a package lies in an image. */
function inPlace(finding: FleetFinding, pkg: IndexedPackage, { image }: IndexReport): Finding {
  const layer = image.layers[pkg.layer]
  const place = { path: pkg.path, layer: pkg.layer, layerDigest: layer?.digest, createdBy: layer?.createdBy ?? '' }
  return { ...finding, purl: pkg.purl, why: { ...finding.why, ...place } }
}
