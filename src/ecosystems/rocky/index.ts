import type { Ecosystem } from '../../core/ecosystem.ts'
import { moduleNames } from '../../feeds/rpm-flavours.ts'
import { osRelease } from '../../formats/os-release.ts'
import { rpmdb } from '../../formats/rpmdb/index.ts'
import { rpm } from '../../versions/rpm.ts'
import { errataFeed, erratumLink } from './feed.ts'
import { judgeSource } from './judge.ts'
import { endOfLifeOf } from './releases.ts'

/** Rocky Linux. Errata name the packages that others are built from. */
export const rocky: Ecosystem = {
  id: 'rocky',
  title: 'Rocky Linux',
  versions: rpm,
  analyzers: [osRelease, rpmdb],
  packageTypes: ['rpm'],
  vendors: /^Rocky\b/,
  coverage(release) {
    const number = /^\d+/.exec(release.versionId)?.[0]
    if (release.id !== 'rocky' || number === undefined) return undefined
    const endOfLife = endOfLifeOf(number)
    return {
      scopes: [`rocky:${number}`],
      feeds: [errataFeed],
      ...(endOfLife === undefined ? {} : { endOfLife }),
    }
  },
  keys: (pkg, { scopes }) =>
    scopes.flatMap((scope) => moduleNames(pkg.source.name, pkg.module).map((name) => ({ scope, name }))),
  judge: judgeSource,
  advisoryLink: erratumLink,
  feeds: () => [errataFeed],
}
