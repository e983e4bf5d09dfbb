import type { Gap } from './gap.ts'
import type { LayerIndex } from './layer-index.ts'
import { MergedView, type Standing } from './merged-view.ts'
import type { Observation, Package, Release } from './package.ts'
import { packageUrl } from './purl.ts'
import type { IndexedPackage, IndexReport, ReportImage } from './report.ts'
import { layerRepositories } from './repositories.ts'

/** A file of the merged image in which something was seen. */
interface Survivor {
  readonly path: string
  readonly layer: number
  readonly observations: readonly Observation[]
}

/**
 * Puts the layers of an image upon each other. `layers` stand in the order of `image.layers`, lowest first; `anchors` are the
 * well-known paths of the analyzers.
 *
 * The one rule: an observation belongs to a layer and a path, and survives unless a later layer replaces or removes that path
 * (`MergedView`). A package was brought by the first layer of the unbroken run of versions of its path that list it. The
 * release is the surviving one with the lowest precedence. Repositories belong to layers (`layerRepositories`): a package has
 * those of the layer that brought it. An anchor that leads through links to a file which was not read, or nowhere, is a gap.
 */
export function squash(image: ReportImage, layers: readonly LayerIndex[], anchors: readonly string[]): IndexReport {
  const view = new MergedView(layers)
  const survivors = survivingFiles(view, layers)
  const release = releaseOf(survivors)
  const gaps = [
    ...layers.flatMap((layer) => layer.gaps),
    ...survivors.flatMap(gapsOf),
    ...anchors.flatMap((anchor) => linkGap(view, anchor)),
  ]
  const packages = withRepositories(packagesOf(view, survivors, release), layerRepositories(layers))
  return { image, release, packages, gaps: distinct(gaps) }
}

function survivingFiles(view: MergedView, layers: readonly LayerIndex[]): readonly Survivor[] {
  const paths = new Set<string>()
  for (const { files } of layers) {
    for (const { path, observations } of files) if (observations.length > 0) paths.add(path)
  }
  const survivors: Survivor[] = []
  for (const path of [...paths].sort(compareText)) {
    const standing = view.at(path)
    const observations = observationsAt(standing)
    if (standing !== undefined && observations.length > 0) survivors.push({ path, layer: standing.layer, observations })
  }
  return survivors
}

function observationsAt(standing: Standing | undefined): readonly Observation[] {
  return standing?.file?.type === 'file' ? standing.file.observations : []
}

function releaseOf(survivors: readonly Survivor[]): Release | undefined {
  let best: (Observation & { kind: 'release' }) | undefined
  for (const observation of survivors.flatMap((survivor) => survivor.observations)) {
    if (observation.kind !== 'release') continue
    if (best === undefined || observation.precedence < best.precedence) best = observation
  }
  return best?.release
}

function gapsOf({ path, observations }: Survivor): readonly Gap[] {
  return observations
    .filter((observation) => observation.kind === 'gap')
    .map(({ code, detail }) => ({ code, where: path, detail }))
}

function linkGap(view: MergedView, anchor: string): readonly Gap[] {
  const found = view.resolve(anchor)
  if (found.kind === 'lost') {
    return [
      { code: 'link-unresolved', where: anchor, detail: 'leads through links that end nowhere, or through too many' },
    ]
  }
  const { path, followed, standing } = found
  if (!followed || standing === undefined || standing.file !== undefined) return []
  return [{ code: 'link-unresolved', where: anchor, detail: `leads through links to ${path}, which was not read` }]
}

function packagesOf(
  view: MergedView,
  survivors: readonly Survivor[],
  release: Release | undefined,
): readonly IndexedPackage[] {
  const found = survivors.flatMap((survivor) => {
    const packages = packagesIn(survivor.observations)
    const introduced = introductions(view, survivor, packages)
    return [...packages].map(([key, pkg]) => ({
      ...pkg,
      purl: packageUrl(pkg, release),
      path: survivor.path,
      layer: introduced.get(key)!,
    }))
  })
  return withoutBaseImages(found).sort(comparePackages)
}

/** Without what the labels say that came from the images below: an image is one container, that of its last labels. */
function withoutBaseImages(packages: readonly IndexedPackage[]): IndexedPackage[] {
  const top = packages.reduce((layer, pkg) => (pkg.type === 'oci' ? Math.max(layer, pkg.layer) : layer), 0)
  return packages.filter(({ type, layer }) => type !== 'oci' || layer === top)
}

function withRepositories(
  packages: readonly IndexedPackage[],
  repositories: readonly (readonly string[])[],
): readonly IndexedPackage[] {
  return packages.map((pkg) => {
    const names = repositories[pkg.layer] ?? []
    return names.length === 0 ? pkg : { ...pkg, repositories: names }
  })
}

/** For each package of a file the first layer of the unbroken run of versions of that file that list it. */
function introductions(
  view: MergedView,
  { path, layer }: Survivor,
  packages: ReadonlyMap<string, Package>,
): ReadonlyMap<string, number> {
  const introduced = new Map([...packages.keys()].map((key) => [key, layer]))
  let open = [...packages.keys()]
  for (let version = view.at(path, layer); open.length > 0; version = view.at(path, version.layer)) {
    const listed = packagesIn(observationsAt(version))
    open = open.filter((key) => listed.has(key))
    if (version === undefined) break
    for (const key of open) introduced.set(key, version.layer)
  }
  return introduced
}

/** The packages among the observations, each once. */
function packagesIn(observations: readonly Observation[]): ReadonlyMap<string, Package> {
  const packages = new Map<string, Package>()
  for (const observation of observations) {
    if (observation.kind !== 'package') continue
    const { type, name, version, arch } = observation.package
    const key = JSON.stringify([type, name, version, arch])
    if (!packages.has(key)) packages.set(key, observation.package)
  }
  return packages
}

function comparePackages(left: IndexedPackage, right: IndexedPackage): number {
  return (
    compareText(left.type, right.type) ||
    compareText(left.name, right.name) ||
    compareText(left.version, right.version) ||
    compareText(left.arch, right.arch) ||
    compareText(left.path, right.path)
  )
}

/** The order of code units: the same on every machine. */
function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function distinct(gaps: readonly Gap[]): readonly Gap[] {
  return [...new Map(gaps.map((gap) => [JSON.stringify([gap.code, gap.where, gap.detail]), gap])).values()]
}
