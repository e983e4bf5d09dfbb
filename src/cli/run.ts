import type { Command, CommanderError } from 'commander'
import { ChiaroError, isChiaroError } from '../core/errors.ts'
import { errorText } from './error-text.ts'
import { exitCodeOfSignal, exitCodes } from './exit.ts'
import { listenForInterrupt } from './interrupt.ts'
import { isClosedPipe, unwritable } from './output.ts'
import { type CommandContext, createProgram } from './program.ts'
import { wantsColor, widthOf } from './terminal.ts'

/** Runs the command line and says how it went. Never throws: errors are told on standard error. */
export async function run(args: readonly string[]): Promise<number> {
  let broken: Error | undefined
  process.stderr.on('error', () => {}) // there is nowhere left to tell it
  process.stdout.on('error', (error) => {
    if (!isClosedPipe(error)) broken = error
  })
  const interrupt = listenForInterrupt()
  let exitCode: number = exitCodes.passed
  const context: CommandContext = {
    async run(_, work, options) {
      if (options !== undefined) interrupt.setPatience(options.patience)
      exitCode = await work(interrupt.signal)
    },
  }
  const program = createProgram(context, args[0])
  try {
    await parse(program, args)
    if (broken !== undefined) throw unwritable('standard output', broken)
  } catch (error) {
    exitCode = exitCodes.failed
    if (interrupt.received() !== undefined) tell(interrupt.signal.reason)
    else if (!isHelp(error)) tell(usageError(error, args, program))
  }
  const signal = interrupt.received()
  return signal === undefined ? exitCode : exitCodeOfSignal(signal)
}

/** Parses, and runs what was asked for. Showing help is no error, unless it was shown instead of what was asked for. */
async function parse(program: Command, args: readonly string[]): Promise<void> {
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!isHelp(error) || error.exitCode !== 0) throw error
    await new Promise(setImmediate) // for the stream to say if it could not be written
  }
}

function tell(error: unknown): void {
  const color = wantsColor('auto', process.stderr, process.env)
  const debug = !['', '0', undefined].includes(process.env.CHIARO_DEBUG)
  process.stderr.write(errorText(error, { width: widthOf(process.stderr), color, debug }))
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && (error as Partial<CommanderError>).code?.startsWith('commander.') === true
}

function isHelp(error: unknown): error is CommanderError {
  return isCommanderError(error) && ['commander.help', 'commander.helpDisplayed'].includes(error.code)
}

/** Commander's complaints as errors of ours. */
function usageError(error: unknown, args: readonly string[], program: Command): unknown {
  if (isChiaroError(error) || !isCommanderError(error)) return error
  const [message = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n')
  const command = program.commands.find((candidate) => candidate.name() === args[0])
  const help = `"chiaro ${command === undefined ? '' : `${command.name()} `}--help" shows what there is.`
  const hint = suggestion.replace(/^\((.*)\)$/, '$1')
  const image = error.code === 'commander.unknownCommand' && /[:/.]/.test(args[0] ?? '')
  const advice = image ? `Did you mean "chiaro scan ${args.join(' ')}"?` : [hint, help].filter(Boolean).join(' ')
  return new ChiaroError('CONFIG_INVALID', message, { advice, cause: error })
}
