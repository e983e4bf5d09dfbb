import type { Ecosystem } from '../../src/core/ecosystem.ts'
import type { Feed } from '../../src/core/feed.ts'
import type { IndexReport } from '../../src/core/report.ts'
import { dpkg } from '../../src/versions/dpkg.ts'
import { source } from './records.ts'

/** An image of a few packages, and the ecosystem that judges it, for tests of what is kept of scans. */

const digest = `sha256:${'1'.repeat(64)}` as const

/** A feed that has nothing to fetch. */
export function feedOf(id: string): Feed {
  return {
    ...source([], { id }).feed,
    scopes: ['debian:11', 'debian:12'],
    fetch: async () => 'unchanged',
    parse: async () => (async function* () {})(),
  }
}

/** Its own feed is `one`. */
export const smallEcosystem: Ecosystem = {
  id: 'debian',
  title: 'Debian',
  versions: dpkg,
  analyzers: [],
  packageTypes: ['deb'],
  coverage: () => ({ scopes: ['debian:11', 'debian:12'], feeds: [feedOf('one')], endOfLife: '2030-01-01' }),
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.source.name })),
  feeds: () => [feedOf('one')],
}

/** Two packages of one source, one of a kind that is not judged, and others: some of all of them older than what is fixed. */
export const smallImage: IndexReport = {
  image: {
    reference: 'sample',
    tags: [],
    digest,
    configDigest: digest,
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [{ digest, diffId: digest, createdBy: 'ADD rootfs' }],
  },
  release: { id: 'debian', versionId: '12', codename: '', prettyName: 'Debian 12', idLike: [], cpe: '' },
  packages: [
    ['rpm', 'zlib', 'zlib', '0'],
    ['deb', 'libssl3', 'openssl', '0.9'],
    ['deb', 'openssl', 'openssl', '0.9'],
    ['deb', 'zlib1g', 'zlib', '1.5'],
    ['deb', 'linux', 'linux', ''],
  ].map(([type, name, from, version]) => ({
    type: type!,
    name: name!,
    version: version!,
    arch: 'amd64',
    source: { name: from!, version: version! },
    purl: `pkg:${type}/${name}@${version}`,
    path: 'var/lib/dpkg/status',
    layer: 0,
  })),
  gaps: [],
}
