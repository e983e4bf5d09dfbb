import type { Finding, VulnerabilityReport } from '../../core/report.ts'
import { type Severity, severities } from '../../core/severity.ts'
import { line, type Paint, pad, paragraph, truncate } from '../layout.ts'
import { counted, grouped, listed } from '../words.ts'
import { severityStyles } from './rows.ts'

/** How many findings of each severity there are, how many of them have a fix, and which layers brought them. */
export function* summary(report: VulnerabilityReport, width: number, paint: Paint): Iterable<string> {
  const { findings } = report
  if (findings.length === 0) return
  yield `${paint('bold', 'Summary')}\n`
  const ids = new Set(findings.map(({ id }) => id)).size
  const packages = new Set(findings.map(({ purl }) => purl)).size
  const counts = `${counted(findings.length, 'finding')}: ${counted(ids, 'vulnerability', 'vulnerabilities')} in ${counted(packages, 'package')}`
  const rows = bySeverity(findings)
  const fixed = rows.reduce((sum, row) => sum + row.fixed, 0)
  yield paragraph(`${counts}; ${fixable({ count: findings.length, fixed })}.`, width, '  ')
  yield* bars(rows, width, paint)
  yield* threats(findings, width, paint)
  yield* layers(report, width, paint)
}

/** How many findings there are, and how many of them have a fix. */
interface Counts {
  readonly count: number
  readonly fixed: number
}

/** The counts for each severity that has findings, the worst first. */
function bySeverity(findings: readonly Finding[]): readonly (Counts & { readonly severity: Severity })[] {
  const rows = severities.map((severity) => ({ severity, count: 0, fixed: 0 }))
  const counts = new Map(rows.map((row) => [row.severity, row]))
  for (const { severity, state } of findings) {
    const row = counts.get(severity)!
    row.count += 1
    if (state === 'fixed') row.fixed += 1
  }
  return rows.filter(({ count }) => count > 0)
}

/** How many findings of each severity there are, the worst first: `2 critical, 4 high`. */
export function severityCounts(findings: readonly Finding[]): string {
  return bySeverity(findings)
    .map(({ severity, count }) => `${grouped(count)} ${severity}`)
    .join(', ')
}

function fixable({ count, fixed }: Counts): string {
  if (fixed === count) return 'all have a fix'
  return fixed === 0 ? 'none has a fix' : `${grouped(fixed)} ${fixed === 1 ? 'has' : 'have'} a fix`
}

function* bars(rows: ReturnType<typeof bySeverity>, width: number, paint: Paint): Iterable<string> {
  const most = Math.max(...rows.map(({ count }) => count))
  const digits = grouped(most).length
  const room = Math.max(4, Math.min(40, width - digits - 40))
  for (const row of rows) {
    const { severity, count, fixed } = row
    const length = Math.max(1, Math.round((count / most) * room))
    const solid = Math.round((fixed / count) * length)
    const style = severity === 'critical' ? 'red' : severityStyles[severity]
    const bar = paint(style, '█'.repeat(solid) + '░'.repeat(length - solid)) + ' '.repeat(room - length)
    const number = pad(grouped(count), digits, 'right')
    yield `  ${paint(style, severity.padEnd(10))}  ${number}  ${bar}  ${paint('dim', fixable(row))}\n`
  }
}

const idsShown = 5
const likely = 0.1

/** The vulnerabilities that are exploited, and those that soon may be. */
function* threats(findings: readonly Finding[], width: number, paint: Paint): Iterable<string> {
  const idsOf = (of: (finding: Finding) => boolean) => [...new Set(findings.filter(of).map(({ id }) => id))]
  const exploited = idsOf(({ kev }) => kev !== null)
  const expected = idsOf(({ kev, epss }) => kev === null && (epss?.score ?? 0) >= likely)
  if (exploited.length + expected.length > 0) yield '\n'
  const lines = [
    [exploited, 'known to be exploited (CISA KEV)', severityStyles.high],
    [expected, 'likely to be exploited within 30 days (EPSS, 10 % or more)', 'yellow'],
  ] as const
  for (const [ids, what, style] of lines) {
    if (ids.length === 0) continue
    const names = ids.slice(0, idsShown).map((id) => truncate(line(id), 100))
    const more = ids.length > idsShown ? [`${grouped(ids.length - idsShown)} more`] : []
    const verb = ids.length === 1 ? 'is' : 'are'
    const text = `${grouped(ids.length)} ${verb} ${what}: ${listed([...names, ...more])}.`
    yield paragraph(text, width, '  ', '  ', (part) => paint(style, part))
  }
}

const layersShown = 8

function* layers({ findings, image }: VulnerabilityReport, width: number, paint: Paint): Iterable<string> {
  const counts = new Map<number, number>()
  for (const { why } of findings) counts.set(why.layer, (counts.get(why.layer) ?? 0) + 1)
  const most = [...counts].sort((left, right) => right[1] - left[1] || left[0] - right[0])
  const digits = grouped(most[0]![1]).length
  for (const [index, [layer, count]] of most.slice(0, layersShown).entries()) {
    const name = `#${layer + 1}`.padEnd(4)
    const number = pad(grouped(count), digits, 'right')
    const text = `layer ${name}  ${number}  ${commandOf(image.layers[layer]?.createdBy ?? '')}`.trimEnd()
    yield `${index === 0 ? '\n' : ''}  ${paint(index === 0 ? undefined : 'dim', truncate(text, width - 2))}\n`
  }
  if (most.length > layersShown) yield `  ${paint('dim', `and ${counted(most.length - layersShown, 'more layer')}`)}\n`
}

/** A history entry as somebody wrote it into a Dockerfile. */
export function commandOf(createdBy: string): string {
  const command = line(createdBy.slice(0, 2000).replace(/\s+/g, ' ').trim())
  return command
    .replace(/^\/bin\/sh -c #\(nop\) +/, '')
    .replace(/^\/bin\/sh -c /, 'RUN ')
    .replace(/^RUN \/bin\/sh -c /, 'RUN ')
    .replace(/ # buildkit$/, '')
}
