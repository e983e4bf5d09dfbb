import { type AdvisoryKey, qualifiedName } from '../../core/advisory.ts'
import type { Coverage, Ecosystem } from '../../core/ecosystem.ts'
import type { Package } from '../../core/package.ts'
import { buildOf, nameOfBuild } from '../../feeds/oracle-builds.ts'
import { osRelease } from '../../formats/os-release.ts'
import { rpmdb } from '../../formats/rpmdb/index.ts'
import { rpm } from '../../versions/rpm.ts'
import { allFeeds, feedsSince } from './feed.ts'
import { linkOf } from './links.ts'
import { namesOfModule } from './modules.ts'
import { endOfLifeOf, releaseOf, scopeOf } from './releases.ts'

/** Oracle Linux. Errata name binary packages; plain, Ksplice and FIPS builds of one are kept apart by their names here. */
export const oracle: Ecosystem = {
  id: 'oracle',
  title: 'Oracle Linux',
  versions: rpm,
  analyzers: [osRelease, rpmdb],
  packageTypes: ['rpm'],
  vendors: /^Oracle America\b/,
  coverage(release): Coverage | undefined {
    if (release.id !== 'ol') return undefined
    const known = releaseOf(release)
    if (known === undefined) return undefined
    const endOfLife = endOfLifeOf(known)
    return {
      scopes: [scopeOf(known.number)],
      feeds: feedsSince(known.firstYear),
      ...(endOfLife === undefined ? {} : { endOfLife }),
    }
  },
  keys: (pkg, { scopes }) => scopes.flatMap((scope) => namesOf(pkg).map((name): AdvisoryKey => ({ scope, name }))),
  feeds: allFeeds,
  advisoryLink: linkOf,
}

/**
 * The names that statements about a package can have: its build's, in its module stream if it is of one, and on its
 * architecture. What is said of plain packages is not meant for those of a module, nor the other way round.
 */
function namesOf({ name, version, module, arch }: Package): readonly string[] {
  const own = nameOfBuild(name, buildOf(version))
  const names =
    module === undefined ? [own] : namesOfModule(module).map((stream) => qualifiedName(own, { module: stream }))
  return names.flatMap((known) => [
    known,
    ...machinesOf(arch).map((machine) => qualifiedName(known, { arch: machine })),
  ])
}

/** The machines on which a package of an architecture can be installed. */
function machinesOf(arch: string): readonly string[] {
  if (arch === 'noarch') return ['x86_64', 'aarch64', 'i686']
  return /^i[3-6]86$/.test(arch) ? ['i686', 'x86_64'] : [arch]
}
