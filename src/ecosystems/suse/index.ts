import type { Coverage, Ecosystem } from '../../core/ecosystem.ts'
import { judge } from '../../core/judge.ts'
import { osRelease } from '../../formats/os-release.ts'
import { rpmdb } from '../../formats/rpmdb/index.ts'
import { rpm } from '../../versions/rpm.ts'
import { linkOf } from './advisories.ts'
import { updatesFeed } from './feed.ts'
import { endOfLifeOf, releaseOf } from './releases.ts'

/** SUSE Linux Enterprise and openSUSE. Updates name binary packages, by service pack. */
export const suse: Ecosystem = {
  id: 'suse',
  title: 'SUSE and openSUSE',
  versions: rpm,
  analyzers: [osRelease, rpmdb],
  packageTypes: ['rpm'],
  vendors: /^(?:open)?SUSE\b/,
  coverage(release): Coverage | undefined {
    const known = releaseOf(release)
    if (known === undefined) return undefined
    const endOfLife = endOfLifeOf(known)
    return { scopes: known.scopes, feeds: [updatesFeed], ...(endOfLife === undefined ? {} : { endOfLife }) }
  },
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.name })),
  // The data has no epochs, whatever the packages have.
  judge: (pkg, statement) => judge(pkg.version.replace(/^\d+:/, ''), statement, rpm),
  feeds: () => [updatesFeed],
  advisoryLink: linkOf,
}
