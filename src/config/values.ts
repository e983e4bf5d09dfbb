import { ChiaroError } from '../core/errors.ts'
import type { Platform } from '../core/image.ts'

/** Values of options and environment variables. All functions throw `CONFIG_INVALID` for what they cannot read. */

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** A length of time, `90m`, `24h`, `7d`, in milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})([smhdw])$/.exec(text.trim())
  if (match === null) throw invalid(text, 'is not a length of time', 'Write a number and a unit: 90m, 24h, 7d, 2w.')
  return Number(match[1]) * units[match[2] as keyof typeof units]
}

/** A platform as container tools write it, `linux/arm64` or `linux/arm/v7`. */
export function parsePlatform(text: string): Platform {
  const match = /^([a-z0-9_.-]+)\/([a-z0-9_.-]+)(?:\/([a-z0-9_.-]+))?$/.exec(text.trim().toLowerCase())
  if (match === null) {
    throw invalid(text, 'is not a platform', 'Write os/architecture[/variant]: linux/arm64, linux/arm/v7.')
  }
  const [, os, architecture, variant] = match
  return { os: os!, architecture: architecture!, ...(variant === undefined ? {} : { variant }) }
}

/** Yes or no, in the words that people put into environment variables. Empty is no. */
export function parseBoolean(text: string): boolean {
  const value = text.trim().toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(value)) return true
  if (['', '0', 'false', 'no', 'off'].includes(value)) return false
  throw invalid(text, 'is neither yes nor no', 'Write 1 or 0, true or false, yes or no.')
}

/** A number of days, 0 to 36,500. */
export function parseDays(text: string): number {
  const days = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Number.NaN
  if (!(days <= 36_500)) throw invalid(text, 'is not a number of days', 'Write a whole number of days: 30.')
  return days
}

/** A generation's number, or a day or time in ISO 8601, which becomes the full form in UTC. */
export function parseState(text: string): number | string {
  if (/^\d{1,9}$/.test(text.trim())) return Number(text)
  return parseTime(text)
}

/** A day or time in ISO 8601, in UTC where it does not say: `2026-03-01`, `2026-03-01T12:00Z`. A day is its beginning. */
export function parseTime(text: string): string {
  const match = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text.trim())
  const time =
    match === null
      ? Number.NaN
      : Date.parse(text.trim().length > 10 && match[1] === undefined ? `${text.trim()}Z` : text.trim())
  if (Number.isNaN(time)) throw invalid(text, 'is not a day or time', 'Write 2026-03-01, or 2026-03-01T12:00Z.')
  return new Date(time).toISOString()
}

/** A parser of one of several words. */
export function parseWord<const Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text.trim().toLowerCase())
    if (word === undefined) throw invalid(text, 'is not one of the choices', `Write one of ${words.join(', ')}.`)
    return word
  }
}

function invalid(text: string, problem: string, advice: string): ChiaroError {
  return new ChiaroError('CONFIG_INVALID', `${JSON.stringify(text.slice(0, 100))} ${problem}`, { advice })
}
