import type { Digest } from '../core/digest.ts'
import type { Finding, IndexedPackage, ReportImage, VulnerabilityReport } from '../core/report.ts'
import type { ReportWriter, WriterOptions } from '../core/report-writer.ts'
import type { JsonReport } from './json/schema.ts'

type Layers = ReportImage['layers']

/** The report for programs: `docs/schema/report-1.json`. One element of a list a line, the same bytes for the same report. */
export const json: ReportWriter = {
  id: 'json',
  help: 'everything, for programs; the format is docs/schema/report-1.json',
  mediaType: 'application/json',
  *write(report, options) {
    const { layers } = report.image
    yield `{\n  "schemaVersion": ${report.schemaVersion},\n`
    yield `  "generator": ${encode(report.generator)},\n`
    yield `  "asOf": ${encode(report.asOf ?? null)},\n`
    yield `  "image": ${encode(imageOf(report.image))},\n`
    yield `  "release": ${encode(releaseOf(report.release))},\n`
    yield* list('packages', report.packages, (pkg) => packageOf(pkg, layers))
    yield* list('findings', report.findings, (finding) => findingOf(finding, layers))
    yield `  "filter": ${encode(filterOf(options))},\n`
    yield* list('gaps', report.gaps, ({ code, where, detail }) => ({ code, where, detail }))
    yield* list('data', report.data, dataOf)
    yield* list('enrichment', report.enrichment, dataOf, '')
    yield '}\n'
  },
}

const chunkSize = 64 * 1024

function* list<Item>(key: string, items: readonly Item[], map: (item: Item) => unknown, end = ','): Iterable<string> {
  if (items.length === 0) {
    yield `  "${key}": []${end}\n`
    return
  }
  let chunk = `  "${key}": [\n`
  for (const [index, item] of items.entries()) {
    chunk += `    ${encode(map(item))}${index + 1 < items.length ? ',' : ''}\n`
    if (chunk.length < chunkSize) continue
    yield chunk
    chunk = ''
  }
  yield `${chunk}  ]${end}\n`
}

/** JSON that a terminal shows and does not obey: what `JSON.stringify` leaves of control and direction characters is escaped. */
export function encode(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function imageOf(image: ReportImage): JsonReport['image'] {
  return {
    reference: image.reference,
    tags: [...image.tags],
    digest: image.digest ?? null,
    configDigest: image.configDigest ?? null,
    platform: {
      os: image.platform.os,
      architecture: image.platform.architecture,
      ...(image.platform.variant === undefined ? {} : { variant: image.platform.variant }),
    },
    layers: image.layers.map(({ digest, diffId, createdBy }) => ({
      digest: digest ?? null,
      diffId: diffId ?? null,
      createdBy,
    })),
  }
}

function releaseOf(release: VulnerabilityReport['release']): JsonReport['release'] {
  if (release === undefined) return null
  const { id, versionId, codename, prettyName, idLike, cpe } = release
  return { id, versionId, codename, prettyName, idLike: [...idLike], cpe }
}

function layerOf(index: number, layers: Layers): { index: number; digest: Digest | null } {
  return { index, digest: layers[index]?.digest ?? null }
}

function packageOf(pkg: IndexedPackage, layers: Layers): JsonReport['packages'][number] {
  return {
    type: pkg.type,
    name: pkg.name,
    version: pkg.version,
    arch: pkg.arch,
    source: { name: pkg.source.name, version: pkg.source.version },
    purl: pkg.purl,
    layer: layerOf(pkg.layer, layers),
    path: pkg.path,
    ...(pkg.module === undefined ? {} : { module: pkg.module }),
    ...(pkg.vendor === undefined ? {} : { vendor: pkg.vendor }),
  }
}

/** A finding as the report has it. */
export function findingOf(finding: Finding, layers: Layers): JsonReport['findings'][number] {
  const { why } = finding
  return {
    id: finding.id,
    aliases: [...finding.aliases],
    package: finding.package,
    version: finding.version,
    arch: finding.arch,
    purl: finding.purl,
    fixedIn: finding.fixedIn,
    state: finding.state,
    severity: finding.severity,
    severitySource: finding.severitySource,
    cvss: finding.cvss.map(({ source, version, vector, score }) => ({ source, version, vector, score })),
    weaknesses: [...finding.weaknesses],
    epss: epssOf(finding),
    kev: kevOf(finding),
    risk: finding.risk,
    description: finding.description,
    links: [...finding.links],
    advisory: finding.advisory,
    advisoryLink: finding.advisoryLink,
    note: finding.note,
    setAside: finding.setAside,
    why: {
      feed: why.feed,
      scope: why.scope,
      name: why.name,
      scheme: why.scheme,
      compared: why.compared,
      because: why.because,
      path: why.path,
      layer: layerOf(why.layer, layers),
      createdBy: why.createdBy,
    },
  }
}

function epssOf({ epss }: Finding): JsonReport['findings'][number]['epss'] {
  return epss === null ? null : { score: epss.score, percentile: epss.percentile, date: epss.date }
}

function kevOf({ kev }: Finding): JsonReport['findings'][number]['kev'] {
  return kev === null ? null : { dateAdded: kev.dateAdded, dueDate: kev.dueDate, ransomware: kev.ransomware }
}

function filterOf({ shown }: WriterOptions): JsonReport['filter'] {
  const setAside = shown.setAside.reduce((sum, { findings }) => sum + findings, 0)
  if (shown.severity === undefined && !shown.onlyFixed && setAside === 0) return null
  return { severity: shown.severity ?? null, onlyFixed: shown.onlyFixed, hidden: shown.hidden, setAside }
}

function dataOf(data: VulnerabilityReport['data'][number]): JsonReport['data'][number] {
  return {
    feed: data.feed,
    url: data.url,
    generation: data.generation,
    checkedAt: data.checkedAt,
    importedAt: data.importedAt,
    dataTime: data.dataTime,
    records: data.records,
    gaps: data.gaps,
  }
}
