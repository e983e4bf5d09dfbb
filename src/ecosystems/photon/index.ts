import type { Coverage, Ecosystem } from '../../core/ecosystem.ts'
import { osRelease } from '../../formats/os-release.ts'
import { rpmdb } from '../../formats/rpmdb/index.ts'
import { rpm } from '../../versions/rpm.ts'
import { linkOf } from './advisories.ts'
import { feedOf } from './feed.ts'
import { endOfLifeOf, photonReleases, releaseOf, scopeOf } from './releases.ts'

/** Photon OS. Its security updates name binary packages. */
export const photon: Ecosystem = {
  id: 'photon',
  title: 'Photon OS',
  versions: rpm,
  analyzers: [osRelease, rpmdb],
  packageTypes: ['rpm'],
  vendors: /^VMware\b/,
  coverage(release): Coverage | undefined {
    if (release.id !== 'photon') return undefined
    const known = releaseOf(release)
    if (known === undefined) return undefined
    const endOfLife = endOfLifeOf(known)
    return { scopes: [scopeOf(known)], feeds: [feedOf(known)], ...(endOfLife === undefined ? {} : { endOfLife }) }
  },
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.name })),
  feeds: () => photonReleases.map(feedOf),
  advisoryLink: linkOf,
}
