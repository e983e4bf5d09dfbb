import calculator from 'ae-cvss-calculator'
import { cvssVersion, severityOfScore } from '../core/cvss.ts'
import type { Rating } from '../core/severity.ts'

/**
 * The rating that a CVSS vector is, of any version, with the source's base score, or a computed one where the source has only
 * the vector. `undefined` for a vector that is none. Import this only where a feed is parsed.
 */
export function cvssRating(source: string, vector: string, score?: number): Rating | undefined {
  const version = cvssVersion(vector)
  if (version === undefined) return undefined
  const base = score ?? baseScore(vector)
  return base === undefined ? undefined : { severity: severityOfScore(base, version), source, vector, score: base }
}

/** The base score of a vector, whatever else is in it; `undefined` if a base metric is missing or has no such value. */
function baseScore(vector: string): number | undefined {
  const base = calculator.fromVector(vector)?.calculateScores().base
  return typeof base === 'number' && Number.isFinite(base) ? base : undefined
}
