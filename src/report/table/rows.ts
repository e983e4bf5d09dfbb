import type { Finding, VulnerabilityReport } from '../../core/report.ts'
import { type Severity, severities } from '../../core/severity.ts'
import {
  type Cell,
  type Column,
  columnWidths,
  displayWidth,
  line,
  type Paint,
  type Part,
  paragraph,
  partOf,
  type Style,
  tableLines,
  truncate,
} from '../layout.ts'

/** How each severity looks. */
export const severityStyles: Readonly<Record<Severity, Style>> = {
  critical: ['bold', 'white', 'bgRed'],
  high: ['bold', 'red'],
  medium: 'yellow',
  low: 'cyan',
  negligible: 'dim',
  unknown: 'magenta',
}

const severityCells = Object.fromEntries(
  severities.map((severity): readonly [Severity, Cell] => {
    const text = severity.toUpperCase()
    return [severity, [{ text, style: severityStyles[severity], width: text.length }]]
  }),
) as Readonly<Record<Severity, Cell>>

/** The states of a finding without a fix, in a word or two. */
const stateWords: Readonly<Record<Finding['state'], string>> = {
  fixed: 'fixed',
  open: 'no fix yet',
  deferred: 'fix deferred',
  'will-not-fix': 'will not be fixed',
  'end-of-life': 'end of life',
  undetermined: 'undetermined',
}

/** The packages of one source that share a vulnerability, its fix and the layer that brought them. */
interface Group {
  readonly finding: Finding
  readonly packages: string[]
  /** All of them in one text, made when it is asked for: many rows ask for that of the row above. */
  names?: string
}

/** Longer names do not come from any packaging system; they are cut, so that they cannot fill the screen. */
const nameWidth = 200

/** Notes are sentences of people; JSON has the whole of them. */
const noteWidth = 80

/** What the findings of a report look like: a table where it fits, with risks if need be without, else one below the other. */
export function* findingRows(report: VulnerabilityReport, width: number | undefined, paint: Paint): Iterable<string> {
  const groups = groupsOf(report)
  if (groups.length === 0) return
  const rated = groups.some(({ finding }) => finding.risk !== null)
  const layout = (rated ? layOut(groups, width, true) : undefined) ?? layOut(groups, width, false)
  if (layout === undefined) {
    yield* stacked(groups, width!, paint)
    return
  }
  const { columns, rows, widths } = layout
  const spare = width === undefined ? 0 : width - widths.reduce((sum, value) => sum + value + 2, 0)
  if (spare < summaryWidth) {
    yield* tableLines(columns, rows, widths, paint)
    return
  }
  const summarized = rows.map((row, index) => [...row, summaryOf(groups[index]!, spare)])
  yield* tableLines([...columns, { title: 'SUMMARY', min: spare, max: spare }], summarized, [...widths, spare], paint)
}

/** The table with or without a column of risks; `undefined` if it does not fit. */
function layOut(groups: readonly Group[], width: number | undefined, withRisk: boolean) {
  const makers = cellMakers()
  const rows = groups.map((group, index) => cellsOf(group, groups[index - 1], makers, withRisk))
  const [first, ...others] = columnsFor(width === undefined ? [] : groups)
  const columns = withRisk ? [first!, riskColumn, ...others] : [first!, ...others]
  const widths = columnWidths(columns, rows, width)
  return widths === undefined ? undefined : { columns, rows, widths }
}

const riskColumn: Column = { title: 'RISK', min: 4, max: 4, align: 'right' }

/** The risk, and below it that it is not a risk any more: somebody does exploit it. */
function riskOf({ risk, kev }: Finding): Cell {
  const text = risk === null ? '' : riskText(risk)
  const number = { text, style: kev === null ? undefined : severityStyles.high, width: text.length }
  return kev === null ? [number] : [number, { text: 'KEV', style: severityStyles.high }]
}

/** A risk as short as it can be told: `88`, `3.4`, `<0.1`. */
export function riskText(risk: number): string {
  if (risk >= 9.95) return risk.toFixed(0)
  return risk < 0.05 ? '<0.1' : risk.toFixed(1)
}

/** The columns, which narrow in steps: names and ids are easier to read, and to search for, in one piece. */
function columnsFor(groups: readonly Group[]): readonly Column[] {
  let id = 0
  let name = 0
  for (const { finding, packages } of groups) {
    id = Math.max(id, finding.id.length)
    for (const text of packages) name = Math.max(name, text.length + 1)
  }
  return [
    { title: 'SEVERITY', min: 8, good: 10, max: 10 },
    { title: 'VULNERABILITY', min: 14, good: Math.min(id, 16), max: 24 },
    { title: 'PACKAGE', min: 12, good: Math.min(name, 20), max: 40 },
    { title: 'INSTALLED', min: 11, max: 32 },
    { title: 'FIXED IN', min: 12, max: 32 },
    { title: 'LAYER', min: 5, max: 5 },
  ]
}

/** The least room that is worth a column of summaries. */
const summaryWidth = 32

