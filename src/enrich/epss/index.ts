import type { Json } from '../../core/advisory.ts'
import { cveId } from '../../core/cve.ts'
import type { Enricher, Enrichment } from '../../core/enricher.ts'
import { epssFeed } from './feed.ts'

/** EPSS, of FIRST: how likely a vulnerability is to be exploited within 30 days. */
export const epss: Enricher = {
  id: 'epss',
  title: 'EPSS',
  gives: 'the likelihood of exploitation',
  feeds: () => [epssFeed],
  feedsFor: (ids) => (ids.some((id) => cveId.test(id)) ? [epssFeed] : []),
  ofFact,
  tellsLikelihood: true,
}

function ofFact(value: Json, dataTime: string | null): Enrichment | undefined {
  const [score, percentile] = Array.isArray(value) ? (value as readonly Json[]) : []
  if (typeof score !== 'number' || typeof percentile !== 'number') return undefined
  return { epss: { score, percentile, date: dataTime?.slice(0, 10) ?? null } }
}
