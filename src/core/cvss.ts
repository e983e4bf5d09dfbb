import type { Severity } from './severity.ts'

/** The versions of CVSS that are in use, the newest first. */
export const cvssVersions = ['4.0', '3.1', '3.0', '2.0'] as const

/** A version of CVSS. */
export type CvssVersion = (typeof cvssVersions)[number]

/** The version that a vector is of, by its first part; version 2 has none. `undefined` for what is no vector. */
export function cvssVersion(vector: string): CvssVersion | undefined {
  const [, prefix] = /^CVSS:(\d\.\d)\//.exec(vector) ?? []
  if (prefix !== undefined) return cvssVersions.find((version) => version === prefix)
  return /^AV:[LAN]\//.test(vector) ? '2.0' : undefined
}

/**
 * The severity of a base score: the qualitative rating scale of CVSS (3.1, section 5; 4.0, section 6), whose "none" is here
 * `negligible`. Version 2 has no scale of its own; NVD's for it ends with high, which begins at 7.0.
 */
export function severityOfScore(score: number, version: CvssVersion): Severity {
  if (score >= 9 && version !== '2.0') return 'critical'
  if (score >= 7) return 'high'
  if (score >= 4) return 'medium'
  return score > 0 || version === '2.0' ? 'low' : 'negligible'
}
