import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import { firstErrataYear, oracleReleases, scopeOf } from './releases.ts'

/** The errata of every year from `firstYear` until now, a feed each. */
export function feedsSince(firstYear: number): readonly Feed[] {
  const years = new Date().getUTCFullYear() - firstYear + 1
  return Array.from({ length: years }, (_, index) => feedOf(firstYear + index))
}

/** The errata of a year, for all releases: Oracle numbers them by year. */
export function feedOf(year: number): Feed {
  const url = `https://linux.oracle.com/security/oval/com.oracle.elsa-${year}.xml.bz2`
  return {
    id: `oracle-${year}`,
    url,
    version: 1,
    scopes: oracleReleases.filter(({ firstYear }) => firstYear <= year).map(({ number }) => scopeOf(number)),
    fetch: fetchDocument(url),
    parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, url),
  }
}

/** Every feed there is. */
export const allFeeds = (): readonly Feed[] => feedsSince(firstErrataYear)
