import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import type { ErrataSource } from '../../feeds/osv/errata.ts'
import { archiveUrl } from '../../feeds/osv/family.ts'
import { rpm } from '../../versions/rpm.ts'
import { rockyReleases } from './releases.ts'

const url = archiveUrl('Rocky Linux')

const source: ErrataSource = {
  id: 'rocky',
  ecosystem: 'Rocky Linux',
  isSecurity: (id) => /^R[LX]SA-/.test(id),
  link: erratumLink,
  versions: rpm,
}

/** The errata of all releases of Rocky Linux, in OSV's form. */
export const errataFeed: Feed = {
  id: 'rocky',
  url,
  version: 1,
  scopes: Object.keys(rockyReleases).map((release) => `rocky:${release}`),
  fetch: fetchDocument(url),
  parse: async (spool, signal) => (await import('../../feeds/osv/errata.ts')).readErrata(spool, signal, source),
}

/** Where an erratum, `RLSA-2023:0954`, can be read. */
export function erratumLink(id: string): string {
  return `https://errata.rockylinux.org/${encodeURIComponent(id.toWellFormed()).replace('%3A', ':')}`
}
