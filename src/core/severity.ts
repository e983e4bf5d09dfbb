/** Severities, most severe first. `unknown` means that nobody has rated it, not that it is harmless. */
export const severities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const

/** One of the six severities. */
export type Severity = (typeof severities)[number]

/** A severity and whose judgement it is. */
export interface Rating {
  readonly severity: Severity
  /** Who says so: `debian`, `ubuntu`, `nvd` … */
  readonly source: string
  /** The source's own word, such as `not yet assigned`. */
  readonly original?: string
  /** The CVSS vector behind it, of any version: `CVSS:3.1/AV:N/…`, `AV:N/AC:L/…` for version 2. */
  readonly vector?: string
  /** The CVSS base score, 0 to 10. */
  readonly score?: number
}

const ranks: Readonly<Record<Severity, number>> = { critical: 0, high: 1, medium: 2, low: 3, negligible: 4, unknown: 5 }

/** The place of a severity in order: 0 for `critical`, 5 for `unknown`. */
export function severityRank(severity: Severity): number {
  return ranks[severity]
}

/** Whether `severity` is as severe as `threshold` or more. `unknown` reaches only `unknown`. */
export function reaches(severity: Severity, threshold: Severity): boolean {
  return severityRank(severity) <= severityRank(threshold)
}