function groupsOf(report: VulnerabilityReport): readonly Group[] {
  const names = displayNames(report)
  const groups: Group[] = []
  const byId = new Map<string, Group[]>()
  for (const finding of report.findings) {
    const name = names(finding.package, finding.arch)
    const known = byId.get(finding.id)
    const group = known?.find((each) => isSameRow(each.finding, finding))
    if (group !== undefined) {
      if (!group.packages.includes(name)) group.packages.push(name)
      continue
    }
    const added = { finding, packages: [name] }
    groups.push(added)
    if (known === undefined) byId.set(finding.id, [added])
    else known.push(added)
  }
  return groups
}

/** Whether two findings of one vulnerability differ in the package only. */
function isSameRow(left: Finding, right: Finding): boolean {
  return (
    left.severity === right.severity &&
    left.version === right.version &&
    left.fixedIn === right.fixedIn &&
    left.state === right.state &&
    left.note === right.note &&
    left.why.name === right.why.name &&
    left.why.scope === right.why.scope &&
    left.why.layer === right.why.layer
  )
}

/** Package names, with the architecture where the image has the same package in several. */
export function displayNames(report: VulnerabilityReport): (name: string, arch: string) => string {
  const arches = new Map<string, string>()
  const several = new Set<string>()
  for (const { name, arch } of report.packages) {
    const first = arches.get(name)
    if (first === undefined) arches.set(name, arch)
    else if (first !== arch) several.add(name)
  }
  const known = new Map<string, string>()
  return (name, arch) => {
    const named = several.has(name) && arch !== '' ? `${name}:${arch}` : name
    let shown = known.get(named)
    if (shown === undefined) {
      shown = truncate(line(named), nameWidth) || '(no name)'
      known.set(named, shown)
    }
    return shown
  }
}

/** What makes the cells of the columns in which the same few texts stand again and again: each is made once. */
function cellMakers() {
  return { version: cellMaker(), fix: cellMaker('green'), state: cellMaker('dim'), layer: cellMaker('dim') }
}

type CellMakers = ReturnType<typeof cellMakers>

function cellMaker(style?: Style): (text: string) => Cell {
  const made = new Map<string, Cell>()
  return (text) => {
    const known = made.get(text)
    if (known !== undefined) return known
    const cell = [partOf(text, nameWidth, style)]
    made.set(text, cell)
    return cell
  }
}

function cellsOf(group: Group, above: Group | undefined, makers: CellMakers, withRisk: boolean): readonly Cell[] {
  const { finding } = group
  const severity = severityCells[finding.severity]
  const id = [partOf(finding.id, nameWidth, 'bold')]
  const packages = [packagesOf(group, above)]
  const version = makers.version(finding.version)
  const fix = fixOf(finding, makers)
  const layer = makers.layer(`#${finding.why.layer + 1}`)
  return withRisk
    ? [severity, riskOf(finding), id, packages, version, fix, layer]
    : [severity, id, packages, version, fix, layer]
}

/** The names of the packages. A long list is not repeated from row to row: it stands in the first of them. */
function packagesOf(group: Group, above: Group | undefined): Part {
  const { finding, packages } = group
  const same =
    packages.length > 2 &&
    above?.finding.severity === finding.severity &&
    above.finding.version === finding.version &&
    namesOf(above) === namesOf(group)
  const text = same ? `${packages[0]} +${packages.length - 1} as above` : namesOf(group)
  return { text, style: same ? 'dim' : undefined, width: displayWidth(text) }
}

function namesOf(group: Group): string {
  group.names ??= group.packages.join(', ')
  return group.names
}

function fixOf({ fixedIn, state, note }: Finding, makers: CellMakers): Cell {
  const fix = fixedIn === null ? makers.state(stateWords[state]) : makers.fix(fixedIn)
  return note === null ? fix : [...fix, partOf(note, noteWidth, 'yellow')]
}

function summaryOf({ finding }: Group, width: number): Cell {
  const words = finding.description
    .slice(0, 4 * width)
    .replace(/\s+/g, ' ')
    .trim()
  return [partOf(words, width, 'dim')]
}

function* stacked(groups: readonly Group[], width: number, paint: Paint): Iterable<string> {
  const makers = cellMakers()
  for (const [index, group] of groups.entries()) {
    const { finding } = group
    const [severity, id, packages, installed, fix] = cellsOf(group, groups[index - 1], makers, false)
    const head = severity![0]!
    const name = id![0]!
    if (head.text.length + 2 + name.text.length <= width) {
      yield `${paint(head.style, head.text)}  ${paint(name.style, name.text)}\n`
    } else {
      yield `${paint(head.style, head.text)}\n${paragraph(name.text, width)}`
    }
    yield paragraph(`${packages![0]!.text} in layer #${finding.why.layer + 1}`, width, '  ')
    if (finding.risk !== null) {
      const exploited = finding.kev === null ? '' : ', known to be exploited'
      const style = finding.kev === null ? 'dim' : severityStyles.high
      yield paragraph(`risk ${riskText(finding.risk)}${exploited}`, width, '  ', '  ', (text) => paint(style, text))
    }
    const arrow = `${installed![0]!.text} → ${fix![0]!.text}`
    const style = finding.fixedIn === null ? 'dim' : 'green'
    yield paragraph(arrow, width, '  ', '    ', (text) => paint(style, text))
    for (const part of fix!.slice(1)) yield paragraph(part.text, width, '  ', '  ', (text) => paint(part.style, text))
  }
}
