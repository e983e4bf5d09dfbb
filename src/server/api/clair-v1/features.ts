import type { IndexReport } from '../../../core/report.ts'
import { type FeatureVulnerability, featuresOf, type ReportWithMetadata } from '../../features.ts'
import type { V1Feature, V1Vulnerability } from './schema.ts'

/** The features of an image in the form of Clair v1, each with the layer that brought it. With `report`, also their vulnerabilities. */
export function v1Features(
  index: IndexReport,
  namespace: string,
  report: ReportWithMetadata | undefined,
): readonly V1Feature[] {
  return featuresOf(index, report).map(({ name, version, format, layer, vulnerabilities }) => ({
    Name: name,
    Version: version,
    NamespaceName: namespace,
    VersionFormat: format,
    ...(vulnerabilities.length === 0
      ? {}
      : { Vulnerabilities: vulnerabilities.map((one) => v1Vulnerability(one, namespace)) }),
    AddedBy: index.image.layers[layer]?.createdBy ?? '',
  }))
}

function v1Vulnerability(
  { id, description, link, severity, fixedBy, metadata }: FeatureVulnerability,
  namespace: string,
): V1Vulnerability {
  return {
    Name: id,
    NamespaceName: namespace,
    ...(description === '' ? {} : { Description: description }),
    ...(link === '' ? {} : { Link: link }),
    Severity: severity,
    ...(metadata === undefined ? {} : { Metadata: metadata }),
    ...(fixedBy === null ? {} : { FixedBy: fixedBy }),
  }
}
