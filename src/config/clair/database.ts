import type { Problem } from './check.ts'
import type { ClairConfig } from './schema.ts'

/** The components that name a database. */
const components = ['indexer', 'matcher', 'notifier'] as const

/** Whether the components name different databases. */
export function namesSeveralDatabases(config: ClairConfig): boolean {
  return new Set(components.map((name) => config[name].connstring).filter((connstring) => connstring !== '')).size > 1
}

/** Connection strings that cannot be read. What they say is not repeated: they have passwords in them. */
export function databaseProblems(config: ClairConfig): readonly Problem[] {
  return components
    .filter((name) => config[name].connstring !== '' && connectionUrl(config[name].connstring) === undefined)
    .map((name) => ({
      place: `${name}.connstring`,
      message: 'is neither a URL nor a connection string of libpq',
      advice: 'Write "host=… user=… dbname=…", or postgresql://USER@HOST/DATABASE.',
    }))
}

/**
 * A connection string of libpq, in either of its forms (PostgreSQL, "Connection Strings"), as a URL; `undefined` if it is
 * none.
 */
export function connectionUrl(connstring: string): string | undefined {
  if (/^postgres(?:ql)?:\/\//.test(connstring)) return URL.canParse(connstring) ? connstring : undefined
  const parameters = new Map<string, string>()
  const pattern = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/gy
  let end = 0
  for (let match = pattern.exec(connstring); match !== null; match = pattern.exec(connstring)) {
    parameters.set(match[1]!, (match[2] ?? match[3]!).replace(/\\(.)/g, '$1'))
    end = pattern.lastIndex
  }
  if (parameters.size === 0 || connstring.slice(end).trim() !== '') return undefined
  return urlOf(parameters)
}

function urlOf(parameters: Map<string, string>): string {
  const take = (name: string) => {
    const value = parameters.get(name) ?? ''
    parameters.delete(name)
    return encodeURIComponent(value)
  }
  const [user, password, host, port, database] = ['user', 'password', 'host', 'port', 'dbname'].map(take) as [
    string,
    string,
    string,
    string,
    string,
  ]
  const account = password === '' ? user : `${user}:${password}`
  const rest = new URLSearchParams([...parameters]).toString()
  return [
    'postgresql://',
    account === '' ? '' : `${account}@`,
    host,
    port === '' ? '' : `:${port}`,
    `/${database}`,
    rest === '' ? '' : `?${rest}`,
  ].join('')
}
