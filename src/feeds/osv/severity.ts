import type { Rating, Severity } from '../../core/severity.ts'
import { cvssRating } from '../cvss.ts'
import type { OsvRecord } from './schema.ts'

/** Words of the databases behind OSV, in lower case; `moderate` is GitHub's medium. */
const words: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'critical'],
  ['high', 'high'],
  ['important', 'high'],
  ['moderate', 'medium'],
  ['medium', 'medium'],
  ['low', 'low'],
  ['negligible', 'negligible'],
])

/** Vectors that were rated, as few as there are different ones, and their ratings. */
const rated = new Map<string, Rating | undefined>()
const ratedAtMost = 10_000

/** More than all metrics of CVSS 4 take. */
const longestVector = 300

/** `cvssRating`, which takes long, of the same vector once. */
function ratingOf(source: string, vector: string): Rating | undefined {
  if (vector.length > longestVector) return undefined
  const key = `${source} ${vector}`
  if (!rated.has(key)) {
    if (rated.size === ratedAtMost) rated.clear()
    rated.set(key, cvssRating(source, vector))
  }
  return rated.get(key)
}

/**
 * The ratings of a record, or of one package in it: one a CVSS vector, the newest version of CVSS first. `word` is the
 * database's own, which goes before what a vector gives.
 */
export function ratingsOf(
  severity: OsvRecord['severity'],
  word: string | undefined,
  source: string,
): readonly Rating[] {
  const vectors = (severity ?? []).filter(({ type }) => type.startsWith('CVSS_V'))
  vectors.sort((left, right) => (left.type < right.type ? 1 : left.type > right.type ? -1 : 0))
  const ratings = vectors.map(({ score: vector }) => ratingOf(source, vector)).filter((rating) => rating !== undefined)
  if (!word) return ratings
  const own = { severity: words.get(word.toLowerCase()) ?? 'unknown', source, original: word }
  return [{ ...ratings[0], ...own }, ...ratings.slice(1)]
}

/** The text under `name` in a part of a record that every database fills as it likes. */
export function textIn(part: unknown, name: string): string | undefined {
  const value = typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' ? value : undefined
}
