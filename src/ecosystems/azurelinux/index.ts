import type { Coverage, Ecosystem } from '../../core/ecosystem.ts'
import { judge } from '../../core/judge.ts'
import { osRelease } from '../../formats/os-release.ts'
import { rpmdb } from '../../formats/rpmdb/index.ts'
import { rpm } from '../../versions/rpm.ts'
import { feedOf } from './feed.ts'
import { azureLinuxReleases, endOfLifeOf, releaseOf, scopeOf } from './releases.ts'
import { withoutEpoch } from './versions.ts'

/** Azure Linux and CBL-Mariner. The data names source packages, and their versions are compared. */
export const azurelinux: Ecosystem = {
  id: 'azurelinux',
  title: 'Azure Linux',
  versions: rpm,
  analyzers: [osRelease, rpmdb],
  packageTypes: ['rpm'],
  vendors: /^Microsoft\b/,
  coverage(release): Coverage | undefined {
    const known = releaseOf(release)
    if (known === undefined) return undefined
    const endOfLife = endOfLifeOf(known)
    return { scopes: [scopeOf(known)], feeds: [feedOf(known)], ...(endOfLife === undefined ? {} : { endOfLife }) }
  },
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.source.name })),
  judge: (pkg, statement) => judge(withoutEpoch(pkg.source.version), statement, rpm),
  feeds: () => azureLinuxReleases.map(feedOf),
}
