import type { Ecosystem } from '../../core/ecosystem.ts'
import type { Package } from '../../core/package.ts'
import { dpkgStatus } from '../../formats/dpkg-status.ts'
import { osRelease } from '../../formats/os-release.ts'
import { dpkg } from '../../versions/dpkg.ts'
import { advisoryFact, advisoryLists } from './advisory-list.ts'
import { trackerFeed } from './feed.ts'
import { releaseOf } from './releases.ts'

/** Debian. The security tracker names source packages, so that is what packages are looked up by. */
export const debian: Ecosystem = {
  id: 'debian',
  title: 'Debian',
  versions: dpkg,
  analyzers: [osRelease, dpkgStatus],
  packageTypes: ['deb'],
  vendors: /^Debian\b/i,
  coverage(release) {
    if (release.id !== 'debian') return undefined
    const { scope, endOfLife } = releaseOf(release)
    return {
      scopes: [scope],
      feeds: [trackerFeed],
      advisories: advisoryLists,
      ...(endOfLife === undefined ? {} : { endOfLife }),
    }
  },
  keys: (pkg, { scopes }) => scopes.flatMap((scope) => sourcesOf(pkg).map((name) => ({ scope, name }))),
  advisoryFact: (_, { scope, name }) => advisoryFact(scope, name),
  advisoryLink: (advisory) =>
    `https://security-tracker.debian.org/tracker/${encodeURIComponent(advisory.toWellFormed())}`,
  feeds: () => [trackerFeed, ...advisoryLists],
}

/**
 * The names that the tracker may have a package under. A signed kernel is built from `linux-signed-amd64` or
 * `linux-signed-6.1-amd64` (6.1.170+3), but is `linux` or `linux-6.1` in its own version (6.1.170-3), and that is spoken of.
 */
function sourcesOf({ source }: Package): readonly string[] {
  const signed = /^linux-signed(-[\d.]+)?-[a-z\d]+$/.exec(source.name)
  return signed === null ? [source.name] : [source.name, `linux${signed[1] ?? ''}`]
}
