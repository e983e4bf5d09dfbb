import { isHttpUrl } from './addresses.ts'
import type { Problem } from './check.ts'
import { connectionUrl } from './database.ts'
import type { ClairConfig } from './schema.ts'

/** What Clair is split into: what reads images, what judges them, and what tells of changes. */
export const services = ['indexer', 'matcher', 'notifier'] as const
export type Service = (typeof services)[number]

/** What one process is: one of the services, or all of them. */
export const modes = ['combo', ...services] as const
export type Mode = (typeof modes)[number]

/** The services of a process in this mode. */
export function servicesOf(mode: Mode): readonly Service[] {
  return mode === 'combo' ? services : [mode]
}

/**
 * The database of a process in this mode, as a URL (`postgresql://…`), or as `chiaro.database` has it; `undefined` where the
 * configuration names none. A service has its own; all together, and a service that names none, have the first that is named.
 */
export function databaseOf(config: ClairConfig, mode: Mode): string | undefined {
  const own = mode === 'combo' ? '' : config[mode].connstring
  const named = [own, ...services.map((name) => config[name].connstring)].find((connstring) => connstring !== '')
  return named === undefined ? config.chiaro.database || undefined : connectionUrl(named)
}

/** Where a process in this mode asks for index reports; `undefined`: its own database has them. */
export function indexerAddressOf(config: ClairConfig, mode: Mode): string | undefined {
  if (mode !== 'matcher' || sharesDatabase(config, 'indexer')) return undefined
  return config.matcher.indexer_addr || undefined
}

/** What a process in this mode would need and the configuration does not have. */
export function modeProblems(config: ClairConfig, mode: Mode): readonly Problem[] {
  const { indexer, matcher, notifier } = config
  const problems: Problem[] = []
  const asked = indexerAddressOf(config, mode)
  if (asked !== undefined && !isHttpUrl(asked)) {
    problems.push({
      place: 'matcher.indexer_addr',
      message: 'is not an http or https URL',
      advice: 'Write it as http://HOST:PORT.',
    })
  }
  if (
    mode === 'matcher' &&
    matcher.indexer_addr === '' &&
    indexer.connstring !== '' &&
    !sharesDatabase(config, 'indexer')
  ) {
    problems.push({
      place: 'matcher.indexer_addr',
      message: 'is needed, as the matcher and the indexer have different databases',
      advice: 'Name the URL of the indexer, or one database in indexer.connstring and matcher.connstring.',
    })
  }
  if (
    mode === 'notifier' &&
    notifier.connstring !== '' &&
    matcher.connstring !== '' &&
    !sharesDatabase(config, 'notifier')
  ) {
    problems.push({
      place: 'notifier.connstring',
      message: 'is not the database of matcher.connstring, from which notifications are made',
      advice: 'Name the same database in both.',
    })
  }
  return problems
}

/** Whether the matcher's database is known to be that of another service, whoever connects and however. */
function sharesDatabase(config: ClairConfig, other: Service): boolean {
  const [one, two] = [config.matcher.connstring || config[other].connstring, config[other].connstring].map(placeOf)
  return one !== undefined && one === two
}

function placeOf(connstring: string): string | undefined {
  const url = URL.parse(connectionUrl(connstring) ?? '')
  return url === null ? undefined : `${url.host}${url.pathname}`
}
