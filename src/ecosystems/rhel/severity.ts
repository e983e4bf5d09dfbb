import type { Rating, Severity } from '../../core/severity.ts'
import type { CsafDocument, CsafVulnerability } from '../../feeds/csaf.ts'

const severities: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'critical'],
  ['important', 'high'],
  ['moderate', 'medium'],
  ['low', 'low'],
])

/**
 * Red Hat's rating of a vulnerability in a product: its impact, and the CVSS score that it gives. `None` rates nothing.
 * https://access.redhat.com/security/updates/classification
 */
export function ratingOf(vulnerability: CsafVulnerability, product: string): Rating | undefined {
  const impact = vulnerability.impact(product)
  const score = vulnerability.score(product)
  if (score === undefined) return impactRating(impact)
  return {
    ...(impactRating(impact) ?? { severity: 'unknown', source: 'redhat' }),
    vector: score.vector,
    ...(score.score === undefined ? {} : { score: score.score }),
  }
}

/** The rating of a vulnerability: the one that most of its products have; if none has one, that of the document. */
export function mainRating(document: CsafDocument, vulnerability: CsafVulnerability): Rating | undefined {
  const counts = new Map<string, { readonly rating: Rating; count: number }>()
  for (const product of [...vulnerability.statuses.values()].flat()) {
    const rating = ratingOf(vulnerability, product)
    if (rating === undefined) continue
    const known = counts.get(ratingText(rating))
    if (known === undefined) counts.set(ratingText(rating), { rating, count: 1 })
    else known.count++
  }
  const most = [...counts.values()].reduce((max, { count }) => Math.max(max, count), 0)
  return [...counts.values()].find(({ count }) => count === most)?.rating ?? impactRating(document.severity)
}

/** Whether two ratings say the same. */
export function sameRating(left: Rating, right: Rating | undefined): boolean {
  return right !== undefined && ratingText(left) === ratingText(right)
}

function ratingText({ original = '', vector = '' }: Rating): string {
  return `${original} ${vector}`
}

function impactRating(impact: string | undefined): Rating | undefined {
  if (impact === undefined) return undefined
  return { severity: severities.get(impact.toLowerCase()) ?? 'unknown', source: 'redhat', original: impact }
}
