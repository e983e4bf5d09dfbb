import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'

const url = 'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz'

/** Where it was until May 2025, which leads to the same document; mirrors still have it there. */
const formerUrl = 'https://epss.cyentia.com/epss_scores-current.csv.gz'

/** The scores of all vulnerabilities, new every day. */
export const epssFeed: Feed = {
  id: 'epss',
  url,
  version: 1,
  scopes: [],
  keepsHistory: false,
  async fetch(spool, last, signal) {
    const fetched = await fetchDocument(url, formerUrl)(spool, last, signal)
    if (fetched === 'unchanged') return fetched
    const { scoreDate } = await import('./records.ts')
    const dataTime = (await scoreDate(spool, signal, url)) ?? fetched.dataTime
    return { fingerprint: fetched.fingerprint, ...(dataTime === undefined ? {} : { dataTime }) }
  },
  parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, url),
}
