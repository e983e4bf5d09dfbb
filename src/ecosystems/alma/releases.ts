import type { Release } from '../../core/package.ts'

/** The releases of AlmaLinux, and the first day without security updates: `SUPPORT_END` in the os-release of each. */
export const almaReleases: Readonly<Record<string, string>> = {
  '8': '2029-06-01',
  '9': '2032-06-01',
  '10': '2035-06-01',
}

/**
 * The release that os-release states, `9` of `9.5`; `undefined` if it states none. Kitten is the preview of a release
 * under the same number, with packages of its own that no erratum speaks of.
 */
export function releaseOf({ versionId, prettyName }: Release): string | undefined {
  if (/\bkitten\b/i.test(prettyName)) return undefined
  return /^\d+/.exec(versionId)?.[0]
}
