import { qualifiedName } from '../../core/advisory.ts'
import type { Coverage, Ecosystem } from '../../core/ecosystem.ts'
import type { Package } from '../../core/package.ts'
import { dpkgStatus } from '../../formats/dpkg-status.ts'
import { osRelease } from '../../formats/os-release.ts'
import { dpkg } from '../../versions/dpkg.ts'
import { feedOf } from './feed.ts'
import { noticesOf } from './notices.ts'
import { endOfLifeOf, releaseOf, ubuntuReleases } from './releases.ts'

/** Ubuntu. Statements are about source packages: see the README beside this for why, though OVAL tests binary ones. */
export const ubuntu: Ecosystem = {
  id: 'ubuntu',
  title: 'Ubuntu',
  versions: dpkg,
  analyzers: [osRelease, dpkgStatus],
  packageTypes: ['deb'],
  vendors: /^(?:Ubuntu|Canonical|Debian)\b/i,
  coverage(release): Coverage | undefined {
    if (release.id !== 'ubuntu') return undefined
    const known = releaseOf(release)
    if (known === undefined) return undefined
    const endOfLife = endOfLifeOf(known)
    return {
      scopes: [`ubuntu:${known.number}`],
      feeds: [feedOf(known)],
      advisories: [noticesOf(known)],
      ...(endOfLife === undefined ? {} : { endOfLife }),
    }
  },
  keys: (pkg, { scopes }) => scopes.flatMap((scope) => namesOf(pkg).map((name) => ({ scope, name }))),
  advisoryFact: (pkg) => pkg.name,
  advisoryLink: (advisory) => `https://ubuntu.com/security/notices/${encodeURIComponent(advisory.toWellFormed())}`,
  feeds: () =>
    ubuntuReleases.filter(({ current }) => current).flatMap((release) => [feedOf(release), noticesOf(release)]),
}

/** The source package, and the binary one, which the data of Clair is about. */
function namesOf(pkg: Package): readonly string[] {
  return [...sourcesOf(pkg), qualifiedName(pkg.name, { kind: 'binary' })]
}

/** A signed kernel is built from `linux-signed-aws`, in the version of `linux-aws`, and the latter is what is spoken of. */
function sourcesOf({ source }: Package): readonly string[] {
  const signed = /^linux-signed(-.+)?$/.exec(source.name)
  return signed === null ? [source.name] : [source.name, `linux${signed[1] ?? ''}`]
}
