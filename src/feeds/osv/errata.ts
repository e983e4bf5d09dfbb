import {
  type Advisory,
  type FeedRecord,
  qualifiedName,
  type Statement,
  type VersionRange,
} from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import type { Gap } from '../../core/gap.ts'
import type { VersionScheme } from '../../core/versions.ts'
import { badRecord } from '../gaps.ts'
import { isDebugPackage, isModular } from '../rpm-flavours.ts'
import { readArchive } from './archive.ts'
import { ByPackage } from './by-package.ts'
import { affectedVersions, fixOf } from './ranges.ts'
import type { OsvAffected, OsvRecord } from './schema.ts'
import { ratingsOf } from './severity.ts'
import { cvesOf, describe } from './vulnerability.ts'

/** A rebuild of Red Hat's distribution that publishes its errata as OSV. */
export interface ErrataSource {
  /** The id of our ecosystem: the beginning of scopes, and the source of ratings. */
  readonly id: string
  /** The ecosystem in OSV; its releases follow a colon. */
  readonly ecosystem: string
  /** Whether an erratum is about security. One that is not, and names no CVE, is left out. */
  readonly isSecurity: (id: string) => boolean
  /** Where an erratum can be read. */
  readonly link: (id: string, release: string) => string
  readonly versions: VersionScheme
}

/** Where the title of an erratum has its severity: `Important: kernel security update`, seldom `… (Important)`. */
const severityPattern = /^(Critical|Important|Moderate|Low):|\((Critical|Important|Moderate|Low)\)$/

/** The errata of an archive as advisories, each with the CVEs that it covers. */
export async function* readErrata(spool: Spool, signal: AbortSignal, source: ErrataSource): AsyncGenerator<FeedRecord> {
  for await (const read of readArchive(spool, signal)) {
    const made = 'gap' in read ? read.gap : erratumOf(read.record, source)
    if (made !== undefined) yield made
  }
}

function erratumOf(record: OsvRecord, source: ErrataSource): Advisory | Gap | undefined {
  const covers = cvesOf(record.aliases, record.upstream, record.related)
  if (covers.length === 0 && !source.isSecurity(record.id)) return undefined
  const streams = streamsOf(record.summary ?? '')
  const packages = new ByPackage<Claims>()
  for (const affected of record.affected ?? []) {
    const problem = addClaims(packages, affected, streams, source)
    if (problem !== undefined) return badRecord(record.id, problem)
  }
  const claims = packages.values()
  const [first] = claims
  if (first === undefined) return undefined
  const [, before, behind] = severityPattern.exec(record.summary ?? '') ?? []
  const { links, ...vulnerability } = describe(record, ratingsOf(record.severity, before ?? behind, source.id))
  const own = source.link(record.id, first.scope.slice(first.scope.indexOf(':') + 1))
  return {
    vulnerability: {
      ...vulnerability,
      aliases: vulnerability.aliases.filter((alias) => !covers.includes(alias)),
      ...(covers.length === 0 ? {} : { covers }),
      links: [own, ...links.filter((link) => link !== own)],
    },
    statements: claims.map((claim) => statementOf(claim, source.versions)),
  }
}

/**
 * The module streams that the title of an erratum names: `Moderate: idm:DL1 and idm:client security update`,
 * `httpd:2.4/mod_http2`. OSV has no other place for them.
 */
function streamsOf(summary: string): readonly string[] {
  const title = summary.replace(/^(?:Critical|Important|Moderate|Low):/, '')
  return [...title.matchAll(/(?<=^|[\s,])[a-z][\w.+-]*:[\w.+-]+(?=[\s,/]|$)/gi)].map(([stream]) => stream)
}

/** What an erratum says of one package: the versions that fix it, one a build, or ranges of another kind. */
interface Claims {
  readonly scope: string
  readonly name: string
  readonly fixed: string[]
  readonly ranges: VersionRange[]
}

/** Adds what is said of a package; returns what is wrong with it, if it is. */
function addClaims(
  packages: ByPackage<Claims>,
  affected: OsvAffected,
  streams: readonly string[],
  source: ErrataSource,
): string | undefined {
  const [ecosystem, release] = affected.package?.ecosystem.split(':', 2) ?? []
  if (ecosystem !== source.ecosystem || isDebugPackage(affected.package!.name)) return undefined
  if (!release) return `it does not say for which release ${affected.package!.name} is`
  const versions = affectedVersions(affected)
  if (versions === undefined) return `it states no versions of ${affected.package!.name}`
  if ('problem' in versions) return versions.problem
  for (const range of versions.ranges) {
    const { fixed } = range
    const modules = fixed !== undefined && isModular(fixed) ? streams : []
    const name = affected.package!.name
    const names = modules.length === 0 ? [name] : modules.map((module) => qualifiedName(name, { module }))
    for (const key of names) addRange(packages, `${source.id}:${release}`, key, range)
  }
  return undefined
}

function addRange(packages: ByPackage<Claims>, scope: string, name: string, range: VersionRange): void {
  const claims = packages.of(scope, name, () => ({ scope, name, fixed: [], ranges: [] }))
  if (range.fixed !== undefined && range.introduced === undefined) claims.fixed.push(range.fixed)
  else claims.ranges.push(range)
}

function statementOf({ scope, name, fixed, ranges }: Claims, versions: VersionScheme): Statement {
  const key = { scope, name }
  if (ranges.length === 0) return { key, fix: 'fixed', fixedIn: fixedVersion(fixed, versions) }
  return { key, ...fixOf([...ranges, ...fixed.map((version) => ({ fixed: version }))]) }
}

/**
 * The version that fixes a package of which an erratum lists several builds: of the highest version the lowest rebuild. What is
 * in front of `.el8` or `.module…` says what is in it; `1.0-3.el8.alma` and `1.0-3.module_el8.5.0+1` are but other builds of it.
 */
function fixedVersion(fixed: readonly string[], versions: VersionScheme): string {
  return fixed.reduce((chosen, other) => {
    const order = versions.compare(contentOf(other), contentOf(chosen)) ?? 0
    if (order !== 0) return order > 0 ? other : chosen
    return versions.compare(other, chosen) === -1 ? other : chosen
  })
}

function contentOf(version: string): string {
  return version.replace(/\.(?:el\d|module[_+]).*$/, '')
}
