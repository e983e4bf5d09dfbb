import type { Rating } from '../../core/severity.ts'
import { cvssRating } from '../../feeds/cvss.ts'
import type { Cve, Metric } from './schema.ts'

/** Organisations that NVD names by their address or a UUID, and whose names are better known. Others keep what NVD calls them. */
const sources: ReadonlyMap<string, string> = new Map([
  ['nvd@nist.gov', 'nvd'],
  ['134c704f-9b21-4f2e-91b3-4a467353bcc0', 'cisa-adp'],
])

/**
 * The CVSS scores of a vulnerability, of all who scored it, the most telling first: versions 3 and 4 before 2, NVD's own before
 * those of others, primary before secondary, newer versions before older. A vector that is none is left out.
 */
export function ratingsOf(metrics: Cve['metrics'] = {}): readonly Rating[] {
  const { cvssMetricV40 = [], cvssMetricV31 = [], cvssMetricV30 = [], cvssMetricV2 = [] } = metrics
  const modern = [...cvssMetricV40, ...cvssMetricV31, ...cvssMetricV30].sort(
    (left, right) => weightOf(left) - weightOf(right),
  )
  const old = [...cvssMetricV2].sort((left, right) => weightOf(left) - weightOf(right))
  return [...modern, ...old].flatMap(({ source, cvssData: { vectorString, baseScore } }) => {
    return cvssRating(sources.get(source) ?? source, vectorString, baseScore) ?? []
  })
}

function weightOf({ source, type }: Metric): number {
  return source === 'nvd@nist.gov' ? 0 : type === 'Primary' ? 1 : 2
}
