import type { Command } from 'commander'
import { parseDays, parseWord } from '../../config/values.ts'
import { addOption } from '../option.ts'
import type { CommandContext } from '../program.ts'
import type { DataOptions, GcOptions } from '../run/data.ts'
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
      '\nExamples:\n  chiaro data\n  chiaro data --format json\n  chiaro data verify\n  chiaro data gc --keep 7',
    )
  addOption(command, 'Report:', '--format <format>', `format on standard output: ${formats.join(', ')}`, {
    env: 'CHIARO_FORMAT',
    parse: parseWord(formats),
    default: 'table',
    defaultWords: 'table',
  })
  addDatabaseOption(command)
  addColorOption(command)
  command.action((options: DataOptions) =>
    context.run(command, async () => (await import('../run/data.ts')).runData(options)),
  )
  defineExchange(command, context)
  defineVerify(command, context)
  defineGc(command, context)
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
    .description('Removes statements that are no longer true, and layers and images that were not scanned for a while.')
    .addHelpText('after', '\nExample:\n  chiaro data gc --keep 7')
  addOption(command, 'Vulnerability data:', '--keep <days>', 'keep what was in use within so many days', {
    parse: parseDays,
    default: 30,
  })
  addDatabaseOption(command)
  command.action((options: GcOptions) =>
    context.run(command, async () => (await import('../run/data.ts')).runGc(inheritDatabase(command, options))),
  )
}
