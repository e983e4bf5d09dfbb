import { dayAfter } from '../../feeds/days.ts'

/** The releases of Rocky Linux, and the last day with security updates (https://wiki.rockylinux.org/rocky/version/). */
export const rockyReleases: Readonly<Record<string, string>> = {
  '8': '2029-05-31',
  '9': '2032-05-31',
  '10': '2035-05-31',
}

/** The first day without security updates; `undefined` where it is not known. */
export function endOfLifeOf(release: string): string | undefined {
  return dayAfter(rockyReleases[release])
}
