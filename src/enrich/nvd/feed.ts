import { cveId } from '../../core/cve.ts'
import type { Feed } from '../../core/feed.ts'
import { documentName } from '../../feeds/document.ts'

const folder = 'https://nvd.nist.gov/feeds/json/cve/2.0'

/** The year whose file a vulnerability is in; `undefined` for an id of another kind, or of a year that nobody has written. */
export function yearOf(id: string): number | undefined {
  const year = Number(cveId.exec(id)?.[1])
  return year >= 1999 && year < 2100 ? Math.max(2002, year) : undefined
}

/**
 * The vulnerabilities with ids of one year. A small file beside it has the checksum of its content, which says whether it
 * changed, and is what it is verified by.
 */
export function yearFeed(year: number): Feed {
  const url = `${folder}/nvdcve-2.0-${year}.json.gz`
  const metaUrl = `${folder}/nvdcve-2.0-${year}.meta`
  return {
    id: `nvd-${year}`,
    url,
    version: 1,
    scopes: [],
    async fetch(spool, last, signal) {
      const { metaName, readMeta } = await import('./meta.ts')
      await spool.fetch(metaName, metaUrl, undefined, signal)
      const { sha256, lastModified } = await readMeta(spool, signal, metaUrl)
      if (sha256 === last) return 'unchanged'
      await spool.fetch(documentName, url, undefined, signal)
      return { fingerprint: sha256, ...(lastModified === undefined ? {} : { dataTime: lastModified }) }
    },
    parse: async (spool, signal) => (await import('./year-records.ts')).readYear(spool, signal, { url, metaUrl }),
  }
}
