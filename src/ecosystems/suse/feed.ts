import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import { suseScopes } from './releases.ts'

const url = 'https://ftp.suse.com/pub/projects/security/osv.tar.bz2'

/** The updates of all of SUSE's distributions. */
export const updatesFeed: Feed = {
  id: 'suse',
  url,
  version: 1,
  scopes: suseScopes,
  fetch: fetchDocument(url),
  parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, url),
}
