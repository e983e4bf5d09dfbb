import type { Rating, Severity } from '../../core/severity.ts'

const severities: ReadonlyMap<string, Severity> = new Map([
  ['unimportant', 'negligible'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
])

/** Ratings by urgency: there are a dozen, said a hundred thousand times. */
const ratings = new Map<string, Rating>()
const keptRatings = 100

/**
 * The rating that an urgency of the tracker is. Asterisks say that the urgency was derived from the NVD and not set by
 * the security team. `not yet assigned` and `end-of-life` rate nothing.
 */
export function ratingOf(urgency: string): Rating {
  const known = ratings.get(urgency)
  if (known !== undefined) return known
  const severity = severities.get(urgency.replace(/\*+$/, '')) ?? 'unknown'
  const rating: Rating = { severity, source: 'debian', original: urgency }
  if (ratings.size < keptRatings) ratings.set(urgency, rating)
  return rating
}
