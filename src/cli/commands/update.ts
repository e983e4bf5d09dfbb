import type { Command } from 'commander'
import { addOption } from '../option.ts'
import type { CommandContext } from '../program.ts'
import type { UpdateOptions } from '../run/update.ts'
import { addFeedOptions, addTerminalOptions } from './options.ts'

const examples = `
Examples:
  chiaro update                         every feed, where it changed
  chiaro update debian 'alpine-3.22-*'  some; "chiaro data" shows the names
  chiaro update nvd epss kev            scores, likelihoods, exploitation
  chiaro update --mirror /srv/feeds     from a mirror

Exit codes:
  0  every feed is up to date    2  a feed failed, or none could be tried`

/** Defines `chiaro update`. */
export function defineUpdate(program: Command, context: CommandContext): void {
  const command = program
    .command('update')
    .summary('bring vulnerability data up to date')
    .description(
      'Fetches vulnerability data that changed. A scan does it for what it needs; this does it ahead of time.',
    )
    .argument('[feed...]', 'feeds, or distributions and sources for all their feeds (default: all)')
    .addHelpText('after', examples)
  addOption(command, 'Vulnerability data:', '--force', 'read the feeds again although nothing changed')
  addFeedOptions(command)
  addTerminalOptions(command)
  command.action((feeds: string[], options: UpdateOptions) =>
    context.run(command, async (signal) => {
      const { runUpdate } = await import('../run/update.ts')
      return runUpdate(feeds, options, signal)
    }),
  )
}
