import type { Command } from 'commander'
import { limits } from '../../core/limits.ts'
import type { CommandContext } from '../program.ts'
import type { ServeOptions } from '../run/serve.ts'
import { addConfigOptions } from './config.ts'
import { addFeedOptions } from './options.ts'

const examples = `
Examples:
  chiaro serve                          on this machine only, with SQLite
  chiaro serve --config config.yaml     as a configuration of Clair v4 says`

/** Defines `chiaro serve`. */
export function defineServe(program: Command, context: CommandContext): void {
  const command = program
    .command('serve')
    .summary('answer the APIs of Clair, and one of its own')
    .description(
      'Answers the APIs of Clair (v4, v3 and v1) and one of its own, and keeps the vulnerability data up to date. ' +
        'Without a configuration it listens on this machine only: the APIs on port 6060, health and metrics on 8089, ' +
        'and the health of v1 on 6061.',
    )
    .addHelpText('after', examples)
  addConfigOptions(command)
  addFeedOptions(command)
  command.action((options: ServeOptions) =>
    context.run(command, async (signal) => (await import('../run/serve.ts')).runServe(options, signal), {
      patience: limits.shutdownTime + 1000,
    }),
  )
}
