import type { FeedRecord, Statement, Vulnerability } from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import { type Rating, severityRank } from '../../core/severity.ts'
import { documentName } from '../../feeds/document.ts'
import { errataRatings } from '../../feeds/errata-severity.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { detached, type OvalDefinition, type OvalDocument, readOval } from '../../feeds/oval.ts'
import { type RpmCriteria, RpmCriteriaReader, type VulnerableRpm } from '../../feeds/oval-rpm.ts'
import { statementsOf, type VulnerableRange } from '../../feeds/rpm-statements.ts'
import { rpm } from '../../versions/rpm.ts'
import { statedVersion } from './versions.ts'

/** What is kept of a definition: what it says of one vulnerability in one package. */
interface Entry {
  readonly id: string
  readonly link: string
  readonly ratings: readonly Rating[]
  readonly applicable: boolean
  readonly criteria: RpmCriteria
}

/** The vulnerabilities in a release's OVAL document, once all of it has been read: a record each, of all its definitions. */
export async function* readRecords(
  spool: Spool,
  signal: AbortSignal,
  url: string,
  scope: string,
): AsyncGenerator<FeedRecord> {
  const reader = new RpmCriteriaReader()
  const document = await readOval(spool.read(documentName, signal), url, (definition) => entryOf(definition, reader))
  for (const entries of Map.groupBy(document.definitions, ({ id }) => id).values()) {
    yield* recordsOf(entries, reader, document, scope)
  }
}

function* recordsOf(
  entries: readonly Entry[],
  reader: RpmCriteriaReader,
  document: OvalDocument<unknown>,
  scope: string,
): Generator<FeedRecord> {
  const ranges: VulnerableRange[] = []
  const others = new Map<string, Statement>()
  for (const { id, applicable, criteria } of entries) {
    const { vulnerable, unread } = reader.read(criteria, document)
    for (const test of unread) yield badRecord(id, `its test ${test} cannot be read`)
    for (const versions of vulnerable) {
      const { name, arches } = versions
      const range = rangeOf(versions)
      const key = { scope, name }
      if (applicable && range !== undefined) ranges.push({ key, arches, range })
      else others.set(name, applicable ? { key, fix: 'undetermined', note: versionless } : { key, fix: 'not-affected' })
    }
  }
  const statements = statementsOf(ranges, rpm)
  for (const { key } of statements) others.delete(key.name)
  yield { vulnerability: vulnerabilityOf(entries), statements: [...statements, ...others.values()] }
}

const versionless = 'it is fixed, but Microsoft does not state in which version'

/** The vulnerable versions, as far as they are stated. */
function rangeOf({ range }: VulnerableRpm): VulnerableRange['range'] | undefined {
  const version = statedVersion(range.fixed ?? range.lastAffected!)
  if (version === undefined) return undefined
  return range.fixed === undefined ? { lastAffected: version } : { fixed: version }
}

function entryOf(definition: OvalDefinition, reader: RpmCriteriaReader): Entry | undefined {
  const { criteria, references, severity, patchable } = definition
  const reference = references.find(({ source }) => source === 'CVE')
  if (definition.class !== 'vulnerability' || criteria === undefined) return undefined
  return {
    id: detached(reference?.id || definition.id),
    link: detached(reference?.url ?? ''),
    ratings: errataRatings(detached(severity), 'azurelinux'),
    // "This CVE either no longer is or was never applicable."
    applicable: patchable !== 'Not Applicable',
    criteria: reader.keep(criteria),
  }
}

/** Texts of definitions repeat package and version, which are in the statements. Of unequal ratings the most severe counts. */
function vulnerabilityOf(entries: readonly Entry[]): Vulnerability {
  const [{ id, link }] = entries as readonly [Entry]
  const ratings = entries.flatMap(({ ratings }) => ratings)
  const [worst] = ratings.sort((left, right) => severityRank(left.severity) - severityRank(right.severity))
  return {
    id,
    aliases: [],
    description: '',
    ratings: worst === undefined ? [] : [worst],
    links: /^https?:\/\//.test(link) ? [link] : [],
  }
}
