import type { Rating, Severity } from '../../core/severity.ts'

const severities: ReadonlyMap<string, Severity> = new Map([
  ['negligible', 'negligible'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['critical', 'critical'],
])

/** The rating that a priority of the Ubuntu security team is; `Untriaged` rates nothing. Empty if there is no priority. */
export function ratingsOf(priority: string): readonly Rating[] {
  if (priority === '') return []
  return [{ severity: severities.get(priority.toLowerCase()) ?? 'unknown', source: 'ubuntu', original: priority }]
}
