import type { Command } from 'commander'
import { parseState, parseWord } from '../../config/values.ts'
import { addOption } from '../option.ts'
import type { CommandContext } from '../program.ts'
import type { ArtifactOptions, ExportOptions, ImportOptions } from '../run/exchange.ts'
import { addDatabaseOption, addRegistryOptions, addTerminalOptions, inheritDatabase } from './options.ts'

/** Defines the commands of `chiaro data` that carry data to other places. */
export function defineExchange(data: Command, context: CommandContext): void {
  defineExport(data, context)
  defineImport(data, context)
  defineArtifact(data, context, 'push')
  defineArtifact(data, context, 'pull')
}

function defineExport(data: Command, context: CommandContext): void {
  const command = data
    .command('export')
    .argument('<file>', 'the file to write; - is standard output')
    .argument(
      '[feed...]',
      'feeds: ids, what several begin with (alpine), or patterns; all that are loaded, if none is named',
    )
    .summary('write data into a file, to carry it elsewhere')
    .description(
      'Writes loaded data into one file with a checksum, for "chiaro data import" elsewhere. It is compressed as the end of its name says, .gz or .zst; else with zstd, and a bundle for Clair not at all.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  chiaro data export data.chiaro\n  chiaro data export monday.chiaro alpine debian --since 2026-03-02',
    )
  addOption(command, 'Vulnerability data:', '--format <format>', 'chiaro, or clair for "clairctl import-updaters"', {
    default: 'chiaro',
    parse: parseWord(['chiaro', 'clair']),
  })
  addOption(command, 'Vulnerability data:', '--since <state>', 'only what changed since a day, time or generation', {
    parse: parseState,
  })
  addDatabaseOption(command)
  addTerminalOptions(command)
  command.action((file: string, feeds: readonly string[], options: ExportOptions) =>
    context.run(command, async (signal) =>
      (await import('../run/exchange.ts')).runExport(file, feeds, inheritDatabase(command, options), signal),
    ),
  )
}

function defineImport(data: Command, context: CommandContext): void {
  const command = data
    .command('import')
    .argument('<file>', 'the file to read; - is standard input')
    .argument(
      '[feed...]',
      'feeds: ids, what several begin with (alpine), or patterns; all that are in it, if none is named',
    )
    .summary('load data from a file')
    .description(
      'Loads what "chiaro data export" or "clairctl export-updaters" wrote: all of it, or nothing if anything is wrong with the file.',
    )
    .addHelpText('after', '\nExample:\n  chiaro data import data.chiaro')
  addDatabaseOption(command)
  addTerminalOptions(command)
  command.action((file: string, feeds: readonly string[], options: ImportOptions) =>
    context.run(command, async (signal) =>
      (await import('../run/exchange.ts')).runImport(file, feeds, inheritDatabase(command, options), signal),
    ),
  )
}

const artifacts = {
  push: {
    summary: 'write data to a registry',
    description:
      'Writes loaded data to a registry as an OCI artifact, one blob a feed. Feeds that are there in the same state are not sent again.',
    feeds: 'feeds: ids, what several begin with (alpine), or patterns; all that are loaded, if none is named',
  },
  pull: {
    summary: 'load data from a registry',
    description:
      'Loads data that "chiaro data push" wrote. Only feeds in another state than the loaded ones are fetched.',
    feeds: 'feeds: ids, what several begin with (alpine), or patterns; all that are there, if none is named',
  },
} as const

function defineArtifact(data: Command, context: CommandContext, name: keyof typeof artifacts): void {
  const { summary, description, feeds } = artifacts[name]
  const command = data
    .command(name)
    .argument('<reference>', 'the artifact: REGISTRY/NAME[:TAG]')
    .argument('[feed...]', feeds)
    .summary(summary)
    .description(description)
    .addHelpText('after', `\nExample:\n  chiaro data ${name} registry.example.org/security/chiaro-data:latest alpine`)
  addRegistryOptions(command, 'Registry:')
  addDatabaseOption(command)
  addTerminalOptions(command)
  command.action((reference: string, feeds: readonly string[], options: ArtifactOptions) =>
    context.run(command, async (signal) => {
      const { runPull, runPush } = await import('../run/exchange.ts')
      return (name === 'push' ? runPush : runPull)(reference, feeds, inheritDatabase(command, options), signal)
    }),
  )
}
