import type { Finding, IndexedPackage, IndexReport, VulnerabilityReport } from '../../../core/report.ts'
import { severityRank } from '../../../core/severity.ts'
import { formatOf } from './namespaces.ts'
import type { V1Feature, V1Vulnerability } from './schema.ts'

/**
 * The features of an image. Clair v1 names what dpkg's packages were built from, and of others the packages themselves; each is
 * there once, brought by the lowest layer that has some of it. With `report`, also their vulnerabilities.
 */
export function featuresOf(
  index: IndexReport,
  namespace: string,
  report: VulnerabilityReport | undefined,
): readonly V1Feature[] {
  const found = report === undefined ? undefined : vulnerabilitiesOf(report, namespace)
  const features = new Map<string, { readonly pkg: IndexedPackage; layer: number; readonly names: string[] }>()
  for (const pkg of index.packages) {
    const { name, version } = featureOf(pkg)
    const key = `${pkg.type}\0${name}\0${version}`
    const known = features.get(key)
    if (known === undefined) features.set(key, { pkg, layer: pkg.layer, names: [packageKey(pkg)] })
    else {
      known.layer = Math.min(known.layer, pkg.layer)
      known.names.push(packageKey(pkg))
    }
  }
  return [...features.values()].map(({ pkg, layer, names }) => {
    const vulnerabilities = new Map(
      names.flatMap((name) => found?.get(name) ?? []).map((one) => [one.Name, one] as const),
    )
    return {
      ...featureNames(pkg),
      NamespaceName: namespace,
      VersionFormat: formatOf(pkg.type),
      ...(vulnerabilities.size === 0 ? {} : { Vulnerabilities: [...vulnerabilities.values()] }),
      AddedBy: index.image.layers[layer]?.createdBy ?? '',
    }
  })
}

function featureNames(pkg: IndexedPackage): { readonly Name: string; readonly Version: string } {
  const { name, version } = featureOf(pkg)
  return { Name: name, Version: version }
}

function featureOf(pkg: IndexedPackage): { readonly name: string; readonly version: string } {
  return pkg.type === 'deb' ? pkg.source : pkg
}

/** The vulnerabilities of each package. Of several findings of the same one the most severe counts. */
function vulnerabilitiesOf(
  { findings }: VulnerabilityReport,
  namespace: string,
): ReadonlyMap<string, readonly V1Vulnerability[]> {
  const found = new Map<string, V1Vulnerability[]>()
  for (const finding of [...findings].sort(
    (left, right) => severityRank(right.severity) - severityRank(left.severity),
  )) {
    const key = packageKey({ ...finding, name: finding.package })
    found.set(key, [...(found.get(key) ?? []), vulnerabilityOf(finding, namespace)])
  }
  return found
}

function vulnerabilityOf({ id, description, links, severity, fixedIn }: Finding, namespace: string): V1Vulnerability {
  return {
    Name: id,
    NamespaceName: namespace,
    ...(description === '' ? {} : { Description: description }),
    ...(links[0] === undefined ? {} : { Link: links[0] }),
    Severity: severityName(severity),
    ...(fixedIn === null ? {} : { FixedBy: fixedIn }),
  }
}

/** A severity as clients of Clair know it. */
export function severityName(severity: Finding['severity']): V1Vulnerability['Severity'] {
  return (severity[0]!.toUpperCase() + severity.slice(1)) as V1Vulnerability['Severity']
}

function packageKey({ name, version, arch }: Pick<IndexedPackage, 'name' | 'version' | 'arch'>): string {
  return `${name}\0${version}\0${arch}`
}
