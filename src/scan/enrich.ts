import type { Enricher, Enrichment } from '../core/enricher.ts'
import { bySeverity } from '../core/finding-order.ts'
import type { Finding, VulnerabilityReport } from '../core/report.ts'
import { riskOf } from '../core/risk.ts'
import type { AdvisoryStore, FeedStatus } from '../core/store.ts'
import { type EnrichOptions, loadedOf, type NeededEnricher, withEnrichmentData } from './enrichment-data.ts'
import { cvssScores, pickRating } from './findings.ts'

/**
 * The report with what is known of its vulnerabilities elsewhere: scores, weaknesses, likelihoods, exploitation, a severity and
 * a description where the distribution has none. Data that is missing or out of date is one gap an enricher. `statuses` are
 * those of all feeds, `needed` is `neededEnrichers` of its findings. Throws `DATABASE_FAILED` only.
 */
export async function enrichReport(
  report: VulnerabilityReport,
  needed: readonly NeededEnricher[],
  statuses: readonly FeedStatus[],
  options: EnrichOptions,
): Promise<VulnerabilityReport> {
  const { advisories } = options
  const known: ReadonlyMap<string, Enrichment>[] = []
  let findings = report.findings
  let withRisk = false
  for (const each of needed) {
    const { enricher, ids } = each
    const loaded = loadedOf(each, statuses)
    known.push(await lookUp(enricher, ids, loaded, advisories))
    withRisk ||= enricher.tellsLikelihood === true && loaded.length > 0
    if (enricher.describes) findings = await described(findings, loaded, advisories)
  }
  const enriched = findings.map((finding) => {
    const own = known.flatMap((byId) => byId.get(finding.id) ?? [])
    const more = own.reduce(withEnrichment, finding)
    return withRisk ? { ...more, risk: riskOf(more) } : more
  })
  return await withEnrichmentData({ ...report, findings: enriched.sort(bySeverity) }, needed, statuses, options)
}

/** What an enricher knows, by id. Of two feeds the one with the later state counts. */
async function lookUp(
  enricher: Enricher,
  ids: readonly string[],
  loaded: readonly FeedStatus[],
  advisories: AdvisoryStore,
): Promise<ReadonlyMap<string, Enrichment>> {
  const supplements = new Set(enricher.supplements?.map(({ id }) => id))
  const names = new Map<string, string[]>()
  for (const id of ids) {
    for (const { id: feed } of enricher.feedsFor([id])) {
      const known = names.get(feed)
      if (known === undefined) names.set(feed, [id])
      else known.push(id)
    }
  }
  const known = new Map<string, Enrichment>()
  for (const { feed, dataTime } of loaded) {
    const facts = await advisories.facts(feed, supplements.has(feed) ? ids : (names.get(feed) ?? []))
    for (const [id, value] of facts) {
      const enrichment = enricher.ofFact(value, dataTime)
      if (enrichment === undefined) continue
      const other = known.get(id)
      if (other === undefined || (other.modified ?? '') < (enrichment.modified ?? '')) known.set(id, enrichment)
    }
  }
  return known
}

/** The findings with descriptions of these feeds where they have none. */
async function described(
  findings: readonly Finding[],
  loaded: readonly FeedStatus[],
  advisories: AdvisoryStore,
): Promise<readonly Finding[]> {
  const ids = new Set(findings.filter(({ description }) => description === '').map(({ id }) => id))
  if (ids.size === 0 || loaded.length === 0) return findings
  const found = await advisories.vulnerabilities(
    loaded.map(({ feed }) => feed),
    [...ids],
  )
  const descriptions = new Map(
    found
      .map(({ vulnerability: { id, description, modified = '' } }) => ({ id, description, modified }))
      .sort((left, right) => (left.modified < right.modified ? -1 : 1))
      .map(({ id, description }) => [id, description]),
  )
  return findings.map((finding) =>
    finding.description === '' ? { ...finding, description: descriptions.get(finding.id) ?? '' } : finding,
  )
}

/** The severity stays the distribution's where it has one. */
function withEnrichment(finding: Finding, { ratings = [], weaknesses = [], epss, kev }: Enrichment): Finding {
  const rating = finding.severity === 'unknown' ? pickRating(ratings) : undefined
  const scores = cvssScores(ratings)
  return {
    ...finding,
    ...(rating === undefined ? {} : { severity: rating.severity, severitySource: rating.source }),
    ...(scores.length === 0 ? {} : { cvss: [...finding.cvss, ...scores] }),
    ...(weaknesses.length === 0 ? {} : { weaknesses: [...new Set([...finding.weaknesses, ...weaknesses])] }),
    ...(epss === undefined ? {} : { epss }),
    ...(kev === undefined ? {} : { kev }),
  }
}
