import { createReadStream } from 'node:fs'
import { createEngine, type Engine, type RunOptions, writeFileWhole } from '../../compose.ts'
import { ChiaroError, messageOf } from '../../core/errors.ts'
import { line } from '../../report/layout.ts'
import { counted } from '../../report/words.ts'
import type { DatabaseOptions, RegistryCommandOptions, TerminalOptions } from '../commands/options.ts'
import { exitCodes } from '../exit.ts'
import { writeBytes, writeOut } from '../output.ts'
import { bytes, showProgress } from '../progress.ts'
import { wantsColor, widthOf } from '../terminal.ts'
import { registryOptions } from './credentials.ts'
import { updateText } from './update.ts'

/** What the options of `chiaro data import` come to. */
export interface ImportOptions extends DatabaseOptions, TerminalOptions {}

/** What the options of `chiaro data export` come to. */
export interface ExportOptions extends ImportOptions {
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
  const size = await running(options, signal, (engine, run) => {
    const content = engine.exchange.export(feeds, options.since, run)
    return file === '-' ? writeBytes(content, signal) : writeFileWhole(file, content)
  })
  if (file !== '-' && options.quiet !== true) await writeOut([`Wrote ${line(file)}: ${bytes(size)}.\n`])
  return exitCodes.passed
}

/** `chiaro data import`: loads data from a file. */
export async function runImport(
  file: string,
  feeds: readonly string[],
  options: ImportOptions,
  signal: AbortSignal,
): Promise<number> {
  const where = file === '-' ? 'standard input' : file
  const outcomes = await running(options, signal, (engine, run) =>
    engine.exchange.import(readInput(file, signal), where, feeds, run),
  )
  return tell(outcomes, options, signal)
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

async function* readInput(file: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 })
    for await (const chunk of source as AsyncIterable<Buffer>) {
      signal.throwIfAborted()
      yield chunk
    }
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    throw new ChiaroError('FILE_FAILED', `${file} cannot be read: ${messageOf(error)}`, { where: file, cause: error })
  }
}

async function tell(
  outcomes: Parameters<typeof updateText>[0],
  options: ImportOptions,
  signal: AbortSignal,
): Promise<number> {
  const color = wantsColor(options.color, process.stdout, process.env)
  await writeOut(updateText(outcomes, { width: widthOf(process.stdout), color }), signal)
  return exitCodes.passed
}
