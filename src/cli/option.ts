import { type Command, Option } from 'commander'
import { parseBoolean } from '../config/values.ts'
import { ChiaroError, isChiaroError } from '../core/errors.ts'

/** What an option has beside its flags and its description. */
export interface OptionExtras {
  /** The environment variable that sets it where the command line does not. */
  readonly env?: string
  /** Reads the value; throws `CONFIG_INVALID`. */
  readonly parse?: (text: string) => unknown
  readonly default?: unknown
  /** The default in words. */
  readonly defaultWords?: string
  /** The option may be given several times, for a list; in the variable, white space is between them. */
  readonly repeated?: boolean
}

interface Variable {
  readonly name: string
  readonly read: (text: string) => unknown
}

const variables = new WeakMap<Option, Variable>()

/** Adds an option to a command. `group` is its heading in the help text. */
export function addOption(
  command: Command,
  group: string,
  flags: string,
  description: string,
  extras: OptionExtras = {},
) {
  const { env, parse = (text: string) => text } = extras
  const words = env === undefined ? description : `${description} (env: ${env})`
  const option = new Option(flags, words).helpGroup(group)
  if (extras.default !== undefined) option.default(extras.default, extras.defaultWords)
  if (option.required && extras.repeated === true) {
    option.argParser((text: string, before: unknown) => [
      ...((before as unknown[]) ?? []),
      named(parse, option.long!)(text),
    ])
  } else if (option.required) {
    option.argParser(named(parse, option.long!))
  }
  if (env !== undefined) {
    const list = (text: string) => text.split(/\s+/).filter(Boolean).map(parse)
    const value = extras.repeated === true ? list : parse
    const read = option.required ? value : (text: string) => parseBoolean(text) !== option.negate
    variables.set(option, { name: env, read: named(read, env) })
  }
  command.addOption(option)
}

/** Sets the options that the command line does not set from their environment variables. An empty variable counts as unset. */
export function applyEnvironment(command: Command, env: NodeJS.ProcessEnv): void {
  for (const option of command.options) {
    const variable = variables.get(option)
    const text = variable === undefined ? undefined : env[variable.name]
    const key = option.attributeName()
    const source = command.getOptionValueSource(key)
    if (variable === undefined || text === undefined || text === '' || (source !== undefined && source !== 'default'))
      continue
    command.setOptionValueWithSource(key, variable.read(text), 'env')
  }
}

/** The environment variables of a command's options, by the option's flags. For the documentation's test. */
export function environmentOf(command: Command): ReadonlyMap<string, string> {
  return new Map(
    command.options.flatMap((option) => {
      const variable = variables.get(option)
      return variable === undefined ? [] : [[option.flags, variable.name] as const]
    }),
  )
}

/** `parse` with the option or variable named in its error. */
function named<Value>(parse: (text: string) => Value, where: string): (text: string) => Value {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      if (!isChiaroError(error, 'CONFIG_INVALID') || error.where !== undefined) throw error
      const advice = error.advice === undefined ? {} : { advice: error.advice }
      throw new ChiaroError('CONFIG_INVALID', `${where}: ${error.message}`, { where, ...advice, cause: error })
    }
  }
}
