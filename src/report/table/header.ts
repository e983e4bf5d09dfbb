import { releaseName } from '../../core/package.ts'
import type { FeedData, VulnerabilityReport } from '../../core/report.ts'
import type { WriterOptions } from '../../core/report-writer.ts'
import { displayWidth, line, type Paint, paragraph, type Style, truncate } from '../layout.ts'
import { ago, counted, grouped } from '../words.ts'

type Field = readonly [label: string, value: string, style?: Style]

const indent = ' '.repeat(14)

/** Longer values are not worth the room. */
const valueWidth = 400

/** What was scanned, and with which data. */
export function* header(
  report: VulnerabilityReport,
  width: number,
  options: WriterOptions,
  paint: Paint,
): Iterable<string> {
  for (const [label, value, style] of fieldsOf(report, width, options)) {
    const title = paint('dim', label.padEnd(indent.length))
    const text = paragraph(truncate(value, valueWidth), width, indent, indent, (part) => paint(style, part))
    yield title + text.slice(indent.length)
  }
}

function* fieldsOf(report: VulnerabilityReport, width: number, options: WriterOptions): Iterable<Field> {
  const { image } = report
  yield ['Image', line(image.reference), 'bold']
  if (image.digest !== undefined) yield ['Digest', shortened(image.digest, width - indent.length)]
  const { os, architecture, variant } = image.platform
  yield ['Platform', line([os, architecture, variant].filter((part) => part !== undefined).join('/'))]
  yield distributionOf(report)
  yield ['Packages', packagesOf(report)]
  if (image.layers.length > 0) yield ['Layers', grouped(image.layers.length)]
  if (report.asOf !== undefined) yield ['As of', `${line(report.asOf)}, with the data of then`, 'bold']
  for (const [index, data] of report.data.entries()) yield dataOf(index === 0 ? 'Data' : '', data, report, options)
  if (report.data.length === 0) yield ['Data', 'none was used', 'yellow']
  yield* enrichmentOf(report, options)
}

/** The whole digest where there is room for it, else enough to recognise it by. */
function shortened(digest: string, width: number): string {
  return displayWidth(digest) <= width ? digest : `${digest.slice(0, 19)}…`
}

function distributionOf({ release, gaps }: VulnerabilityReport): Field {
  if (release === undefined) return ['Distribution', 'unknown', 'yellow']
  const name = line(releaseName(release))
  const ended = gaps.some(({ code }) => code === 'distribution-end-of-life')
  return ended ? ['Distribution', `${name}, end of life`, 'yellow'] : ['Distribution', name]
}

function packagesOf({ packages }: VulnerabilityReport): string {
  const types = new Map<string, number>()
  for (const { type } of packages) types.set(type, (types.get(type) ?? 0) + 1)
  if (types.size === 0) return 'none'
  return [...types].map(([type, count]) => `${grouped(count)} ${line(type)}`).join(', ')
}

function dataOf(label: string, data: FeedData, { gaps, asOf }: VulnerabilityReport, { now }: WriterOptions): Field {
  const feed = line(data.feed)
  if (data.generation === 0 || data.checkedAt === null) {
    return [label, `${feed}: ${asOf === undefined ? 'never loaded' : 'no data of then'}`, 'red']
  }
  if (asOf !== undefined) {
    const imported = data.importedAt === null ? '' : ` of ${line(data.importedAt.slice(0, 16))}Z`
    return [label, `${feed}: generation ${data.generation}${imported}, ${counted(data.records, 'statement')}`]
  }
  const stale = gaps.some(({ code, where }) => code === 'data-stale' && where === data.feed)
  const text = `${feed}: checked ${line(ago(data.checkedAt, now))}, ${counted(data.records, 'statement')}`
  return stale ? [label, `${text}, out of date`, 'yellow'] : [label, text]
}

/** What findings were enriched with, in one line: feeds of one source are one name. */
function* enrichmentOf({ enrichment, gaps }: VulnerabilityReport, { now }: WriterOptions): Iterable<Field> {
  const incomplete = gaps.some(({ code }) => code === 'enrichment-missing')
  if (enrichment.length === 0) {
    if (incomplete) yield ['Enrichment', 'none was used', 'yellow']
    return
  }
  const names = [...Map.groupBy(enrichment, ({ feed }) => feed.split('-')[0]!)].map(([name, own]) =>
    own.length === 1 ? line(name) : `${line(name)} (${grouped(own.length)} feeds)`,
  )
  const [oldest] = enrichment.map(({ checkedAt }) => checkedAt ?? '').sort()
  const text = `${names.join(', ')}: checked ${line(ago(oldest!, now))}`
  yield incomplete ? ['Enrichment', `${text}, incomplete`, 'yellow'] : ['Enrichment', text]
}
