import type { Feed } from '../../core/feed.ts'
import { documentName, fetchDocument } from '../../feeds/document.ts'
import { majorReleases } from './releases.ts'
import { baseScope, repositoriesFeedId } from './scopes.ts'

/** The folder of the VEX documents: an archive of all, and lists of what changed. */
export const vexUrl = 'https://security.access.redhat.com/data/csaf/v2/vex/'

/** The feed that knows the repositories that containers are published in, by the name in their labels. */
export const containersFeedId = 'rhel-containers'

/** What Red Hat says of every CVE in its products: CSAF VEX, one document a CVE. */
export const vexFeed: Feed = {
  id: 'rhel-vex',
  url: vexUrl,
  version: 2,
  scopes: majorReleases.map(baseScope),
  fetch: async (spool, last, signal) => (await import('./vex-fetch.ts')).fetchVex(spool, last, signal),
  parse: async (spool, signal) => (await import('./vex-records.ts')).readVex(spool, signal),
}

const metrics = 'https://security.access.redhat.com/data/metrics/'

/** Facts only: the CPE names of repositories, and the repositories of containers. */
export const mapFeeds: readonly Feed[] = [
  mapFeed(repositoriesFeedId, `${metrics}repository-to-cpe.json`, 'cpes'),
  mapFeed(containersFeedId, `${metrics}container-name-repos-map.json`, undefined),
]

function mapFeed(id: string, url: string, member: string | undefined): Feed {
  return {
    id,
    url,
    version: 1,
    scopes: [],
    fetch: fetchDocument(url),
    parse: async (spool, signal) =>
      (await import('./map-records.ts')).readMap(spool.read(documentName, signal), url, member),
  }
}
