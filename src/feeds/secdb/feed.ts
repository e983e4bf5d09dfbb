import type { Feed } from '../../core/feed.ts'
import type { VersionScheme } from '../../core/versions.ts'
import { fetchDocument } from '../document.ts'

/** What tells the security database of one repository from others. */
export interface SecdbFeedOptions {
  readonly id: string
  readonly url: string
  readonly scope: string
  readonly versions: VersionScheme
  /** Where can be read of a vulnerability, by its id. */
  readonly link: (id: string) => string | undefined
  readonly mayBeEmpty?: true
}

/** A feed that is a security database of apk packages, all of it about one scope. */
export function secdbFeed({ id, url, scope, versions, link, ...rest }: SecdbFeedOptions): Feed {
  return {
    id,
    url,
    version: 1,
    scopes: [scope],
    ...rest,
    fetch: fetchDocument(url),
    parse: async (spool, signal) =>
      (await import('./records.ts')).readSecdb(spool, signal, { where: url, scope, versions, link }),
  }
}
