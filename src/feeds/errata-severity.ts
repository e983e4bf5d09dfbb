import type { Rating, Severity } from '../core/severity.ts'

const severities: ReadonlyMap<string, Severity> = new Map([
  ['low', 'low'],
  ['moderate', 'medium'],
  ['medium', 'medium'],
  ['important', 'high'],
  ['high', 'high'],
  ['critical', 'critical'],
])

/**
 * The rating that `word`, as the vendors of rpm distributions have it in their advisories, is by `source`. Words such as `N/A`
 * rate nothing; empty if there is no word.
 */
export function errataRatings(word: string, source: string): readonly Rating[] {
  return word === '' ? [] : [{ severity: severities.get(word.toLowerCase()) ?? 'unknown', source, original: word }]
}
