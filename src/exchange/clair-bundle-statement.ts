import { type AdvisoryKey, qualifiedName, type Statement, type VersionRange } from '../core/advisory.ts'
import type { ClairVulnerability } from './clair-bundle-schema.ts'
import { raterOf, ratingOf } from './clair-bundle-severity.ts'
import { scopeOfCpe, scopeOfDistribution, scopeOfOsv } from './clair-bundle-sources.ts'

/** What a vulnerability of Clair's says as a statement, or why it cannot be one; `undefined`: another one says it. */
export function statementOf(
  vulnerability: ClairVulnerability,
  updater: string,
): Statement | { readonly problem: string } | undefined {
  const scope = scopeOf(vulnerability, updater)
  if (scope === undefined) return { problem: 'it is about no distribution, repository or ecosystem that is known' }
  const { kind } = vulnerability.package
  // Some versions of Clair repeat what is said of a source package for each of its binary packages.
  if (scope.startsWith('debian:') && kind === 'binary') return undefined
  const rating = ratingOf(vulnerability.severity ?? '', vulnerability.normalized_severity ?? '', raterOf(scope))
  return {
    key: { scope, name: nameOf(vulnerability, scope) },
    ...fixOf(vulnerability, scope),
    ...(rating === undefined ? {} : { rating }),
  }
}

function scopeOf({ distribution, repository, package: pkg }: ClairVulnerability, updater: string): string | undefined {
  const scope = distribution == null ? undefined : scopeOfDistribution(distribution)
  if (scope !== undefined) return scope
  const kind = pkg.kind === 'source' ? 'source' : 'binary'
  const cpe = [repository?.cpe, repository?.name].find((name) => name?.startsWith('cpe:'))
  return scopeOfOsv(updater) ?? (cpe === undefined ? undefined : scopeOfCpe(cpe, kind))
}

function nameOf(
  { package: { name, kind, module, arch }, arch_op }: ClairVulnerability,
  scope: string,
): AdvisoryKey['name'] {
  if (scope.startsWith('ubuntu:')) return kind === 'binary' ? qualifiedName(name, { kind }) : name
  const limited = { ...(module ? { module } : {}) }
  if (scope.startsWith('rhel:') && kind === 'source') return qualifiedName(name, { ...limited, arch: 'src' })
  // A pattern has all architectures of the release in it. What is made for none runs on all.
  const one = (arch_op === 'equals' || arch_op === 'pattern match') && /^\w+$/.test(arch ?? '') && arch !== 'noarch'
  return qualifiedName(name, one ? { ...limited, arch: arch! } : limited)
}

/**
 * `fixed_in_version` is empty if there is no fix, and `0` for Debian and Alpine if the release never had it; Ubuntu means a
 * fix that never came. Where rpm packages have none, a version of the package is the last one affected. OSV writes it as the
 * query of a URL for some ecosystems, and for others a range beside it.
 */
function fixOf(vulnerability: ClairVulnerability, scope: string): Pick<Statement, 'fix' | 'fixedIn' | 'ranges'> {
  const { fixed_in_version: fixed = '', package: pkg, range, Invert } = vulnerability
  if (Invert === true) return { fix: 'not-affected' }
  const query = /^[a-zA-Z]+=/.test(fixed) ? rangeOfQuery(fixed) : undefined
  if (query !== undefined) return rangeFix(query)
  if (range != null) return rangeFix(rangeOfBounds(range, fixed))
  if (fixed === '0') return { fix: scope.startsWith('ubuntu:') ? 'open' : 'not-affected' }
  if (fixed !== '') return { fix: 'fixed', fixedIn: fixed }
  return pkg.version ? rangeFix({ lastAffected: pkg.version }) : { fix: 'open' }
}

function rangeFix(range: VersionRange): Pick<Statement, 'fix' | 'fixedIn' | 'ranges'> {
  const { introduced, fixed, lastAffected } = range
  if (introduced === undefined && lastAffected === undefined) {
    return fixed === undefined ? { fix: 'open' } : { fix: 'fixed', fixedIn: fixed }
  }
  return { fix: fixed === undefined ? 'open' : 'fixed', ranges: [range] }
}

function rangeOfQuery(query: string): VersionRange {
  const fields = new URLSearchParams(query)
  const [introduced, fixed, lastAffected] = ['introduced', 'fixed', 'lastAffected'].map((name) => fields.get(name))
  return {
    ...(introduced ? { introduced } : {}),
    ...(fixed ? { fixed } : {}),
    ...(lastAffected ? { lastAffected } : {}),
  }
}

/** Bounds are normalised: `semver:1.2.3.0.0.0.0.0.0.0`. What is above all versions ends nothing. */
function rangeOfBounds(bounds: { readonly '['?: string; readonly ')'?: string }, fixed: string): VersionRange {
  const introduced = versionOfBound(bounds['['])
  const end = fixed !== '' && fixed !== '0' ? fixed : versionOfBound(bounds[')'])
  return {
    ...(introduced === undefined || /^[0.]+$/.test(introduced) ? {} : { introduced }),
    ...(end === undefined || end.startsWith('65535') ? {} : { fixed: end }),
  }
}

function versionOfBound(bound: string | undefined): string | undefined {
  const numbers = /^[a-z]+:(\d+(?:\.\d+)*)$/.exec(bound ?? '')?.[1]?.split('.')
  return numbers === undefined ? undefined : [0, 1, 2].map((place) => numbers[place] ?? '0').join('.')
}
