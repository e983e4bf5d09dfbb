import type { Release } from '../../core/package.ts'
import { dayAfter } from '../../feeds/days.ts'

/**
 * The last days with free security updates, by major release. RHEL: the end of maintenance support (Red Hat Enterprise Linux
 * Life Cycle); what is sold behind it (ELS) is in the data, but not in reach of everybody. CentOS: its product
 * specifications, and the end of builds of Stream.
 */
const lastDays: Readonly<Record<'rhel' | 'centos' | 'stream', Readonly<Record<string, string>>>> = {
  rhel: {
    4: '2012-02-29',
    5: '2017-03-31',
    6: '2020-11-30',
    7: '2024-06-30',
    8: '2029-05-31',
    9: '2032-05-31',
    10: '2035-05-31',
  },
  centos: { 5: '2017-03-31', 6: '2020-11-30', 7: '2024-06-30', 8: '2021-12-31' },
  stream: { 8: '2024-05-31', 9: '2027-05-31', 10: '2030-05-31' },
}

/** The major releases that have data. */
export const majorReleases: readonly string[] = Object.keys(lastDays.rhel)

/** A release of RHEL, or of CentOS, which is built from the same sources. */
export interface RhelRelease {
  readonly major: string
  /** `9.2`; where it is not stated, as of CentOS, `undefined`. */
  readonly minor: string | undefined
  /** Its packages are ahead of RHEL's. */
  readonly isStream: boolean
  readonly endOfLife: string | undefined
}

/** What os-release states; `undefined` for another distribution, and without a version. */
export function releaseOf({ id, versionId, prettyName }: Release): RhelRelease | undefined {
  if (id !== 'rhel' && id !== 'centos') return undefined
  const [, major, minor] = /^(\d+)(?:\.(\d+))?/.exec(versionId) ?? []
  if (major === undefined) return undefined
  const isStream = id === 'centos' && (/\bstream\b/i.test(prettyName) || Number(major) > 8)
  return {
    major,
    minor: id === 'rhel' && minor !== undefined ? `${major}.${minor}` : undefined,
    isStream,
    endOfLife: dayAfter(lastDays[isStream ? 'stream' : id][major]),
  }
}
