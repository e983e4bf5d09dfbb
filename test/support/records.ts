import type { Advisory, Fact, FeedRecord, Json, Statement } from '../../src/core/advisory.ts'
import type { Gap } from '../../src/core/gap.ts'
import type { ImportSource } from '../../src/core/store.ts'

/** A statement that `name` of `scope` is fixed in `version`, with what else is given. */
export function statement(scope: string, name: string, version: string, rest: Partial<Statement> = {}): Statement {
  return { key: { scope, name }, fix: 'fixed', fixedIn: version, ...rest }
}

/** A record of one vulnerability. */
export function advisory(id: string, statements: readonly Statement[], description = `about ${id}`): Advisory {
  return {
    vulnerability: { id, aliases: [], description, ratings: [], links: [`https://example.org/${id}`] },
    statements,
  }
}

/** A small named fact. */
export function fact(name: string, value: Json): Fact {
  return { fact: name, value }
}

export function gap(where: string): Gap {
  return { code: 'data-record-unreadable', where, detail: 'It is not a record.' }
}

/** `count` records with two statements each; the version of every one is `version`. */
export function manyAdvisories(count: number, version: string): readonly Advisory[] {
  return Array.from({ length: count }, (_, index) =>
    advisory(`CVE-2024-${10_000 + index}`, [
      statement('debian:12', `package-${index % 500}`, version),
      statement('debian:11', `package-${index % 500}`, version),
    ]),
  )
}

/** What a feed gives to import. */
export function source(
  records: Iterable<FeedRecord> | AsyncIterable<FeedRecord>,
  options: Partial<ImportSource & ImportSource['feed']> = {},
): ImportSource {
  const { id = 'debian', fingerprint = 'one', dataTime, checkedAt, version = 1, partial, ...feed } = options
  const { mayBeEmpty, keepsHistory } = feed
  return {
    feed: {
      id,
      url: `https://example.org/${id}`,
      version,
      ...(mayBeEmpty && { mayBeEmpty }),
      ...(keepsHistory === false && { keepsHistory }),
    },
    fingerprint,
    dataTime,
    ...(checkedAt === undefined ? {} : { checkedAt }),
    ...(partial && { partial }),
    records: stream(records),
  }
}

async function* stream(records: Iterable<FeedRecord> | AsyncIterable<FeedRecord>): AsyncGenerator<FeedRecord> {
  yield* records
}
