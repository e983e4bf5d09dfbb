import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'

const url = 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json'

/** The whole catalog. */
export const kevFeed: Feed = {
  id: 'kev',
  url,
  version: 1,
  scopes: [],
  fetch: fetchDocument(url),
  parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, url),
}
