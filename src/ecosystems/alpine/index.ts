import type { Ecosystem } from '../../core/ecosystem.ts'
import { apkInstalled } from '../../formats/apk-installed.ts'
import { apkRepositories } from '../../formats/apk-repositories.ts'
import { osRelease } from '../../formats/os-release.ts'
import { apk } from '../../versions/apk.ts'
import { feedsOf } from './feed.ts'
import { alpineBranches, branchOf, endOfLifeOf } from './releases.ts'
import { foreignRepository } from './repositories.ts'

/** Alpine Linux. The security database names the packages that others are built from (`origin`). */
export const alpine: Ecosystem = {
  id: 'alpine',
  title: 'Alpine Linux',
  versions: apk,
  analyzers: [osRelease, apkInstalled, apkRepositories],
  packageTypes: ['apk'],
  coverage(release) {
    if (release.id !== 'alpine') return undefined
    const branch = branchOf(release)
    if (branch === undefined) return undefined
    const endOfLife = endOfLifeOf(branch)
    return {
      scopes: [`alpine:${branch}`],
      feeds: feedsOf(branch),
      ...(endOfLife === undefined ? {} : { endOfLife }),
    }
  },
  foreign: foreignRepository,
  keys: (pkg, { scopes }) => scopes.map((scope) => ({ scope, name: pkg.source.name })),
  feeds: () => Object.keys(alpineBranches).flatMap(feedsOf),
}
