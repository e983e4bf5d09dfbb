import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import type { ErrataSource } from '../../feeds/osv/errata.ts'
import { archiveUrl } from '../../feeds/osv/family.ts'
import { rpm } from '../../versions/rpm.ts'
import { almaReleases } from './releases.ts'

const url = archiveUrl('AlmaLinux')

const source: ErrataSource = {
  id: 'alma',
  ecosystem: 'AlmaLinux',
  isSecurity: (id) => id.startsWith('ALSA-'),
  link: erratumLink,
  versions: rpm,
}

/** The errata of all releases of AlmaLinux, in OSV's form. */
export const errataFeed: Feed = {
  id: 'alma',
  url,
  version: 1,
  scopes: Object.keys(almaReleases).map((release) => `alma:${release}`),
  fetch: fetchDocument(url),
  parse: async (spool, signal) => (await import('../../feeds/osv/errata.ts')).readErrata(spool, signal, source),
}

/** Where an erratum, `ALSA-2023:0954`, can be read. */
export function erratumLink(id: string, release: string): string {
  return `https://errata.almalinux.org/${release}/${encodeURIComponent(id.toWellFormed().replace(':', '-'))}.html`
}
