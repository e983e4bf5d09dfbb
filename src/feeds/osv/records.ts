import type { Advisory, FeedRecord, Statement, VersionRange } from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import type { Gap } from '../../core/gap.ts'
import type { Rating } from '../../core/severity.ts'
import { badRecord } from '../gaps.ts'
import { readArchive } from './archive.ts'
import { ByPackage } from './by-package.ts'
import { type OsvEcosystem, scopeOf } from './ecosystems.ts'
import { affectedVersions, fixOf } from './ranges.ts'
import type { OsvAffected, OsvRecord } from './schema.ts'
import { ratingsOf, textIn } from './severity.ts'
import { cvesOf, describe } from './vulnerability.ts'

/** The records of an ecosystem's archive. A record also names packages of other ecosystems: their archives have it as well. */
export async function* readRecords(
  spool: Spool,
  signal: AbortSignal,
  ecosystem: OsvEcosystem,
): AsyncGenerator<FeedRecord> {
  for await (const read of readArchive(spool, signal)) {
    const made = 'gap' in read ? read.gap : advisoryOf(read.record, ecosystem)
    if (made !== undefined) yield made
  }
}

/** The advisory that a record is, a gap if it cannot be read, `undefined` if it states no versions of this ecosystem. */
function advisoryOf(record: OsvRecord, ecosystem: OsvEcosystem): Advisory | Gap | undefined {
  const source = record.id.split('-', 1)[0]!.toLowerCase()
  const packages = new ByPackage<Claims>()
  for (const affected of record.affected ?? []) {
    const named = affected.package?.ecosystem
    if (named === undefined || named.split(':', 1)[0] !== ecosystem.name || isRemark(affected)) continue
    const versions = affectedVersions(affected)
    if (versions === undefined) continue
    if ('problem' in versions) return badRecord(record.id, versions.problem)
    addClaims(packages, affected, versions.ranges, ecosystem)
  }
  const claims = packages.values()
  if (claims.length === 0) return undefined
  const { database_specific: own, upstream, related } = record
  const covers = cvesOf(upstream, ecosystem.distribution ? related : undefined)
  const { links, ...vulnerability } = describe(record, ratingsOf(record.severity, textIn(own, 'severity'), source))
  return {
    vulnerability: {
      ...vulnerability,
      links: [`https://osv.dev/vulnerability/${encodeURIComponent(record.id.toWellFormed())}`, ...links],
      ...(covers.length === 0 || covers.includes(record.id) ? {} : { covers }),
    },
    statements: claims.map((claim) => statementOf(claim, source)),
  }
}

/** What a record says of one package, which may be in several places of it. */
interface Claims {
  readonly scope: string
  readonly name: string
  readonly affected: OsvAffected
  readonly ranges: VersionRange[]
}

function addClaims(
  packages: ByPackage<Claims>,
  affected: OsvAffected,
  ranges: readonly VersionRange[],
  ecosystem: OsvEcosystem,
): void {
  const { ecosystem: named, name: written } = affected.package!
  const scope = scopeOf(ecosystem, named)
  const name = ecosystem.normal?.(written) ?? written
  const claims = packages.of(scope, name, () => ({ scope, name, affected, ranges: [] }))
  for (const range of ranges) claims.ranges.push(range)
}

function statementOf({ scope, name, affected, ranges }: Claims, source: string): Statement {
  const rating: Rating | undefined = ratingsOf(affected.severity, undefined, source)[0]
  const kind = textIn(affected.database_specific, 'informational')
  return {
    key: { scope, name },
    ...fixOf(ranges),
    ...(rating === undefined ? {} : { rating }),
    ...(kind === undefined ? {} : { note: `for information: ${kind}` }),
  }
}

/** RustSec also says that a crate is not maintained any more, or announces something. Neither is a vulnerability. */
function isRemark({ database_specific: own }: OsvAffected): boolean {
  const kind = textIn(own, 'informational')
  return kind === 'unmaintained' || kind === 'notice'
}
