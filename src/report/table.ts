import type { VulnerabilityReport } from '../core/report.ts'
import type { ReportWriter, WriterOptions } from '../core/report-writer.ts'
import { line, type Paint, painter, paragraph, type Style } from './layout.ts'
import { advice } from './table/advice.ts'
import { gapLines } from './table/gaps.ts'
import { header } from './table/header.ts'
import { findingRows } from './table/rows.ts'
import { severityCounts, summary } from './table/summary.ts'
import { counted, grouped, listed } from './words.ts'

/** The widest that prose gets, and the narrowest that anything is laid out for. */
const proseWidth = 100
const leastWidth = 20

/** The report for people: it fits the terminal, and ends with what to do and what cannot be told. */
export const table: ReportWriter = {
  id: 'table',
  help: 'for people: fits the terminal, ends with what to do',
  mediaType: 'text/plain',
  showsDetails: (width) => width !== undefined,
  *write(report, options) {
    const paint = painter(options.color)
    const width = options.width === undefined ? undefined : Math.max(leastWidth, options.width)
    const prose = Math.min(width ?? proseWidth, proseWidth)
    yield* header(report, prose, options, paint)
    yield* section(findingRows(report, width, paint))
    yield* section(summary(report, prose, paint))
    yield* section(advice(report, prose, options, paint))
    yield* section(gapLines(report.gaps, prose, paint))
    yield '\n'
    yield* setAsideLines(options, prose, paint)
    yield* hiddenLine(options, prose, paint)
    yield* lastLine(report, options, prose, paint)
  },
}

/** A section with a blank line above it; nothing if it is empty. */
function* section(lines: Iterable<string>): Iterable<string> {
  let first = true
  for (const text of lines) {
    if (first) yield '\n'
    first = false
    yield text
  }
}

function* setAsideLines({ shown }: WriterOptions, width: number, paint: Paint): Iterable<string> {
  for (const { reason, packages, findings } of shown.setAside) {
    const verb = findings === 1 ? 'is' : 'are'
    const text = `${counted(findings, 'finding')} of ${listed(packages.map(line))} ${verb} set aside (--all shows them): ${reason}.`
    yield paragraph(text, width, '', '', (part) => paint('dim', part))
  }
}

function* hiddenLine({ shown }: WriterOptions, width: number, paint: Paint): Iterable<string> {
  if (shown.hidden === 0) return
  const filters = [
    ...(shown.severity === undefined ? [] : [`--severity ${shown.severity}`]),
    ...(shown.onlyFixed ? ['--only-fixed'] : []),
  ]
  const text = `${counted(shown.hidden, 'more finding')} ${shown.hidden === 1 ? 'is' : 'are'} hidden by ${listed(filters)}.`
  yield paragraph(text, width, '', '', (part) => paint('yellow', part))
}

/** The last line says how it stands, and never calls an image clean that was not seen whole. */
function* lastLine(report: VulnerabilityReport, options: WriterOptions, width: number, paint: Paint): Iterable<string> {
  const [text, style] = verdict(report, options)
  yield paragraph(text, width, '', '', (part) => paint(style, part))
}

function verdict(
  { findings, gaps, packages }: VulnerabilityReport,
  { shown }: WriterOptions,
): readonly [string, Style] {
  const codes = [...Map.groupBy(gaps, ({ code }) => code)].map(([code, own]) =>
    own.length === 1 ? code : `${code} (${grouped(own.length)})`,
  )
  const limits = gaps.length === 0 ? '' : `, but ${counted(gaps.length, 'gap')}: ${listed(codes)}.`
  if (findings.length === 0) {
    const found = shown.hidden > 0 ? 'No other known vulnerabilities found' : 'No known vulnerabilities found'
    if (gaps.length > 0) return [`${found}${limits}`, ['bold', 'yellow']]
    return [`${found} in ${counted(packages.length, 'package')}.`, shown.hidden > 0 ? 'bold' : ['bold', 'green']]
  }
  const fixable = findings.filter(({ state }) => state === 'fixed').length
  const total = `${counted(findings.length, 'finding')} (${severityCounts(findings)}), ${grouped(fixable)} with a fix`
  return [`${total}${gaps.length === 0 ? '.' : `; ${counted(gaps.length, 'gap')}: ${listed(codes)}.`}`, 'bold']
}
