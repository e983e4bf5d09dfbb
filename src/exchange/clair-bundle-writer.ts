import { createHash } from 'node:crypto'
import {
  type Advisory,
  type Fact,
  isFact,
  isGap,
  isRemoval,
  type Json,
  partsOfName,
  type Statement,
  type Vulnerability,
} from '../core/advisory.ts'
import { enrichmentOf } from './clair-bundle-enrichments.ts'
import { normalizedSeverity, raterOf } from './clair-bundle-severity.ts'
import { distributionOf, updaterOfFeed } from './clair-bundle-sources.ts'
import type { ExportedFeed, FeedExport } from './data-set.ts'

/** Feeds that Clair has an updater for, and the others. */
export interface ClairFeeds {
  readonly known: readonly FeedExport[]
  readonly others: readonly string[]
}

/** Sorts out what can be written into a bundle. */
export function clairFeeds(feeds: readonly FeedExport[]): ClairFeeds {
  const known = feeds.filter(({ feed }) => writable.test(feed.id))
  return { known, others: feeds.filter((item) => !known.includes(item)).map(({ feed }) => feed.id) }
}

/** The feeds whose records are in a form that an updater of Clair's could have written. */
const writable = /^(?:debian|ubuntu-[a-z]+|amazon-\d+|(?:alpine|oracle|photon)-.+|epss|kev)$/

/** Text that is collected before it is handed on. */
const batchLength = 64 * 1024

/**
 * The text of a bundle with these feeds, one operation each, for `clairctl import-updaters`. The same feeds give the same text.
 * What Clair has no word for is not in it: releases that it does not know, and that a package is not affected where it has no
 * version to say so with. Throws what reading the records throws.
 */
export async function* writeClairBundle(feeds: readonly FeedExport[]): AsyncGenerator<string> {
  let batch = ''
  for (const { feed, records } of feeds) {
    const write = lineWriter(feed)
    for await (const record of records) {
      if (isGap(record) || isRemoval(record)) continue
      for (const line of isFact(record) ? write.fact(record) : write.advisory(record)) {
        batch += `${line}\n`
        if (batch.length < batchLength) continue
        yield batch
        batch = ''
      }
    }
  }
  if (batch !== '') yield batch
}

interface LineWriter {
  advisory(advisory: Advisory): Iterable<string>
  fact(fact: Fact): Iterable<string>
}

/** Members of lines stand in the order in which Go writes them. */
function lineWriter({ id, url, fingerprint, checkedAt, dataTime }: ExportedFeed): LineWriter {
  const updater = /^clair:(.+)/s.exec(url)?.[1] ?? updaterOfFeed(id)!
  const date = checkedAt ?? dataTime ?? new Date(0).toISOString()
  const Ref = uuidOf([updater, fingerprint, date])
  const common = { Updater: updater, Fingerprint: fingerprint.replace(/^clair /, ''), Date: date, Ref }
  return {
    *advisory({ vulnerability, statements }) {
      for (const statement of statements) {
        for (const Vuln of vulnerabilitiesOf(vulnerability, statement, { feed: id, updater })) {
          yield JSON.stringify({ ...common, Vuln, Kind: 'vulnerability' })
        }
      }
    },
    *fact(fact) {
      const Enrichment = enrichmentOf(updater, fact, dataTime ?? date)
      if (Enrichment !== undefined) yield JSON.stringify({ ...common, Enrichment, Kind: 'enrichment' })
    },
  }
}

/** A UUID (RFC 9562, version 8) that is the same for the same texts. */
function uuidOf(texts: readonly string[]): string {
  const hash = createHash('sha256').update(texts.join('\0')).digest('hex')
  const variant = '89ab'[Number.parseInt(hash[16]!, 16) % 4]
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}

/** What a statement is as `claircore.Vulnerability`: one for each version that fixes it. */
function vulnerabilitiesOf(
  vulnerability: Vulnerability,
  statement: Statement,
  { feed, updater }: { readonly feed: string; readonly updater: string },
): readonly Json[] {
  const { scope, name } = statement.key
  const distribution = distributionOf(scope, feed)
  if (distribution === undefined) return []
  const { name: plain, module, arch, kind } = partsOfName(name)
  const source = /^(?:debian|alpine|ubuntu)$/.test(distribution.did) && kind !== 'binary'
  return fixesOf(statement, distribution.did).map(({ fixed, last }) => ({
    id: '',
    updater,
    name: vulnerability.id,
    description: vulnerability.description,
    issued: vulnerability.published ?? '0001-01-01T00:00:00Z',
    links: linksOf(vulnerability).join(' '),
    ...severitiesOf(vulnerability, statement),
    package: {
      id: '',
      name: plain,
      version: last,
      kind: source ? 'source' : 'binary',
      normalized_version: '',
      ...(module === undefined ? {} : { module }),
      ...(arch === undefined ? {} : { arch }),
      cpe: '',
    },
    distribution: { ...distribution },
    fixed_in_version: fixed,
    arch_op: arch === undefined ? 'invalid' : 'equals',
  }))
}

/** Version `0` says that a package of Debian or Alpine is not affected; other matchers have no way to say so. */
function fixesOf(
  { fix, fixedIn, ranges }: Statement,
  did: string,
): readonly { readonly fixed: string; readonly last: string }[] {
  if (fix === 'not-affected') return did === 'debian' || did === 'alpine' ? [{ fixed: '0', last: '' }] : []
  if (ranges !== undefined) return ranges.map(({ fixed = '', lastAffected = '' }) => ({ fixed, last: lastAffected }))
  return [{ fixed: fixedIn ?? '', last: '' }]
}

/** Clair's enrichers find an advisory's vulnerabilities by its links. */
function linksOf({ links, covers = [] }: Vulnerability): readonly string[] {
  const missing = covers.filter((id) => !links.some((link) => link.includes(id)))
  return [...links, ...missing.map((id) => `https://www.cve.org/CVERecord?id=${id}`)]
}

function severitiesOf({ ratings }: Vulnerability, { key, rating }: Statement) {
  const rater = raterOf(key.scope)
  const own = rating ?? ratings.find(({ source }) => source === rater)
  if (own === undefined) return { severity: '', normalized_severity: 'Unknown' }
  return { severity: own.original ?? '', normalized_severity: normalizedSeverity(own.severity, rater) }
}
