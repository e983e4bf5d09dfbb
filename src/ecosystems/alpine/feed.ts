import type { Feed } from '../../core/feed.ts'
import { secdbFeed } from '../../feeds/secdb/feed.ts'
import { apk } from '../../versions/apk.ts'

const repositories = ['main', 'community'] as const

/** The feeds of a branch (`3.18`, `edge`), one a repository. The security database begins with 3.2, its community part with 3.3. */
export function feedsOf(branch: string): readonly Feed[] {
  const folder = branch === 'edge' ? 'edge' : `v${branch}`
  const offered = branch === '3.2' ? repositories.slice(0, 1) : repositories
  return offered.map((repository) =>
    secdbFeed({
      id: `alpine-${branch}-${repository}`,
      url: `https://secdb.alpinelinux.org/${folder}/${repository}.json`,
      scope: `alpine:${branch}`,
      versions: apk,
      link,
      // Nothing of community had been fixed yet while 3.3 was supported. Main always has something: it has OpenSSL.
      ...(repository === 'community' ? { mayBeEmpty: true } : {}),
    }),
  )
}

function link(id: string): string {
  return `https://security.alpinelinux.org/vuln/${encodeURIComponent(id.toWellFormed())}`
}
