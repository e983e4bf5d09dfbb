import { limits } from '../core/limits.ts'

/** The limits that are a server's own. */
const usual = {
  answersAtOnce: limits.answersAtOnce,
  answerTime: limits.answerTime,
  connections: limits.connections,
  idleTimeout: limits.idleTimeout,
  indexTime: limits.indexTime,
  jobSilence: limits.jobSilence,
  requestTimeout: limits.requestTimeout,
  shutdownTime: limits.shutdownTime,
}

/** Times are milliseconds. */
export type ServerLimits = Readonly<Record<keyof typeof usual, number>>

/** The usual limits, but for those that are given. */
export function serverLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  return { ...usual, ...given }
}
