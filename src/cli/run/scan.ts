import { createEngine, versionScheme, writeFileWhole } from '../../compose.ts'
import { ChiaroError, isChiaroError } from '../../core/errors.ts'
import type { FindingOrder } from '../../core/finding-order.ts'
import type { ImageOptions, Platform } from '../../core/image.ts'
import type { VulnerabilityReport } from '../../core/report.ts'
import type { ReportWriter, WriterOptions } from '../../core/report-writer.ts'
import type { Severity } from '../../core/severity.ts'
import { painter } from '../../report/layout.ts'
import { reportWriters } from '../../report/registry.ts'
import { counted } from '../../report/words.ts'
import type { FeedOptions, RegistryCommandOptions, TerminalOptions } from '../commands/options.ts'
import { exitCodeOf } from '../exit.ts'
import { filterReport, gate, sortReport, type Threshold } from '../gate.ts'
import { checkTarget, writeOut } from '../output.ts'
import { showProgress } from '../progress.ts'
import { wantsColor, widthOf } from '../terminal.ts'
import { registryOptions } from './credentials.ts'

/** What the options of `chiaro scan` come to. */
export interface ScanOptions extends FeedOptions, TerminalOptions, RegistryCommandOptions {
  readonly format?: string
  readonly output?: readonly string[]
  readonly severity?: Severity
  readonly onlyFixed?: boolean
  readonly all?: boolean
  readonly failOn?: Threshold
  readonly strict?: boolean
  readonly platform?: Platform
  readonly maxDataAge: number
  readonly enrich: boolean
  readonly sort: FindingOrder
  readonly asOf?: string
}

interface Target {
  readonly writer: ReportWriter
  /** `undefined`: standard output. */
  readonly file: string | undefined
}

/** `chiaro scan`: scans, writes the report wherever it is wanted, and judges it. */
export async function runScan(reference: string, options: ScanOptions, signal: AbortSignal): Promise<number> {
  const targets = targetsOf(options)
  const image = await imageOptions(options)
  const display = showProgress(process.stderr, options.progress && options.quiet !== true)
  let report: VulnerabilityReport
  try {
    await using engine = await createEngine({
      database: options.db,
      mirror: options.mirror,
      sources: options.source && Object.fromEntries(options.source),
      offline: options.offline === true,
    })
    const { maxDataAge, asOf, enrich } = options
    const data = asOf === undefined ? { maxDataAge, enrich } : { maxDataAge, enrich, asOf }
    const details = targets.some(showsDetails)
    report = await engine.scan(reference, { image, ...data, details, signal, progress: display.report })
  } finally {
    display.stop()
  }
  signal.throwIfAborted()
  await writeReports(report, targets, options, versionScheme, signal)
  return verdict(report, options)
}

/** Every place that the report goes to, files first, so that a reader of standard output that stops early costs no file. */
function targetsOf({ format, output = [] }: ScanOptions): readonly Target[] {
  const targets = output.map(parseTarget)
  const onStdout = targets.filter(({ file }) => file === undefined)
  if (onStdout.length + (format === undefined ? 0 : 1) > 1) {
    throw new ChiaroError('CONFIG_INVALID', 'only one format can go to standard output', {
      where: '--output',
      advice: 'Leave out --format, or name a file instead of -.',
    })
  }
  for (const { file } of targets) if (file !== undefined) checkTarget(file)
  const files = targets.filter(({ file }) => file !== undefined)
  return [...files, onStdout[0] ?? { writer: writerOf(format ?? 'table'), file: undefined }]
}

function parseTarget(text: string): Target {
  const equals = text.indexOf('=')
  if (equals < 1 || equals === text.length - 1) {
    throw new ChiaroError('CONFIG_INVALID', `--output: ${JSON.stringify(text)} is not FORMAT=FILE`, {
      where: '--output',
      advice: 'Write for example --output json=report.json, or json=- for standard output.',
    })
  }
  const file = text.slice(equals + 1)
  return { writer: writerOf(text.slice(0, equals)), file: file === '-' ? undefined : file }
}

function showsDetails({ writer, file }: Target): boolean {
  return writer.showsDetails?.(file === undefined ? widthOf(process.stdout) : undefined) ?? true
}

function writerOf(id: string): ReportWriter {
  const writer = reportWriters.find((candidate) => candidate.id === id)
  if (writer !== undefined) return writer
  throw new ChiaroError('CONFIG_INVALID', `there is no report format ${JSON.stringify(id)}`, {
    where: '--output',
    advice: `Formats: ${reportWriters.map((candidate) => candidate.id).join(', ')}.`,
  })
}

async function imageOptions(options: ScanOptions): Promise<ImageOptions> {
  return {
    platform: options.platform,
    offline: options.offline === true,
    registry: await registryOptions(options),
  }
}

/** Writes every report that can be written, and throws the first error after that. */
async function writeReports(
  report: VulnerabilityReport,
  targets: readonly Target[],
  options: ScanOptions,
  versions: WriterOptions['versions'],
  signal: AbortSignal,
): Promise<void> {
  const filter = { severity: options.severity, onlyFixed: options.onlyFixed === true, all: options.all === true }
  const { report: shownReport, shown } = filterReport(sortReport(report, options.sort), filter)
  const common = { now: new Date(), versions, shown }
  const errors: unknown[] = []
  for (const { writer, file } of targets) {
    if (file === undefined) {
      const color = wantsColor(options.color, process.stdout, process.env)
      const width = widthOf(process.stdout)
      await writeOut(writer.write(shownReport, { ...common, width, color }), signal)
      continue
    }
    try {
      await writeFileWhole(file, writer.write(shownReport, { ...common, width: undefined, color: false }))
    } catch (error) {
      if (!isChiaroError(error)) throw error
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

function verdict(report: VulnerabilityReport, options: ScanOptions): number {
  const tripping = gate(report, options.failOn, { onlyFixed: options.onlyFixed === true, all: options.all === true })
  const gaps = options.strict === true && report.gaps.length > 0
  const code = exitCodeOf({ gate: tripping.length > 0, gaps })
  if (options.quiet === true || code === 0) return code
  const paint = painter(wantsColor('auto', process.stderr, process.env))
  if (tripping.length > 0) {
    const fixed = options.onlyFixed === true ? ' with a fix' : ''
    const verb = tripping.length === 1 ? 'is' : 'are'
    const level = options.failOn === 'any' ? '' : ` ${verb} ${options.failOn} or above`
    const text = `failed by --fail-on ${options.failOn}: ${counted(tripping.length, 'finding')}${fixed}${level}`
    process.stderr.write(`${paint('red', text)}\n`)
  }
  if (gaps) process.stderr.write(`${paint('red', `failed by --strict: ${counted(report.gaps.length, 'gap')}`)}\n`)
  return code
}
