import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import type { UbuntuRelease } from './releases.ts'

/** The vulnerabilities of a release, as Canonical's OVAL data tells them. */
export function feedOf({ number, codename }: UbuntuRelease): Feed {
  const url = `https://security-metadata.canonical.com/oval/com.ubuntu.${codename}.cve.oval.xml.bz2`
  const scope = `ubuntu:${number}`
  return {
    id: `ubuntu-${codename}`,
    url,
    version: 1,
    scopes: [scope],
    fetch: fetchDocument(url),
    parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, url, scope),
  }
}
