import { qualifiedName } from '../../core/advisory.ts'
import type { Ecosystem } from '../../core/ecosystem.ts'
import { osRelease } from '../../formats/os-release.ts'
import { rpmdb } from '../../formats/rpmdb/index.ts'
import { rpm } from '../../versions/rpm.ts'
import { allFeeds, feedsOf } from './feed.ts'
import { advisoryLink } from './links.ts'
import { releaseOf } from './releases.ts'

/** Amazon Linux. Advisories name the packages as they are installed, each for the architectures that it was built for. */
export const amazon: Ecosystem = {
  id: 'amazon',
  title: 'Amazon Linux',
  versions: rpm,
  analyzers: [osRelease, rpmdb],
  packageTypes: ['rpm'],
  vendors: /^Amazon\b/,
  coverage(release) {
    const known = release.id === 'amzn' ? releaseOf(release) : undefined
    if (known === undefined) return undefined
    return { scopes: [`amazon:${known.number}`], feeds: feedsOf(known), endOfLife: known.endOfLife }
  },
  keys: (pkg, { scopes }) =>
    scopes.flatMap((scope) => [
      { scope, name: pkg.name },
      { scope, name: qualifiedName(pkg.name, { arch: pkg.arch }) },
    ]),
  advisoryLink,
  feeds: allFeeds,
}
