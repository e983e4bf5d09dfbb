import type { Vulnerability } from '../../../core/advisory.ts'
import type { Finding } from '../../../core/report.ts'
import { type Severity, severities } from '../../../core/severity.ts'
import type { KnownVulnerability } from '../../../core/store.ts'
import { numericId } from './ids.ts'
import type { ClairCvss, ClairDistribution, ClairSeverity, ClairVulnerability } from './schema.ts'

/** What is said of one vulnerability in one package, as an entry of Clair's is made from it. */
export interface VulnerabilityFacts {
  readonly feed: string
  readonly id: string
  readonly scope: string
  /** The package that the statement names. */
  readonly name: string
  readonly kind: 'source' | 'binary'
  readonly fixedIn: string
  readonly severity: Severity
  readonly description: string
  readonly links: readonly string[]
  readonly distribution: ClairDistribution
  /** The feed's own record of it, where it is at hand. */
  readonly known: Vulnerability | undefined
}

const names = Object.fromEntries(
  severities.map((severity) => [severity, severity[0]!.toUpperCase() + severity.slice(1)]),
) as Readonly<Record<Severity, ClairSeverity>>

/** A severity as Clair writes it. */
export function severityName(severity: Severity): ClairSeverity {
  return names[severity]
}

/** A severity of Clair's; what is none is `unknown`. */
export function severityOf(name: string | undefined): Severity {
  return severities.find((severity) => names[severity] === name) ?? 'unknown'
}

/** An entry of Clair's. Its id is the same as long as the same is said. */
export function clairVulnerability(facts: VulnerabilityFacts): ClairVulnerability {
  const { feed, id, scope, name, kind, fixedIn, severity, known } = facts
  return {
    id: numericId(feed, scope, name, id, fixedIn),
    updater: feed,
    name: id,
    description: facts.description,
    issued: timeOf(known?.published),
    links: facts.links.join(' '),
    severity: known?.ratings.find((rating) => rating.severity === severity)?.original ?? severity,
    normalized_severity: names[severity],
    package: { id: '', name: name.split(' ')[0]!, version: '', kind, normalized_version: '', cpe: '' },
    distribution: facts.distribution,
    repository: { cpe: '' },
    fixed_in_version: fixedIn,
    arch_op: 'invalid',
  }
}

/** The CVSS scores of a finding in the words of NVD's API: NVD's own first, which are all that Clair has. */
export function cvssOf({ cvss }: Pick<Finding, 'cvss'>): readonly ClairCvss[] {
  const [own, others] = [true, false].map((wanted) => cvss.filter(({ source }) => (source === 'nvd') === wanted))
  return [...own!, ...others!].flatMap(({ version, vector, score }) =>
    score === null ? [] : [{ version, vectorString: vector, baseScore: score, baseSeverity: bandOf(score) }],
  )
}

/** Records of vulnerabilities by feed and id. */
export function byFeedAndId(
  found: readonly KnownVulnerability[],
): (feed: string, id: string) => Vulnerability | undefined {
  const known = new Map(found.map(({ feed, vulnerability }) => [`${feed}\0${vulnerability.id}`, vulnerability]))
  return (feed, id) => known.get(`${feed}\0${id}`)
}

function timeOf(text: string | undefined): string {
  const time = text === undefined ? Number.NaN : Date.parse(text)
  // Go's zero time: not known.
  return Number.isNaN(time) ? '0001-01-01T00:00:00Z' : new Date(time).toISOString()
}

/** CVSS 3.1, section 5. */
function bandOf(score: number): string {
  if (score >= 9) return 'CRITICAL'
  if (score >= 7) return 'HIGH'
  if (score >= 4) return 'MEDIUM'
  return score > 0 ? 'LOW' : 'NONE'
}
