import type { Release } from '../../core/package.ts'
import { dayAfter } from '../../feeds/days.ts'

/** A release of Photon OS. */
export interface PhotonRelease {
  /** What os-release calls `VERSION_ID`: `3.0`. */
  readonly number: string
  /** The last day of support; missing while it is not known. */
  readonly lastDay?: string
}

/** The releases of Photon OS. Days are those that VMware announced on the project's wiki and in its repository. */
export const photonReleases: readonly PhotonRelease[] = [
  { number: '1.0', lastDay: '2022-02-28' },
  { number: '2.0', lastDay: '2022-12-31' },
  { number: '3.0', lastDay: '2024-03-01' },
  { number: '4.0' },
  { number: '5.0' },
]

/** The release that os-release states: one of the list, or one of which only the number is known; else `undefined`. */
export function releaseOf({ versionId }: Release): PhotonRelease | undefined {
  const major = /^(\d+)(?:\.\d+)*$/.exec(versionId)?.[1]
  if (major === undefined) return undefined
  const number = `${major}.0`
  return photonReleases.find((release) => release.number === number) ?? { number }
}

/** The scope of a release. */
export function scopeOf({ number }: PhotonRelease): string {
  return `photon:${number}`
}

/** The first day without support. */
export function endOfLifeOf({ lastDay }: PhotonRelease): string | undefined {
  return dayAfter(lastDay)
}
