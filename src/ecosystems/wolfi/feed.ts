import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import { publicLink } from '../../feeds/secdb/links.ts'
import { apk } from '../../versions/apk.ts'

const url = 'https://packages.wolfi.dev/os/security.json'
const scope = 'wolfi:rolling'

/** The fixes of all packages of Wolfi, which has no releases. */
export const secdbFeed: Feed = {
  id: 'wolfi',
  url,
  version: 1,
  scopes: [scope],
  fetch: fetchDocument(url),
  parse: async (spool, signal) =>
    (await import('../../feeds/secdb/records.ts')).readSecdb(spool, signal, {
      where: url,
      scope,
      versions: apk,
      link: publicLink,
    }),
}
