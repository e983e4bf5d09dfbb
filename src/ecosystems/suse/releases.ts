import type { Release } from '../../core/package.ts'
import { dayAfter } from '../../feeds/days.ts'
import { modulesScope, tumbleweed } from './products.ts'

/** A release of one of SUSE's distributions. */
export interface SuseRelease {
  readonly scopes: readonly string[]
  /** The last day of general support; missing while it is not known. What comes later needs long-term support. */
  readonly lastDay?: string
}

/** What os-release calls the distributions of a family. */
const enterprise = ['sles', 'sled', 'sles_sap', 'sle_hpc', 'sle-hpc']
const micro = ['sle-micro', 'sl-micro', 'suse-microos']
const leap = ['opensuse-leap', 'opensuse']
const leapMicro = ['opensuse-leap-micro', 'leap-micro']
const rolling = ['opensuse-tumbleweed', 'opensuse-microos']

/**
 * The last days of general support, as on https://www.suse.com/lifecycle and https://en.opensuse.org/Lifetime. Later releases, and
 * those of which the day is not settled, have an empty text.
 */
const lastDays: Readonly<Record<string, string>> = {
  'suse:sles:11.4': '2019-03-31',
  'suse:sles:12': '2016-06-30',
  'suse:sles:12.1': '2017-05-31',
  'suse:sles:12.2': '2018-03-31',
  'suse:sles:12.3': '2019-06-30',
  'suse:sles:12.4': '2020-06-30',
  'suse:sles:12.5': '2024-10-31',
  'suse:sles:15': '2019-12-31',
  'suse:sles:15.1': '2021-01-31',
  'suse:sles:15.2': '2021-12-31',
  'suse:sles:15.3': '2022-12-31',
  'suse:sles:15.4': '2023-12-31',
  'suse:sles:15.5': '2024-12-31',
  'suse:sles:15.6': '2025-12-31',
  'suse:sles:15.7': '2031-07-31',
  'suse:sles:16.0': '',
  'suse:sle-micro:5.1': '2025-10-31',
  'suse:sle-micro:5.2': '2026-04-30',
  'suse:sle-micro:5.3': '2026-10-30',
  'suse:sle-micro:5.4': '2027-04-30',
  'suse:sle-micro:5.5': '2027-10-31',
  'suse:sle-micro:6.0': '',
  'suse:sle-micro:6.1': '',
  'suse:leap:42.3': '2019-06-30',
  'suse:leap:15.0': '2019-12-03',
  'suse:leap:15.1': '2021-02-02',
  'suse:leap:15.2': '2022-01-04',
  'suse:leap:15.3': '2022-12-31',
  'suse:leap:15.4': '2023-12-07',
  'suse:leap:15.5': '2024-12-31',
  'suse:leap:15.6': '2026-04-30',
  'suse:leap:16.0': '',
  'suse:leap-micro:5.3': '',
  'suse:leap-micro:5.4': '',
  'suse:leap-micro:5.5': '',
  [tumbleweed]: '',
}

/** The scopes of the releases that are known. */
export const suseScopes: readonly string[] = [...Object.keys(lastDays), modulesScope('12')]

/** The release that os-release states; `undefined` if it is none of SUSE's. */
export function releaseOf({ id, versionId }: Release): SuseRelease | undefined {
  if (rolling.includes(id) || (leap.includes(id) && /^\d{8}$/.test(versionId))) return { scopes: [tumbleweed] }
  const [version, major] = /^(\d+)(?:\.\d+)?$/.exec(versionId) ?? []
  if (version === undefined) return undefined
  const family = familyOf(id)
  if (family === undefined) return undefined
  const scope = `suse:${family}:${version}`
  const lastDay = lastDays[scope] || undefined
  return {
    scopes: family === 'sles' && major === '12' ? [scope, modulesScope(major)] : [scope],
    ...(lastDay === undefined ? {} : { lastDay }),
  }
}

function familyOf(id: string): string | undefined {
  if (enterprise.includes(id)) return 'sles'
  if (micro.includes(id)) return 'sle-micro'
  if (leapMicro.includes(id)) return 'leap-micro'
  return leap.includes(id) ? 'leap' : undefined
}

/** The first day that needs long-term support. */
export function endOfLifeOf({ lastDay }: SuseRelease): string | undefined {
  return dayAfter(lastDay)
}
