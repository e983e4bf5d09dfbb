import type { Fact, Json, Vulnerability } from '../../core/advisory.ts'
import { cvssVersion, severityOfScore } from '../../core/cvss.ts'
import type { Enrichment } from '../../core/enricher.ts'
import type { Rating } from '../../core/severity.ts'

/** What every finding needs of a vulnerability, as a fact: `[modified, [[source, vector, score]], [weakness]]`. */
export function encodeScores({ id, modified, ratings, weaknesses = [] }: Vulnerability): Fact {
  const scores = ratings.map(({ source, vector, score }) => [source, vector!, score!])
  return { fact: id, value: [modified ?? null, scores, weaknesses] }
}

/** What `encodeScores` made a fact of; `undefined` for anything else. */
export function decodeScores(value: Json): Enrichment | undefined {
  const [modified, ratings, weaknesses] = listOf(value)
  if (!Array.isArray(ratings) || !Array.isArray(weaknesses)) return undefined
  return {
    ...(typeof modified === 'string' ? { modified } : {}),
    ratings: ratings.flatMap((rating) => decodeRating(rating) ?? []),
    weaknesses: weaknesses.filter((weakness) => typeof weakness === 'string'),
  }
}

function decodeRating(value: Json): Rating | undefined {
  const [source, vector, score] = listOf(value)
  if (typeof source !== 'string' || typeof vector !== 'string' || typeof score !== 'number') return undefined
  const version = cvssVersion(vector)
  return version === undefined ? undefined : { severity: severityOfScore(score, version), source, vector, score }
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : []
}
