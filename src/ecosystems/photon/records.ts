import type { FeedRecord, Vulnerability } from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import { documentName } from '../../feeds/document.ts'
import { errataRatings } from '../../feeds/errata-severity.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { detached, type OvalDefinition, readOval } from '../../feeds/oval.ts'
import { type RpmCriteria, RpmCriteriaReader } from '../../feeds/oval-rpm.ts'
import { statementsOf } from '../../feeds/rpm-statements.ts'
import { rpm } from '../../versions/rpm.ts'
import { advisoryOf } from './advisories.ts'

/** What is kept of a definition until the tests that it names have been read. */
interface Entry {
  readonly update: Vulnerability
  readonly advisory: string | undefined
  readonly criteria: RpmCriteria
}

/** The security updates in a release's OVAL document, once all of it has been read. */
export async function* readRecords(
  spool: Spool,
  signal: AbortSignal,
  url: string,
  scope: string,
): AsyncGenerator<FeedRecord> {
  const reader = new RpmCriteriaReader()
  const document = await readOval(spool.read(documentName, signal), url, (definition) => entryOf(definition, reader))
  for (const { update, advisory, criteria } of document.definitions) {
    const { vulnerable, unread } = reader.read(criteria, document)
    for (const test of unread) yield badRecord(update.id, `its test ${test} cannot be read`)
    const ranges = vulnerable.map(({ name, arches, range }) => ({ key: { scope, name }, arches, range }))
    const statements = statementsOf(ranges, rpm)
    yield {
      vulnerability: update,
      statements: advisory === undefined ? statements : statements.map((statement) => ({ ...statement, advisory })),
    }
  }
}

function entryOf(definition: OvalDefinition, reader: RpmCriteriaReader): Entry | undefined {
  const { criteria, title, references, description, severity, issued } = definition
  if (definition.class !== 'patch' || criteria === undefined) return undefined
  const phsa = references.find(({ source }) => source === 'PHSA')
  const cves = references.flatMap(({ id }) => /CVE-\d{4}-\d{4,}$/.exec(id) ?? []).map(detached)
  const update: Vulnerability = {
    id: detached(/^PHSA-\d+:\d+/.exec(title)?.[0] ?? definition.id),
    ...(cves.length === 0 ? {} : { covers: [...new Set(cves)] }),
    aliases: [],
    description: detached(description),
    ratings: errataRatings(detached(severity), 'photon'),
    links: phsa !== undefined && /^https?:\/\//.test(phsa.url) ? [detached(phsa.url)] : [],
    ...(issued === '' ? {} : { published: detached(issued) }),
  }
  const advisory = advisoryOf(phsa?.id ?? '', issued)
  return { update, advisory: advisory && detached(advisory), criteria: reader.keep(criteria) }
}
