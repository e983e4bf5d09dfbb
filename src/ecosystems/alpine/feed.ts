import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import { apk } from '../../versions/apk.ts'

const repositories = ['main', 'community'] as const

/** The feeds of a branch (`3.18`, `edge`), one a repository. The security database begins with 3.2, its community part with 3.3. */
export function feedsOf(branch: string): readonly Feed[] {
  const folder = branch === 'edge' ? 'edge' : `v${branch}`
  const offered = branch === '3.2' ? repositories.slice(0, 1) : repositories
  return offered.map((repository) => {
    const url = `https://secdb.alpinelinux.org/${folder}/${repository}.json`
    const scope = `alpine:${branch}`
    return {
      id: `alpine-${branch}-${repository}`,
      url,
      version: 1,
      scopes: [scope],
      // Nothing of community had been fixed yet while 3.3 was supported. Main always has something: it has OpenSSL.
      ...(repository === 'community' ? { mayBeEmpty: true } : {}),
      fetch: fetchDocument(url),
      parse: async (spool, signal) =>
        (await import('../../feeds/secdb/records.ts')).readSecdb(spool, signal, {
          where: url,
          scope,
          versions: apk,
          link,
        }),
    }
  })
}

function link(id: string): string {
  return `https://security.alpinelinux.org/vuln/${encodeURIComponent(id.toWellFormed())}`
}
