import { secdbFeed } from '../../feeds/secdb/feed.ts'
import { publicLink } from '../../feeds/secdb/links.ts'
import { apk } from '../../versions/apk.ts'

/** The fixes of all packages of Chainguard, which has no releases. */
export const chainguardFeed = secdbFeed({
  id: 'chainguard',
  url: 'https://packages.cgr.dev/chainguard/security.json',
  scope: 'chainguard:rolling',
  versions: apk,
  link: publicLink,
})
