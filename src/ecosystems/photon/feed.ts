import type { Feed } from '../../core/feed.ts'
import { fetchDocument } from '../../feeds/document.ts'
import { type PhotonRelease, scopeOf } from './releases.ts'

/** The security updates of a release. They moved from the servers of VMware to those of Broadcom. */
export function feedOf(release: PhotonRelease): Feed {
  const { number } = release
  const path = `photon/photon_oval_definitions/com.vmware.phsa-photon${number.replace('.0', '')}.xml`
  const url = `https://packages.broadcom.com/${path}.gz`
  const scope = scopeOf(release)
  return {
    id: `photon-${number}`,
    url,
    version: 1,
    scopes: [scope],
    fetch: fetchDocument(url, `https://packages.vmware.com/${path}`),
    parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, url, scope),
  }
}
