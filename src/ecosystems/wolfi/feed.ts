import { secdbFeed } from '../../feeds/secdb/feed.ts'
import { publicLink } from '../../feeds/secdb/links.ts'
import { apk } from '../../versions/apk.ts'

/** The fixes of all packages of Wolfi, which has no releases. */
export const wolfiFeed = secdbFeed({
  id: 'wolfi',
  url: 'https://packages.wolfi.dev/os/security.json',
  scope: 'wolfi:rolling',
  versions: apk,
  link: publicLink,
})
