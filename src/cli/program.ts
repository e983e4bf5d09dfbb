import { Command } from 'commander'
import { defineConfig } from './commands/config.ts'
import { defineData } from './commands/data.ts'
import { defineScan } from './commands/scan.ts'
import { defineServe } from './commands/serve.ts'
import { defineUpdate } from './commands/update.ts'
import { applyEnvironment } from './option.ts'

/** What commands are given by whoever runs them. */
export interface CommandContext {
  /**
   * Runs the work of a command once its options are complete, and takes its exit code. `patience`: milliseconds that it may
   * take to end after a signal.
   */
  run(
    command: Command,
    work: (signal: AbortSignal) => Promise<number>,
    options?: { readonly patience: number },
  ): Promise<void>
}

const notes = `
Examples:
  chiaro scan debian:12                 scan an image of a registry
  chiaro scan --fail-on high app.tar    exit 1 on a high or critical finding
  chiaro update                         fetch vulnerability data ahead of time
  chiaro data                           show what is loaded

Exit codes:
  0  passed            1  --fail-on was reached    2  could not do it
  3  gaps (--strict)   130, 143  stopped by a signal

The environment variable named with an option sets it, too. CHIARO_DEBUG=1 shows
the stack of an error.`

const commands: Readonly<Record<string, (program: Command, context: CommandContext) => void>> = {
  scan: defineScan,
  update: defineUpdate,
  data: defineData,
  serve: defineServe,
  config: defineConfig,
  version: defineVersion,
}

/**
 * The command line as commander sees it. Running it parses, and calls `context.run` for the command that was asked for.
 * `name` may be a command's: it alone is then defined, as defining all of them takes longer than what is left of parsing.
 */
export function createProgram(context: CommandContext, name = ''): Command {
  const program = new Command('chiaro')
    .description('Finds the known vulnerabilities in container images, and never calls clean what it could not see.')
    .usage('COMMAND [OPTIONS]')
    // What stands behind the name of a command is that command's.
    .enablePositionalOptions()
    .helpCommand('help [command]', 'show help for a command')
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', notes)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
  const called = Object.hasOwn(commands, name) ? [commands[name]!] : Object.values(commands)
  for (const define of called) define(program, context)
  program.hook('preAction', (_, command) => applyEnvironment(command, process.env))
  return program
}

function defineVersion(program: Command, context: CommandContext): void {
  program
    .command('version')
    .summary('show the version')
    .description('Shows the version of Chiaro, as -V and --version do.')
    .addHelpText('after', '\nExample:\n  chiaro version')
    .action((_, command: Command) =>
      context.run(command, async () => {
        const { versionLine } = await import('./version-line.ts')
        process.stdout.write(versionLine)
        return 0
      }),
    )
}
