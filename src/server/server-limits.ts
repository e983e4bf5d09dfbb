import { limits } from '../core/limits.ts'

/** The limits that are a server's own, of those in `limits`. */
const names = [
  'answersAtOnce',
  'answerTime',
  'connections',
  'idleTimeout',
  'indexTime',
  'requestTimeout',
  'shutdownTime',
] as const satisfies readonly (keyof typeof limits)[]

/** Times are milliseconds. */
export type ServerLimits = Readonly<Record<(typeof names)[number], number>>

/** The usual limits, but for those that are given. */
export function serverLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  return { ...(Object.fromEntries(names.map((name) => [name, limits[name]])) as ServerLimits), ...given }
}
