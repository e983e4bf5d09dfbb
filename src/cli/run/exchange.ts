import { addAbortSignal } from 'node:stream'
import {
  createEngine,
  type DataFormat,
  type Engine,
  type RunOptions,
  type Transfer,
  writeFileWhole,
} from '../../compose.ts'
import { ChiaroError } from '../../core/errors.ts'
import { line } from '../../report/layout.ts'
import { counted } from '../../report/words.ts'
import type { DatabaseOptions, RegistryCommandOptions, TerminalOptions } from '../commands/options.ts'
import { exitCodes } from '../exit.ts'
import { checkTarget, writeBytes, writeOut } from '../output.ts'
import { bytes, showProgress } from '../progress.ts'
import { wantsColor, widthOf } from '../terminal.ts'
import { registryOptions } from './credentials.ts'
import { outcomesTable } from './update.ts'

/** What the options of `chiaro data import` come to. */
export interface ImportOptions extends DatabaseOptions, TerminalOptions {}

/** What the options of `chiaro data export` come to. */
export interface ExportOptions extends ImportOptions {
  readonly format: DataFormat
  readonly since?: number | string
}

/** What the options of `chiaro data push` and `pull` come to. */
export interface ArtifactOptions extends ImportOptions, RegistryCommandOptions {}

/** `chiaro data export`: writes loaded data into a file. */
export async function runExport(
  file: string,
  feeds: readonly string[],
  options: ExportOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.format === 'clair' && options.since !== undefined) {
    throw new ChiaroError('CONFIG_INVALID', 'a bundle for Clair has everything: --since is of no use for it', {
      where: '--since',
      advice: 'Leave it out.',
    })
  }
  if (file !== '-') checkTarget(file)
  const compression = compressionOf(file, options.format)
  const { format, since } = options
  const { size, leftOut } = await running(options, signal, async (engine, run) => {
    const { content, leftOut } = await engine.exchange.export(feeds, { format, since, compression, ...run })
    return { size: await (file === '-' ? writeBytes(content, signal) : writeFileWhole(file, content)), leftOut }
  })
  if (leftOut.length > 0)
    process.stderr.write(`Left out, as Clair has no updater for them: ${line(leftOut.join(', '))}.\n`)
  if (file !== '-') await writeOut([`Wrote ${line(file)}: ${bytes(size)}.\n`])
  return exitCodes.passed
}

/** As the end of the file's name says; else zstd for ours, and none for Clair, which has to be told what there is. */
function compressionOf(file: string, format: DataFormat): 'none' | 'gzip' | 'zstd' {
  if (/\.gz$/i.test(file)) return 'gzip'
  return /\.zst$/i.test(file) || format === 'chiaro' ? 'zstd' : 'none'
}

/** `chiaro data import`: loads data from a file. */
export async function runImport(
  file: string,
  feeds: readonly string[],
  options: ImportOptions,
  signal: AbortSignal,
): Promise<number> {
  const source = file === '-' ? { bytes: addAbortSignal(signal, process.stdin), where: 'standard input' } : file
  return tell(
    await running(options, signal, (engine, run) => engine.exchange.import(source, feeds, run)),
    options,
    signal,
  )
}

/** `chiaro data push`: writes loaded data to a registry. */
export async function runPush(
  reference: string,
  feeds: readonly string[],
  options: ArtifactOptions,
  signal: AbortSignal,
): Promise<number> {
  const image = { offline: false, registry: await registryOptions(options) }
  const outcomes = await running(options, signal, (engine, run) =>
    engine.exchange.push(reference, feeds, { ...run, image }),
  )
  const sent = outcomes.filter(({ outcome }) => outcome === 'pushed')
  const size = sent.reduce((sum, each) => sum + each.size, 0)
  const rest = outcomes.length - sent.length
  await writeOut([
    ...sent.map((each) => `${line(each.feed)}: ${bytes(each.size)}\n`),
    `Pushed ${counted(sent.length, 'feed')}, ${bytes(size)}; ${counted(rest, 'feed')} did not change.\n`,
  ])
  return exitCodes.passed
}

/** `chiaro data pull`: loads data from a registry. */
export async function runPull(
  reference: string,
  feeds: readonly string[],
  options: ArtifactOptions,
  signal: AbortSignal,
): Promise<number> {
  const image = { offline: false, registry: await registryOptions(options) }
  const outcomes = await running(options, signal, (engine, run) =>
    engine.exchange.pull(reference, feeds, { ...run, image }),
  )
  return tell(outcomes, options, signal)
}

async function running<T>(
  options: ImportOptions,
  signal: AbortSignal,
  work: (engine: Engine, run: RunOptions) => Promise<T>,
): Promise<T> {
  const display = showProgress(process.stderr, options.progress && options.quiet !== true)
  try {
    await using engine = await createEngine({ database: options.db, mirror: undefined, offline: true })
    return await work(engine, { signal, progress: display.report })
  } finally {
    display.stop()
  }
}

async function tell({ feeds, leftOut }: Transfer, options: ImportOptions, signal: AbortSignal): Promise<number> {
  const color = wantsColor(options.color, process.stdout, process.env)
  const width = widthOf(process.stdout)
  const imported = feeds.filter(({ outcome }) => outcome === 'imported').length
  await writeOut(outcomesTable(feeds, { width, color }), signal)
  await writeOut([
    ...leftOut.map(({ where, detail }) => `${line(where)}: ${line(detail)}\n`),
    `\nImported ${counted(imported, 'feed')}; ${counted(feeds.length - imported, 'feed')} did not change.\n`,
  ])
  return exitCodes.passed
}
