import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import { publicLink } from '../../feeds/secdb/links.ts'
import { apk } from '../../versions/apk.ts'

const url = 'https://packages.cgr.dev/chainguard/security.json'
const scope = 'chainguard:rolling'

/** The fixes of all packages of Chainguard, which has no releases. */
export const secdbFeed: Feed = {
  id: 'chainguard',
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
