import type { Release } from '../../core/package.ts'
import { dayAfter } from '../../feeds/days.ts'

/** A release of Ubuntu. */
export interface UbuntuRelease {
  /** What os-release calls `VERSION_ID`. */
  readonly number: string
  readonly codename: string
  /** The last day of standard support; missing while it is not known. What comes later needs Ubuntu Pro. */
  readonly lastDay?: string
  /** Whether `chiaro update` fetches it though no image asks for it: long-term support, or recent. */
  readonly current?: true
}

/**
 * The releases of Ubuntu, the oldest first. Names and days are those of the package distro-info-data, version 0.58+deb12u6
 * (`ubuntu.csv`: the later one of the columns eol and eol-server; updates until eol-esm and eol-legacy need Ubuntu Pro), but for
 * 26.10, which it does not have yet.
 */
export const ubuntuReleases: readonly UbuntuRelease[] = [
  { number: '12.04', codename: 'precise', lastDay: '2017-04-28' },
  { number: '12.10', codename: 'quantal', lastDay: '2014-05-16' },
  { number: '13.04', codename: 'raring', lastDay: '2014-01-27' },
  { number: '13.10', codename: 'saucy', lastDay: '2014-07-17' },
  { number: '14.04', codename: 'trusty', lastDay: '2019-04-25', current: true },
  { number: '14.10', codename: 'utopic', lastDay: '2015-07-23' },
  { number: '15.04', codename: 'vivid', lastDay: '2016-02-04' },
  { number: '15.10', codename: 'wily', lastDay: '2016-07-28' },
  { number: '16.04', codename: 'xenial', lastDay: '2021-04-30', current: true },
  { number: '16.10', codename: 'yakkety', lastDay: '2017-07-20' },
  { number: '17.04', codename: 'zesty', lastDay: '2018-01-13' },
  { number: '17.10', codename: 'artful', lastDay: '2018-07-19' },
  { number: '18.04', codename: 'bionic', lastDay: '2023-05-31', current: true },
  { number: '18.10', codename: 'cosmic', lastDay: '2019-07-18' },
  { number: '19.04', codename: 'disco', lastDay: '2020-01-23' },
  { number: '19.10', codename: 'eoan', lastDay: '2020-07-17' },
  { number: '20.04', codename: 'focal', lastDay: '2025-05-29', current: true },
  { number: '20.10', codename: 'groovy', lastDay: '2021-07-22' },
  { number: '21.04', codename: 'hirsute', lastDay: '2022-01-20' },
  { number: '21.10', codename: 'impish', lastDay: '2022-07-14' },
  { number: '22.04', codename: 'jammy', lastDay: '2027-06-01', current: true },
  { number: '22.10', codename: 'kinetic', lastDay: '2023-07-20' },
  { number: '23.04', codename: 'lunar', lastDay: '2024-01-25' },
  { number: '23.10', codename: 'mantic', lastDay: '2024-07-11' },
  { number: '24.04', codename: 'noble', lastDay: '2029-05-31', current: true },
  { number: '24.10', codename: 'oracular', lastDay: '2025-07-10' },
  { number: '25.04', codename: 'plucky', lastDay: '2026-01-15' },
  { number: '25.10', codename: 'questing', lastDay: '2026-07-09' },
  { number: '26.04', codename: 'resolute', lastDay: '2031-05-29', current: true },
  { number: '26.10', codename: 'stonking', current: true },
]

/** The release that os-release states: one of the list, or a later one by what it says of itself; else `undefined`. */
export function releaseOf({ versionId, codename }: Release): UbuntuRelease | undefined {
  const known =
    ubuntuReleases.find(({ number }) => number === versionId) ??
    ubuntuReleases.find((release) => versionId === '' && release.codename === codename)
  if (known !== undefined) return known
  return /^\d\d\.\d\d$/.test(versionId) && /^[a-z]+$/.test(codename) ? { number: versionId, codename } : undefined
}

/** The first day that needs Ubuntu Pro. */
export function endOfLifeOf({ lastDay }: UbuntuRelease): string | undefined {
  return dayAfter(lastDay)
}
