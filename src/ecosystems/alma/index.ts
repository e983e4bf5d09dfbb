import type { Ecosystem } from '../../core/ecosystem.ts'
import { judge } from '../../core/judge.ts'
import { moduleNames, otherFlavour } from '../../feeds/rpm-flavours.ts'
import { osRelease } from '../../formats/os-release.ts'
import { rpmdb } from '../../formats/rpmdb/index.ts'
import { rpm } from '../../versions/rpm.ts'
import { errataFeed, erratumLink } from './feed.ts'
import { almaReleases, releaseOf } from './releases.ts'

/** AlmaLinux. Errata name the packages as they are installed, and modular ones by their stream. */
export const alma: Ecosystem = {
  id: 'alma',
  title: 'AlmaLinux',
  versions: rpm,
  analyzers: [osRelease, rpmdb],
  packageTypes: ['rpm'],
  vendors: /^AlmaLinux\b/,
  coverage(release) {
    if (release.id !== 'almalinux') return undefined
    const number = releaseOf(release)
    if (number === undefined) return undefined
    const endOfLife = almaReleases[number]
    return {
      scopes: [`alma:${number}`],
      feeds: [errataFeed],
      ...(endOfLife === undefined ? {} : { endOfLife }),
    }
  },
  keys: (pkg, { scopes }) =>
    scopes.flatMap((scope) => moduleNames(pkg.name, pkg.module).map((name) => ({ scope, name }))),
  judge: (pkg, statement) => otherFlavour(pkg, statement) ?? judge(pkg.version, statement, rpm),
  advisoryLink: (advisory, scope) => erratumLink(advisory, scope.slice('alma:'.length)),
  feeds: () => [errataFeed],
}
