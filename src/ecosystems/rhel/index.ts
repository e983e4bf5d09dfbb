import type { AdvisoryKey } from '../../core/advisory.ts'
import type { Coverage, Ecosystem, Facts, KeyedPackage } from '../../core/ecosystem.ts'
import { containerLabels } from '../../formats/container-labels.ts'
import { contentManifest } from '../../formats/content-manifest.ts'
import { osRelease } from '../../formats/os-release.ts'
import { rpmdb } from '../../formats/rpmdb/index.ts'
import { rpm } from '../../versions/rpm.ts'
import { containersFeedId, mapFeeds, vexFeed } from './feed.ts'
import { judgePackage } from './judge.ts'
import { namesOf } from './names.ts'
import { releaseOf } from './releases.ts'
import { baseScope, containersScope, factNames, hasSources, repositoriesFeedId, scopesOf } from './scopes.ts'

const feeds = [vexFeed, ...mapFeeds]

/**
 * Red Hat Enterprise Linux with its universal base images, and CentOS. What is fixed is said of binary packages, what is not of
 * sources also, each of products that are known by CPE names; which of them a package is judged by, its repositories say.
 */
export const rhel: Ecosystem = {
  id: 'rhel',
  title: 'Red Hat Enterprise Linux',
  versions: rpm,
  analyzers: [osRelease, rpmdb, contentManifest, containerLabels],
  packageTypes: ['rpm', 'oci'],
  vendors: /^(?:Red Hat|CentOS)\b/,
  coverage(release) {
    const known = releaseOf(release)
    if (known === undefined) return undefined
    const { major, minor, isStream, endOfLife } = known
    return {
      scopes: [baseScope(major)],
      feeds,
      ...(endOfLife === undefined ? {} : { endOfLife }),
      ...(minor === undefined ? {} : { minorRelease: minor }),
      ...(isStream ? { approximate: streamCaution } : {}),
    }
  },
  facts: (packages) => {
    const repositories = new Set(packages.flatMap((pkg) => pkg.repositories ?? []))
    const containers = new Set(packages.filter(({ type }) => type === 'oci').map(({ name }) => name))
    return [
      { feed: repositoriesFeedId, names: [...new Set([...repositories].flatMap(factNames))] },
      { feed: containersFeedId, names: [...containers] },
    ].filter(({ names }) => names.length > 0)
  },
  keys: (pkg, coverage, facts) => (pkg.type === 'oci' ? containerKeys(pkg, facts) : packageKeys(pkg, coverage, facts)),
  judge: judgePackage,
  advisoryLink: (advisory) =>
    /^RH[A-Z]A-\d{4}:\d+$/.test(advisory) ? `https://access.redhat.com/errata/${advisory}` : undefined,
  feeds: () => feeds,
}

const streamCaution =
  'CentOS Stream has no security data of its own. Its packages are judged by that of RHEL, which gets their versions later and fixes some of them by other ones.'

function packageKeys(pkg: KeyedPackage, coverage: Coverage, facts: Facts): readonly AdvisoryKey[] {
  const { binary, source } = namesOf(pkg)
  if (source === undefined) return []
  return scopesOf(pkg, coverage, facts).flatMap((scope) => {
    const names = hasSources(scope) ? [...binary, source] : binary
    return names.map((name) => ({ scope, name }))
  })
}

/** By the repositories that it is published in, its own name, and its component. */
function containerKeys({ name, source }: KeyedPackage, facts: Facts): readonly AdvisoryKey[] {
  const known = facts(containersFeedId, name)
  const repositories = Array.isArray(known) ? known.filter((one): one is string => typeof one === 'string') : []
  return [...new Set([...repositories, name, source.name])].map((one) => ({ scope: containersScope, name: one }))
}
