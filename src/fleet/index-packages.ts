import type { FleetPackage, PackageSet } from '../core/fleet.ts'
import type { Release } from '../core/package.ts'
import type { IndexedPackage, IndexReport } from '../core/report.ts'

/** The release of packages of an image that does not say which it has. */
const unknownRelease: Release = { id: '', versionId: '', codename: '', prettyName: '', idLike: [], cpe: '' }

/** What of an image's package its judgement depends on. */
export function fleetPackageOf(pkg: IndexedPackage, release: Release = unknownRelease): FleetPackage {
  const { type, name, version, arch, source, module, repositories = [] } = pkg
  return {
    release,
    package: { type, name, version, arch, source, ...(module === undefined ? {} : { module }) },
    repositories: [...repositories].sort(),
  }
}

/** The packages of an image, by the layers that brought them. */
export function packageSetsOf({ packages, release }: IndexReport): readonly PackageSet[] {
  const byLayer = Map.groupBy(packages, ({ layer }) => layer)
  return [...byLayer.values()].map((own) => own.map((pkg) => fleetPackageOf(pkg, release)))
}
