import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import { type AzureLinuxRelease, scopeOf } from './releases.ts'

/** The vulnerabilities of a release, as Microsoft's OVAL data tells them. */
export function feedOf(release: AzureLinuxRelease): Feed {
  const { name, document } = release
  const url = `https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/${document}-oval.xml`
  const scope = scopeOf(release)
  return {
    id: `azurelinux-${name}`,
    url,
    version: 1,
    scopes: [scope],
    fetch: fetchDocument(url),
    parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, url, scope),
  }
}
