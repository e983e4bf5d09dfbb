import type { Command } from 'commander'
import { modes } from '../../config/clair/modes.ts'
import { parseWord } from '../../config/values.ts'
import { addOption } from '../option.ts'
import type { CommandContext } from '../program.ts'
import type { ConfigOptions } from '../run/config.ts'

const formats = ['yaml', 'json'] as const

/** Defines `chiaro config` and its commands. */
export function defineConfig(program: Command, context: CommandContext): void {
  const config = program
    .command('config')
    .summary('check a configuration of the server')
    .description('Looks after configurations of "chiaro serve", which are those of Clair v4.')
    .addHelpText('after', '\nExample:\n  chiaro config check --config config.yaml')
  const command = config
    .command('check')
    .summary('show what a configuration comes to')
    .description(
      'Checks a configuration with its drop-ins, and shows what it comes to, with everything that it leaves to defaults. ' +
        'It has the secrets of the configuration in it.',
    )
    .addHelpText('after', '\nExample:\n  chiaro config check --config config.yaml')
  addConfigOptions(command)
  addOption(command, 'Report:', '--format <format>', `format on standard output: ${formats.join(', ')}`, {
    env: 'CHIARO_FORMAT',
    parse: parseWord(formats),
    default: 'yaml',
    defaultWords: 'yaml',
  })
  command.action((options: ConfigOptions) =>
    context.run(command, async () => (await import('../run/config.ts')).runConfigCheck(options)),
  )
}

/** The options that several commands have, with the variables that Clair reads. */
export function addConfigOptions(command: Command): void {
  addOption(command, 'Server:', '--config <file>', 'a configuration of Clair v4 (.yaml or .json), with its drop-ins', {
    env: 'CLAIR_CONF',
  })
  addOption(
    command,
    'Server:',
    '--mode <mode>',
    `which of Clair's services to be: ${modes.join(', ')} (all of them: combo)`,
    {
      env: 'CLAIR_MODE',
      parse: parseWord(modes),
      default: 'combo',
      defaultWords: 'combo',
    },
  )
}
