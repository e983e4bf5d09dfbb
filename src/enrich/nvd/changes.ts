import type { Feed } from '../../core/feed.ts'

const api = 'https://services.nvd.nist.gov/rest/json/cves/2.0'

/**
 * What changed since the files of the years were made, through the API. The first time that is what changed within the last
 * days; from then on only what changed since. Where a file and this have a vulnerability, the later state counts. `pause`:
 * milliseconds between two requests, in place of what the API asks for.
 */
export function changesFeed(url: string = api, pause?: number): Feed {
  return {
    id: 'nvd-changes',
    url,
    version: 1,
    scopes: [],
    fetch: async (spool, last, signal) => {
      const { fetchChanges } = await import('./pages.ts')
      const request = { url, key: process.env.CHIARO_NVD_API_KEY, now: new Date(), signal }
      return fetchChanges(spool, last, pause === undefined ? request : { ...request, pause })
    },
    parse: async (spool, signal) => (await import('./pages.ts')).readChanges(spool, signal, url),
  }
}
