import type { Release } from '../../core/package.ts'
import { dayAfter } from '../../feeds/days.ts'

/** A release of Debian. */
export interface DebianRelease {
  /** What os-release calls `VERSION_ID`. */
  readonly number: string
  readonly codename: string
  /** The last day with free security updates, by the security team or the LTS team; missing while it is not known. */
  readonly lastDay?: string
}

/**
 * The releases of Debian, the oldest first. Names and days are those of the package distro-info-data, version 0.58+deb12u6
 * (`debian.csv`: the later one of the columns eol and eol-lts; updates until eol-elts are paid for).
 */
export const debianReleases: readonly DebianRelease[] = [
  { number: '3.0', codename: 'woody', lastDay: '2006-06-30' },
  { number: '3.1', codename: 'sarge', lastDay: '2008-03-31' },
  { number: '4', codename: 'etch', lastDay: '2010-02-15' },
  { number: '5', codename: 'lenny', lastDay: '2012-02-06' },
  { number: '6', codename: 'squeeze', lastDay: '2016-02-29' },
  { number: '7', codename: 'wheezy', lastDay: '2018-05-31' },
  { number: '8', codename: 'jessie', lastDay: '2020-06-30' },
  { number: '9', codename: 'stretch', lastDay: '2022-06-30' },
  { number: '10', codename: 'buster', lastDay: '2024-06-30' },
  { number: '11', codename: 'bullseye', lastDay: '2026-08-31' },
  { number: '12', codename: 'bookworm', lastDay: '2028-06-30' },
  { number: '13', codename: 'trixie', lastDay: '2030-06-30' },
  { number: '14', codename: 'forky' },
  { number: '15', codename: 'duke' },
]

/** Not made yet at the time of the source above: each of them is what testing is called until then. */
const unreleased: ReadonlySet<string> = new Set(['forky', 'duke'])

const scopes = new Map(debianReleases.map(({ number, codename }) => [codename, `debian:${number}`]))
const byCodename = new Map(debianReleases.map((release) => [release.codename, release]))
const byNumber = new Map(debianReleases.map((release) => [release.number, release]))

/** The scopes that are known beforehand. */
export const debianScopes: readonly string[] = [...debianReleases.map(({ number }) => `debian:${number}`), 'debian:sid']

/** The scope of a release that the tracker names: by its number, or by the codename while there is none; `debian:sid`. */
export function scopeOfCodename(codename: string): string {
  return scopes.get(codename) ?? `debian:${codename}`
}

/**
 * The scope of the release that os-release states, and the first day without free security updates. Without `VERSION_ID` it
 * is testing or unstable, which cannot be told apart: their os-release is the same. Packages come to testing out of
 * unstable with their versions, so that what is fixed in unstable is fixed in testing by the same version.
 */
export function releaseOf({ versionId, codename }: Release): { scope: string; endOfLife: string | undefined } {
  const known = byNumber.get(versionId) ?? byNumber.get(versionId.split('.')[0]!)
  const named = versionId === '' && !unreleased.has(codename) ? byCodename.get(codename) : undefined
  const release = known ?? named
  if (release !== undefined) return { scope: `debian:${release.number}`, endOfLife: dayAfter(release.lastDay) }
  const unknown = versionId === '' ? 'sid' : codename || versionId
  return { scope: scopeOfCodename(unknown), endOfLife: undefined }
}
