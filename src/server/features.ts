import type { Package } from '../core/package.ts'
import type { Finding, IndexedPackage, IndexReport, VulnerabilityReport } from '../core/report.ts'
import { type Severity, severityRank } from '../core/severity.ts'
import { formatOf } from './namespaces.ts'
import type { NvdMetadata } from './nvd-metadata.ts'

/** A package of an image as Clair called it before v4. */
export interface Feature {
  readonly name: string
  readonly version: string
  /** `dpkg` or `rpm`. */
  readonly format: string
  /** The lowest layer that has some of it: its place in the image. */
  readonly layer: number
  /** Each once. */
  readonly vulnerabilities: readonly FeatureVulnerability[]
}

/** A vulnerability of a feature. Texts are empty where nothing is known. */
export interface FeatureVulnerability {
  readonly id: string
  readonly description: string
  readonly link: string
  readonly severity: ClairSeverity
  /** The first version without it, or `null`. */
  readonly fixedBy: string | null
  readonly metadata: NvdMetadata | undefined
}

/** What is known of the vulnerabilities of an image. */
export interface ReportWithMetadata {
  readonly report: VulnerabilityReport
  readonly metadata: ReadonlyMap<string, NvdMetadata>
}

/** Severities as clients of Clair know them. */
export type ClairSeverity = Capitalize<Severity>

/**
 * The features of an image. What dpkg's packages were built from is one, and of others the packages themselves; each is there
 * once. With `report`, also their vulnerabilities.
 */
export function featuresOf(index: IndexReport, report: ReportWithMetadata | undefined): readonly Feature[] {
  const found = report === undefined ? undefined : vulnerabilitiesOf(report)
  const features = new Map<string, { readonly pkg: IndexedPackage; layer: number; readonly names: string[] }>()
  for (const pkg of index.packages) {
    const { name, version } = featureNames(pkg)
    const key = `${pkg.type}\0${name}\0${version}`
    const known = features.get(key)
    if (known === undefined) features.set(key, { pkg, layer: pkg.layer, names: [packageKey(pkg)] })
    else {
      known.layer = Math.min(known.layer, pkg.layer)
      known.names.push(packageKey(pkg))
    }
  }
  return [...features.values()].map(({ pkg, layer, names }) => {
    const { name, version } = featureNames(pkg)
    const vulnerabilities = new Map(names.flatMap((key) => found?.get(key) ?? []).map((one) => [one.id, one] as const))
    return { name, version, format: formatOf(pkg.type), layer, vulnerabilities: [...vulnerabilities.values()] }
  })
}

/** What a package is called as a feature. */
export function featureNames(pkg: Package): Pick<Feature, 'name' | 'version'> {
  const { name, version } = pkg.type === 'deb' ? pkg.source : pkg
  return { name, version }
}

/** A severity as clients of Clair know it. */
export function severityName(severity: Severity): ClairSeverity {
  return (severity[0]!.toUpperCase() + severity.slice(1)) as ClairSeverity
}

/** The vulnerabilities of each package. Of several findings of the same one the most severe counts. */
function vulnerabilitiesOf({
  report,
  metadata,
}: ReportWithMetadata): ReadonlyMap<string, readonly FeatureVulnerability[]> {
  const found = new Map<string, FeatureVulnerability[]>()
  for (const finding of [...report.findings].sort(
    (left, right) => severityRank(right.severity) - severityRank(left.severity),
  )) {
    const key = packageKey({ ...finding, name: finding.package })
    found.set(key, [...(found.get(key) ?? []), { ...vulnerabilityOf(finding), metadata: metadata.get(finding.id) }])
  }
  return found
}

function vulnerabilityOf({
  id,
  description,
  links,
  severity,
  fixedIn,
}: Finding): Omit<FeatureVulnerability, 'metadata'> {
  return { id, description, link: links[0] ?? '', severity: severityName(severity), fixedBy: fixedIn }
}

function packageKey({ name, version, arch }: Pick<IndexedPackage, 'name' | 'version' | 'arch'>): string {
  return `${name}\0${version}\0${arch}`
}
