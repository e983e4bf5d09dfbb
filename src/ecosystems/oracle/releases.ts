import type { Release } from '../../core/package.ts'
import { dayAfter } from '../../feeds/days.ts'

/** A release of Oracle Linux. */
export interface OracleRelease {
  /** The part of os-release's `VERSION_ID` in front of the dot: updates of a release share their errata. */
  readonly number: string
  /** The first year that has errata for it. */
  readonly firstYear: number
  /** The last day of premier support; missing while it is not known. What comes later needs extended support. */
  readonly lastDay?: string
}

/**
 * The releases of Oracle Linux. Days as in Oracle's lifetime support policy for "Oracle Linux and Oracle Virtualization", which
 * gives months: the last day of that month. Errata have the numbers of Red Hat's, and so begin with the year of the
 * corresponding release of RHEL.
 */
export const oracleReleases: readonly OracleRelease[] = [
  { number: '5', firstYear: 2007, lastDay: '2017-06-30' },
  { number: '6', firstYear: 2010, lastDay: '2021-03-31' },
  { number: '7', firstYear: 2014, lastDay: '2024-12-31' },
  { number: '8', firstYear: 2019, lastDay: '2029-07-31' },
  { number: '9', firstYear: 2022, lastDay: '2032-06-30' },
  { number: '10', firstYear: 2025, lastDay: '2035-06-30' },
]

/** The release that os-release states: one of the list, or one of which only the number is known; else `undefined`. */
export function releaseOf({ versionId }: Release): OracleRelease | undefined {
  const number = /^(\d+)(?:\.|$)/.exec(versionId)?.[1]
  if (number === undefined) return undefined
  const newest = oracleReleases.at(-1)!
  const firstYear = Number(number) > Number(newest.number) ? newest.firstYear : firstErrataYear
  return oracleReleases.find((release) => release.number === number) ?? { number, firstYear }
}

/** The scope of a release by its number. */
export function scopeOf(number: string): string {
  return `oracle:${number}`
}

/** The first day that needs extended support. */
export function endOfLifeOf({ lastDay }: OracleRelease): string | undefined {
  return dayAfter(lastDay)
}

/** The first year that Oracle publishes OVAL data of. */
export const firstErrataYear = 2007
