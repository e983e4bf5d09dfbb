import type { Json } from '../../core/advisory.ts'
import { cveId } from '../../core/cve.ts'
import type { Enricher, Enrichment } from '../../core/enricher.ts'
import { kevFeed } from './feed.ts'

/** CISA's catalog of vulnerabilities that are known to be exploited. */
export const kev: Enricher = {
  id: 'kev',
  title: 'CISA KEV',
  gives: 'known exploitation',
  feeds: () => [kevFeed],
  feedsFor: (ids) => (ids.some((id) => cveId.test(id)) ? [kevFeed] : []),
  ofFact,
  tellsLikelihood: true,
}

function ofFact(value: Json): Enrichment | undefined {
  const [dateAdded, dueDate, ransomware] = Array.isArray(value) ? (value as readonly Json[]) : []
  if (typeof dateAdded !== 'string') return undefined
  return {
    kev: { dateAdded, dueDate: typeof dueDate === 'string' ? dueDate : null, ransomware: ransomware === true },
  }
}
