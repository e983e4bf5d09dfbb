import { severityOfScore } from './cvss.ts'
import type { Finding } from './report.ts'
import type { Severity } from './severity.ts'

/** The middle of each band of scores; nobody has rated `unknown`, which is no reason to put it last. */
const middles: Readonly<Record<Severity, number>> = {
  critical: 9.5,
  high: 8,
  medium: 5.5,
  low: 2,
  negligible: 0.5,
  unknown: 5.5,
}

/** The likelihood of what EPSS has no score for, most often because it is new: about the mean of all scores. */
const usualLikelihood = 0.05

const ransomwareFactor = 1.1

/**
 * The risk of a finding, 0 to 100: its severity, 0 to 1, times the likelihood that it is exploited, times 100. docs/severity.md
 * explains it. The severity is the base score that the finding's severity stands for, or the middle of its band; the
 * likelihood is 1 for what is known to be exploited, else the EPSS score.
 */
export function riskOf({
  severity,
  severitySource,
  cvss,
  epss,
  kev,
}: Pick<Finding, 'severity' | 'severitySource' | 'cvss' | 'epss' | 'kev'>): number {
  const own = cvss.find(
    ({ source, version, score }) =>
      source === severitySource && score !== null && severityOfScore(score, version) === severity,
  )
  const impact = (own?.score ?? middles[severity]) / 10
  const likelihood = kev === null ? (epss?.score ?? usualLikelihood) : 1
  const factor = kev?.ransomware === true ? ransomwareFactor : 1
  return Math.min(100, Math.round(100_000 * impact * likelihood * factor) / 1000)
}
