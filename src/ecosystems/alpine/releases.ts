import type { Release } from '../../core/package.ts'

/**
 * The branches of Alpine Linux, and the day on which support ends, where it is known: https://alpinelinux.org/releases/, as of
 * January 2026. The day is that of the main repository; community gets fixes until the next branch is made only.
 */
export const alpineBranches: Readonly<Record<string, string | undefined>> = {
  '3.2': '2017-05-01',
  '3.3': '2017-11-01',
  '3.4': '2018-05-01',
  '3.5': '2018-11-01',
  '3.6': '2019-05-01',
  '3.7': '2019-11-01',
  '3.8': '2020-05-01',
  '3.9': '2020-11-01',
  '3.10': '2021-05-01',
  '3.11': '2021-11-01',
  '3.12': '2022-05-01',
  '3.13': '2022-11-01',
  '3.14': '2023-05-01',
  '3.15': '2023-11-01',
  '3.16': '2024-05-23',
  '3.17': '2024-11-22',
  '3.18': '2025-05-09',
  '3.19': '2025-11-01',
  '3.20': '2026-04-01',
  '3.21': '2026-11-01',
  '3.22': '2027-05-01',
  '3.23': '2027-11-01',
  '3.24': undefined,
  edge: undefined,
}

/** The day of 3.1, the last branch before the first that has data. Those before it ended earlier. */
const lastWithoutData = '2016-11-01'

/** The day on which support of a branch ended or will, or of branches older than all with data, had ended. */
export function endOfLifeOf(branch: string): string | undefined {
  const [major = 0, minor = 0] = branch.split('.').map(Number)
  return major < 3 || (major === 3 && minor < 2) ? lastWithoutData : alpineBranches[branch]
}

/**
 * The branch of the release that os-release states, `3.18` or `edge`; `undefined` if it states none. `VERSION_ID` is `3.18.4`
 * on a stable branch and `3.23_alpha20250612` on edge, whose name is in `PRETTY_NAME` too.
 */
export function branchOf({ versionId, prettyName }: Release): string | undefined {
  if (/_alpha/.test(versionId) || /\bedge\b/i.test(prettyName)) return 'edge'
  return /^\d+\.\d+/.exec(versionId)?.[0]
}
