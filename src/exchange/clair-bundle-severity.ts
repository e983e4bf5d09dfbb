import type { Rating, Severity } from '../core/severity.ts'

/** The words of all sources. Debian's asterisk says that the urgency is derived from the NVD. */
const words: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'critical'],
  ['high', 'high'],
  ['important', 'high'],
  ['medium', 'medium'],
  ['moderate', 'medium'],
  ['low', 'low'],
  ['negligible', 'negligible'],
  ['unimportant', 'negligible'],
])

/** Who rates, by the beginning of a scope. */
const raters: ReadonlyMap<string, string> = new Map([['rhel', 'redhat']])

/** The name of who rates in a scope. */
export function raterOf(scope: string): string {
  const id = scope.split(':', 1)[0]!
  return raters.get(id) ?? id
}

/**
 * The rating that a vulnerability's severities are: the source's own word (of Red Hat and OSV a CVSS vector), and what Clair
 * makes of it, which is one level more than Debian means.
 */
export function ratingOf(severity: string, normalized: string, source: string): Rating | undefined {
  const said = words.get(severity.replace(/\*+$/, '').toLowerCase())
  if (/^(?:CVSS:|AV:)/.test(severity))
    return { severity: words.get(normalized.toLowerCase()) ?? 'unknown', source, vector: severity }
  const known = said ?? words.get(normalized.toLowerCase())
  if (known === undefined && severity === '') return undefined
  return { severity: known ?? 'unknown', source, ...(severity === '' ? {} : { original: severity }) }
}

/** What Clair makes of Debian's urgencies (claircore, `debian`). */
const debianSeverities: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'Critical',
  medium: 'High',
  low: 'Medium',
  negligible: 'Low',
  unknown: 'Unknown',
}

/** Clair's word for a severity, one of its enumeration. */
export function normalizedSeverity(severity: Severity, source: string): string {
  if (source === 'debian') return debianSeverities[severity]
  return severity.charAt(0).toUpperCase() + severity.slice(1)
}
