import type { Finding, VulnerabilityReport } from '../../core/report.ts'
import type { WriterOptions } from '../../core/report-writer.ts'
import { type Cell, type Column, columnWidths, line, type Paint, paragraph, tableLines, truncate } from '../layout.ts'
import { counted, grouped, listed } from '../words.ts'
import { displayNames, severityStyles } from './rows.ts'
import { commandOf, severityCounts } from './summary.ts'

/** One upgrade: the packages of one source at one version, and what it takes to close their findings. */
interface Upgrade {
  readonly names: readonly string[]
  readonly from: string
  /** The newest of the fixed versions; several where they cannot be ordered. */
  readonly to: readonly string[]
  readonly findings: readonly Finding[]
}

const upgradesShown = 20
const namesInCommand = 12

/** What to do about the findings, in plain words. */
export function* advice(
  report: VulnerabilityReport,
  width: number,
  options: WriterOptions,
  paint: Paint,
): Iterable<string> {
  const { findings } = report
  if (findings.length === 0) return
  yield `${paint('bold', 'What to do')}\n`
  const ended = report.gaps.find(({ code }) => code === 'distribution-end-of-life')
  if (ended !== undefined) {
    const text =
      'Move to a release that is supported: this one gets no more security updates, and upgrading is not enough.'
    yield paragraph(text, width, '  ', '  ', (part) => paint('yellow', part))
  }
  const closable = findings.filter(({ state, note }) => state === 'fixed' && note === null)
  if (closable.length > 0) yield* upgradeAdvice(closable, report, width, options, paint)
  const others = [...layerAdvice(closable, report, width), ...rest(findings, width)]
  if (closable.length > 0 && others.length > 0) yield '\n'
  yield* others
}

function* upgradeAdvice(
  closable: readonly Finding[],
  report: VulnerabilityReport,
  width: number,
  options: WriterOptions,
  paint: Paint,
): Iterable<string> {
  const upgrades = upgradesOf(closable, report, options)
  const names = [...new Set(upgrades.flatMap((upgrade) => upgrade.names))]
  const all = report.findings.length
  const subject = names.length === 1 ? 'Upgrading this package' : `Upgrading these ${grouped(names.length)} packages`
  const effect =
    closable.length === all
      ? `all ${counted(all, 'finding')}`
      : `${grouped(closable.length)} of ${counted(all, 'finding')}`
  yield paragraph(`${subject} fixes ${all === 1 ? 'the finding' : effect} (${severityCounts(closable)}):`, width, '  ')
  yield '\n'
  yield* upgradeRows(upgrades.slice(0, upgradesShown), width, paint)
  if (upgrades.length > upgradesShown) {
    yield paragraph(`and ${grouped(upgrades.length - upgradesShown)} more, as listed above.`, width, '    ')
  }
  const command = commandFor(closable, report)
  if (command !== undefined) yield `\n${paragraph(command, width, '    ', '      ', (part) => paint('cyan', part))}`
}

function upgradesOf(
  closable: readonly Finding[],
  report: VulnerabilityReport,
  options: WriterOptions,
): readonly Upgrade[] {
  const names = displayNames(report)
  const bySource = Map.groupBy(closable, ({ why, version }) => [why.scope, why.name, why.compared, version].join('\0'))
  return [...bySource.values()].map((findings) => ({
    names: [...new Set(findings.map((finding) => names(finding.package, finding.arch)))],
    from: findings[0]!.version,
    to: newest(findings, options),
    findings,
  }))
}

function newest(findings: readonly Finding[], { versions }: WriterOptions): readonly string[] {
  const fixes = [...new Set(findings.map(({ fixedIn }) => fixedIn!))]
  const scheme = versions(findings[0]!.why.scheme)
  if (scheme === undefined || fixes.some((fix) => scheme.compare(fix, fixes[0]!) === undefined)) return fixes
  return [fixes.reduce((best, fix) => (scheme.compare(fix, best) === 1 ? fix : best))]
}

const upgradeColumns: readonly Column[] = [
  { title: 'UPGRADE', min: 12, max: 40 },
  { title: 'FROM', min: 11, max: 32 },
  { title: 'TO', min: 11, max: 32 },
  { title: 'FIXES', min: 10, max: 40 },
]

