import type { Command } from 'commander'
import { parseDays, parseState, parseWord } from '../../config/values.ts'
import { addOption } from '../option.ts'
import type { CommandContext } from '../program.ts'
import type { DataOptions, GcOptions } from '../run/data.ts'
import type { DiffOptions } from '../run/diff.ts'
import { defineExchange } from './exchange.ts'
import { addColorOption, addDatabaseOption, type DatabaseOptions, inheritDatabase } from './options.ts'

const formats = ['table', 'json'] as const

/** Defines `chiaro data` and its commands. */
export function defineData(program: Command, context: CommandContext): void {
  const command = program
    .command('data')
    .enablePositionalOptions()
    .summary('show and look after the vulnerability data')
    .description(
      'Shows which vulnerability data is loaded: its age, how many records, what could not be read, the last error.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  chiaro data\n  chiaro data --format json\n  chiaro data verify\n  chiaro data gc --keep 90',
    )
  addFormatOption(command)
  addDatabaseOption(command)
  addColorOption(command)
  command.action((options: DataOptions) =>
    context.run(command, async () => (await import('../run/data.ts')).runData(options)),
  )
  defineDiff(command, context)
  defineGaps(command, context)
  defineExchange(command, context)
  defineVerify(command, context)
  defineGc(command, context)
}

function addFormatOption(command: Command): void {
  addOption(command, 'Report:', '--format <format>', `format on standard output: ${formats.join(', ')}`, {
    env: 'CHIARO_FORMAT',
    parse: parseWord(formats),
    default: 'table',
    defaultWords: 'table',
  })
}

function defineDiff(data: Command, context: CommandContext): void {
  const command = data
    .command('diff')
    .argument('<feed>', 'a feed, as "chiaro data" names it')
    .argument('[from]', 'a generation, day or time; default: the generation before')
    .argument('[to]', 'a generation, day or time; default: the current one')
    .summary('show what changed in a feed')
    .description(
      'Shows the statements and facts of a feed that were added, changed or withdrawn between two of its states.',
    )
    .addHelpText('after', '\nExamples:\n  chiaro data diff debian\n  chiaro data diff debian 2026-03-01 --format json')
  addFormatOption(command)
  addDatabaseOption(command)
  addColorOption(command)
  command.action((feed: string, from: string | undefined, to: string | undefined, options: DiffOptions) =>
    context.run(command, async (signal) => {
      const { runDiff } = await import('../run/diff.ts')
      const [first, last] = [from, to].map((state) => (state === undefined ? undefined : parseState(state)))
      return runDiff(feed, first, last, inheritDatabase(command, options), signal)
    }),
  )
}

function defineGaps(data: Command, context: CommandContext): void {
  const command = data
    .command('gaps')
    .argument(
      '[feed...]',
      'feeds: ids, what several begin with (alpine), or patterns; all that are loaded, if none is named',
    )
    .summary('show what of the data could not be read')
    .description('Shows the records of feeds that could not be read and were left out, by their id, and why.')
    .addHelpText('after', '\nExamples:\n  chiaro data gaps\n  chiaro data gaps rhel nvd --format json')
  addFormatOption(command)
  addDatabaseOption(command)
  addColorOption(command)
  command.action((feeds: readonly string[], options: DataOptions) =>
    context.run(command, async (signal) =>
      (await import('../run/gaps.ts')).runGaps(feeds, inheritDatabase(command, options), signal),
    ),
  )
}

function defineVerify(data: Command, context: CommandContext): void {
  const command = data
    .command('verify')
    .summary('check the database')
    .description('Checks that the database is sound. Exit code 2 if it is not.')
    .addHelpText('after', '\nExample:\n  chiaro data verify')
  addDatabaseOption(command)
  command.action((options: DatabaseOptions) =>
    context.run(command, async () => (await import('../run/data.ts')).runVerify(inheritDatabase(command, options))),
  )
}

function defineGc(data: Command, context: CommandContext): void {
  const command = data
    .command('gc')
    .summary('remove what is no longer needed')
    .description(
      'Removes statements that have not been true for a while, and layers and images that were not scanned for as long.',
    )
    .addHelpText('after', '\nExample:\n  chiaro data gc --keep 90')
  addOption(command, 'Vulnerability data:', '--keep <days>', 'keep what was in use within so many days', {
    parse: parseDays,
    default: 365,
  })
  addDatabaseOption(command)
  command.action((options: GcOptions) =>
    context.run(command, async () => (await import('../run/data.ts')).runGc(inheritDatabase(command, options))),
  )
}
