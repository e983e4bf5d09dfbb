import type { FeedRecord, Statement, Vulnerability } from '../../core/advisory.ts'
import { messageOf } from '../../core/errors.ts'
import type { Spool } from '../../core/feed.ts'
import { documentName } from '../../feeds/document.ts'
import { badRecord } from '../../feeds/gaps.ts'
import type { CheckedRecord } from '../../feeds/record-check.ts'
import { tarDocuments } from '../../feeds/tar-documents.ts'
import { rpm } from '../../versions/rpm.ts'
import { productOf } from './products.ts'
import { checkUpdate, type Update } from './schema.ts'

/** The updates in the archive of SUSE's OSV records, one JSON document each. */
export async function* readRecords(spool: Spool, signal: AbortSignal, url: string): AsyncGenerator<FeedRecord> {
  const isRecord = (path: string) => path.endsWith('.json')
  for await (const document of tarDocuments(spool.read(documentName, signal), url, isRecord)) {
    const checked = 'bad' in document ? { problem: document.bad } : checkDocument(document.content)
    if ('problem' in checked) {
      yield badRecord(document.path, checked.problem)
    } else if (checked.value.withdrawn === undefined) {
      const statements = statementsOf(checked.value)
      // The rest is about packages that are gone, or about products that are no distributions.
      if (statements.length > 0) yield { vulnerability: vulnerabilityOf(checked.value), statements }
    }
  }
}

function checkDocument(content: Buffer): CheckedRecord<Update> {
  try {
    return checkUpdate(JSON.parse(content.toString('utf8')))
  } catch (error) {
    return { problem: messageOf(error) }
  }
}

function vulnerabilityOf({
  id,
  summary,
  details,
  published,
  modified,
  related,
  upstream,
  references,
}: Update): Vulnerability {
  const cves = [...(upstream ?? []), ...(related ?? [])].filter((name) => /^CVE-\d{4}-\d{4,}$/.test(name))
  const pages = references?.flatMap(({ type, url }) =>
    type === 'ADVISORY' && /^https?:\/\//.test(url ?? '') ? [url!] : [],
  )
  return {
    id,
    ...(cves.length === 0 ? {} : { covers: [...new Set(cves)] }),
    aliases: [],
    description: details || summary || '',
    ratings: [],
    links: pages ?? [],
    ...(published === undefined ? {} : { published }),
    ...(modified === undefined ? {} : { modified }),
  }
}

/** What a binary package of a scope is fixed in. */
interface Fix {
  readonly version: string
  readonly extended: boolean
}

/**
 * One statement a scope and binary package, which come again for every product and source package of the update. The later
 * version counts. A fix that any product of general support brings needs no other.
 */
function statementsOf({ affected }: Update): readonly Statement[] {
  const fixes = new Map<string, Map<string, Fix>>()
  for (const { package: about, ecosystem_specific: specific } of affected ?? []) {
    const product = productOf(about.ecosystem)
    if (product === undefined) continue
    const { scope, extended } = product
    const names = fixes.get(scope) ?? new Map<string, Fix>()
    fixes.set(scope, names)
    for (const binaries of specific.binaries) {
      for (const [name, version] of Object.entries(binaries)) {
        const other = names.get(name)
        const later = other !== undefined && rpm.compare(other.version, version) === 1 ? other.version : version
        names.set(name, { version: later, extended: extended && (other?.extended ?? true) })
      }
    }
  }
  return [...fixes].flatMap(([scope, names]) =>
    [...names].map(([name, { version, extended }]) => ({
      key: { scope, name },
      fix: 'fixed' as const,
      fixedIn: version,
      ...(extended ? { note: needsLongTermSupport } : {}),
    })),
  )
}

const needsLongTermSupport = 'needs long-term support (LTSS, ESPOS or SLES for SAP)'
