import type { Feed, FeedFamily } from '../../core/feed.ts'
import { fetchDocument } from '../document.ts'
import { type OsvEcosystem, osvEcosystems, ownSources, scopeOf } from './ecosystems.ts'

/** Where the archive of an ecosystem is. */
export function archiveUrl(ecosystem: string): string {
  return `https://osv-vulnerabilities.storage.googleapis.com/${encodeURIComponent(ecosystem)}/all.zip`
}

/** OSV, one feed an ecosystem: `osv-npm`, `osv-github-actions`. */
export const osv: FeedFamily = {
  id: 'osv',
  title: 'OSV',
  feeds: () => osvEcosystems.map(feedOf),
}

/** OSV's records of the distributions whose own source is read: for who wants them, and looked up for no package. */
export const osvDistributions: FeedFamily = {
  id: 'osv-distributions',
  title: 'OSV, distributions with a source of their own',
  onRequest: true,
  feeds: () => ownSources.map(feedOf),
}

function feedOf(ecosystem: OsvEcosystem): Feed {
  const url = archiveUrl(ecosystem.name)
  return {
    id: `osv-${ecosystem.name.toLowerCase().replaceAll(' ', '-')}`,
    url,
    version: 1,
    scopes: [scopeOf(ecosystem)],
    fetch: fetchDocument(url),
    parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, ecosystem),
  }
}
