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

/** The base metrics of version 4, all of which a vector begins with, in this order (CVSS 4.0, section 7). */
const baseOfVersion4 =
  /^CVSS:4\.0\/AV:[NALP]\/AC:[LH]\/AT:[NP]\/PR:[NLH]\/UI:[NPA](\/V[CIA]:[HLN]){3}(\/S[CIA]:[HLN]){3}(\/|$)/

/**
 * The base score of a vector, of version 4 that of all its metrics: the calculator's other scores, which are not needed, take as
 * long again. `undefined` if a base metric is missing or has no such value, which the calculator sees in versions 2 and 3 only.
 */
function baseScore(vector: string): number | undefined {
  if (vector.startsWith('CVSS:4.0') && !baseOfVersion4.test(vector)) return undefined
  const parsed = calculator.fromVector(vector)
  const base = parsed instanceof calculator.Cvss4P0 ? parsed.calculateOverallScore() : parsed?.calculateScores().base
  return typeof base === 'number' && Number.isFinite(base) ? base : undefined
}