function* upgradeRows(upgrades: readonly Upgrade[], width: number, paint: Paint): Iterable<string> {
  const rows = upgrades.map(({ names, from, to, findings }): readonly Cell[] => [
    [{ text: names.join(', '), style: 'bold' }],
    [{ text: truncate(line(from), 200) }],
    to.map((version) => ({ text: truncate(line(version), 200), style: 'green' as const })),
    [
      {
        text: severityCounts(findings),
        style: severityStyles[findings[0]!.severity === 'critical' ? 'high' : findings[0]!.severity],
      },
    ],
  ])
  const widths = columnWidths(upgradeColumns, rows, width - 4)
  if (widths !== undefined) {
    for (const text of tableLines(upgradeColumns, rows, widths, paint)) yield `    ${text}`
    return
  }
  for (const [names, from, to, fixes] of rows) {
    yield paragraph(names![0]!.text, width, '    ', '    ', (text) => paint('bold', text))
    const change = `${from![0]!.text} → ${to!.map(({ text }) => text).join(', ')}`
    yield paragraph(change, width, '      ', '      ', (text) => paint('green', text))
    yield paragraph(fixes![0]!.text, width, '      ')
  }
}

/** A line for a Dockerfile. None if a name could mean something to a shell. */
function commandFor(closable: readonly Finding[], { packages, release }: VulnerabilityReport): string | undefined {
  const types = new Map(packages.map(({ purl, type }) => [purl, type]))
  const type = types.get(closable[0]!.purl)
  if (closable.some(({ purl }) => types.get(purl) !== type)) return undefined
  const names = [...new Set(closable.map((finding) => finding.package))].sort()
  if (names.some((name) => !/^[A-Za-z0-9][A-Za-z0-9+._-]{0,99}$/.test(name))) return undefined
  const few = names.length <= namesInCommand
  const named = few ? ` ${names.join(' ')}` : ''
  if (type === 'deb') {
    return `RUN apt-get update && apt-get ${few ? 'install -y --only-upgrade' : 'upgrade -y'}${named} && rm -rf /var/lib/apt/lists/*`
  }
  if (type === 'apk') return `RUN apk upgrade --no-cache${named}`
  if (type !== 'rpm') return undefined
  const suse = [release?.id, ...(release?.idLike ?? [])].some((id) => id?.includes('suse') || id === 'sles')
  return suse ? `RUN zypper --non-interactive update${named}` : `RUN dnf upgrade -y${named}`
}

function* layerAdvice(closable: readonly Finding[], { image }: VulnerabilityReport, width: number): Iterable<string> {
  if (closable.length === 0 || image.layers.length < 2) return
  const byLayer = [...Map.groupBy(closable, ({ why }) => why.layer)].sort(
    ([left, ours], [right, theirs]) => theirs.length - ours.length || left - right,
  )
  const [layer, own] = byLayer[0]!
  const share = own.length === closable.length ? `All of them come` : `${grouped(own.length)} of them come`
  const command = truncate(commandOf(image.layers[layer]?.createdBy ?? ''), 80)
  const what = layer === 0 ? 'a newer base image may already have the fixes' : 'build it again without the build cache'
  yield paragraph(`${share} from layer #${layer + 1}${command === '' ? '' : ` (${command})`}: ${what}.`, width, '  ')
}

/** What is to be done where an upgrade does not help, by state. */
const withoutFix = [
  ['open', 'have no fix yet', 'has no fix yet', 'scan again when the vendor has one'],
  [
    'deferred',
    'have a fix that is put off',
    'has a fix that is put off',
    'the vendor will fix them with something more important',
  ],
  [
    'will-not-fix',
    'will not be fixed',
    'will not be fixed',
    'remove the package if you can, or decide that you can live with it',
  ],
  ['end-of-life', 'are in packages without support', 'is in a package without support', 'replace the package'],
  [
    'undetermined',
    'are undetermined',
    'is undetermined',
    'the vendor does not know yet whether the package is affected',
  ],
] as const

function* rest(findings: readonly Finding[], width: number): Iterable<string> {
  const noted = Map.groupBy(
    findings.filter(({ state, note }) => state === 'fixed' && note !== null),
    ({ note }) => note!,
  )
  for (const [note, own] of [...noted].slice(0, 5)) {
    const verb = own.length === 1 ? 'has a fix with a condition' : 'have a fix with a condition'
    yield paragraph(`${grouped(own.length)} ${verb}: ${truncate(line(note), 200)}.`, width, '  ')
  }
  if (noted.size > 5) yield paragraph(`${listed([`${noted.size - 5} more conditions`])} are named above.`, width, '  ')
  for (const [state, many, one, what] of withoutFix) {
    const count = findings.filter((finding) => finding.state === state).length
    if (count > 0) yield paragraph(`${grouped(count)} ${count === 1 ? one : many}: ${what}.`, width, '  ')
  }
}
