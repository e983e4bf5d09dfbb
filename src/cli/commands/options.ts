import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { defaultDatabase } from '../../config/paths.ts'
import { parseWord } from '../../config/values.ts'
import { ChiaroError } from '../../core/errors.ts'
import { addOption } from '../option.ts'
import { type ColorChoice, colorChoices } from '../terminal.ts'

/** The options that several commands have, each defined once. */

export interface DatabaseOptions {
  readonly db: string
}

export interface FeedOptions extends DatabaseOptions {
  readonly mirror?: string
  /** Beginnings of addresses, and what takes their place. */
  readonly source?: readonly (readonly [string, string])[]
  readonly offline?: boolean
}

export interface TerminalOptions {
  readonly color: ColorChoice
  readonly quiet?: boolean
  readonly progress: boolean
}

export interface RegistryCommandOptions {
  readonly username?: string
  readonly passwordStdin?: boolean
  readonly plainHttp?: boolean
  readonly insecure?: boolean
  readonly caFile?: string
}

const data = 'Vulnerability data:'
const terminal = 'Terminal:'

export function addDatabaseOption(command: Command): void {
  addOption(command, data, '--db <file|url>', 'the database: a file, or postgres://USER@HOST/NAME', {
    env: 'CHIARO_DB',
    default: defaultDatabase(),
    defaultWords: "in the user's data directory",
  })
}

/** `chiaro data --db FILE verify` means that database too. */
export function inheritDatabase<Options extends DatabaseOptions>(command: Command, options: Options): Options {
  const { parent } = command
  const named = parent?.getOptionValueSource('db') === 'cli' && command.getOptionValueSource('db') !== 'cli'
  return named ? { ...options, db: parent.opts<DatabaseOptions>().db } : options
}

export function addFeedOptions(command: Command): void {
  addDatabaseOption(command)
  addOption(command, data, '--mirror <url|dir>', 'fetch https://HOST/PATH from MIRROR/HOST/PATH instead', {
    env: 'CHIARO_MIRROR',
    parse: parseMirror,
  })
  addOption(command, data, '--source <from=to>', 'fetch what is below ADDRESS from elsewhere; repeatable', {
    env: 'CHIARO_SOURCES',
    parse: parseSource,
    repeated: true,
  })
  addOption(command, data, '--offline', 'never use the network', { env: 'CHIARO_OFFLINE' })
}

export function addRegistryOptions(command: Command, group: string): void {
  addOption(command, group, '--username <name>', 'user of the registry; the password comes from CHIARO_PASSWORD', {
    env: 'CHIARO_USERNAME',
  })
  addOption(command, group, '--password-stdin', 'read the password from standard input')
  addOption(command, group, '--plain-http', 'talk to the registry without TLS', { env: 'CHIARO_PLAIN_HTTP' })
  addOption(command, group, '--insecure', 'accept any certificate of the registry', { env: 'CHIARO_INSECURE' })
  addOption(command, group, '--ca-file <file>', 'trust these certificate authorities (PEM) too', {
    env: 'CHIARO_CA_FILE',
  })
}

export function addColorOption(command: Command): void {
  addOption(command, terminal, '--color <when>', `colour standard output: ${colorChoices.join(', ')}`, {
    env: 'CHIARO_COLOR',
    parse: parseWord(colorChoices),
    default: 'auto',
    defaultWords: 'auto',
  })
}

export function addTerminalOptions(command: Command): void {
  addColorOption(command)
  addOption(command, terminal, '--quiet', 'nothing on standard error but errors', { env: 'CHIARO_QUIET' })
  addOption(command, terminal, '--no-progress', 'no progress on the terminal', { env: 'CHIARO_NO_PROGRESS' })
}

function parseMirror(text: string): string {
  if (/^https?:\/\//i.test(text)) {
    if (URL.canParse(text)) return text
    throw new ChiaroError('CONFIG_INVALID', `${JSON.stringify(text)} is not a URL`)
  }
  if (isDirectory(text)) return resolve(text)
  throw new ChiaroError('CONFIG_INVALID', `${JSON.stringify(text)} is neither a directory nor an http(s) URL`, {
    advice: 'A mirror holds what https://HOST/PATH serves at HOST/PATH below it.',
  })
}

/** `ADDRESS=PLACE`: the beginning of addresses on the web, and the URL, file or directory that takes its place. */
function parseSource(text: string): readonly [address: string, place: string] {
  const [, address = '', place = ''] = /^(https?:\/\/[^=\s]+)=(\S.*)$/i.exec(text.trim()) ?? []
  if (!URL.canParse(address)) {
    throw new ChiaroError('CONFIG_INVALID', `${JSON.stringify(text)} is not ADDRESS=PLACE`, {
      advice: 'Write https://HOST/PATH=URL, or a file or directory behind the "=".',
    })
  }
  if (/^https?:\/\//i.test(place) && URL.canParse(place)) return [address, place]
  if (existsSync(place)) return [address, resolve(place)]
  throw new ChiaroError('CONFIG_INVALID', `${JSON.stringify(place)} is neither a file, a directory nor an http(s) URL`)
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
