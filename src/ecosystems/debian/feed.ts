import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import { debianScopes } from './releases.ts'

const url = 'https://security-tracker.debian.org/tracker/data/json'

/** The Debian security tracker: the vulnerabilities of every source package, release by release. */
export const trackerFeed: Feed = {
  id: 'debian',
  url,
  version: 1,
  scopes: debianScopes,
  fetch: fetchDocument(url),
  parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, url),
}
