import type { FeedRecord, Statement } from '../../core/advisory.ts'
import { decodeFact, decodeVulnerability } from '../codec.ts'
import { readBodies } from './body-reader.ts'
import type { Connection } from './connection.ts'
import { generationRange } from './generations.ts'
import { StatementReader, statementColumns } from './statement-reader.ts'

/** Vulnerabilities whose bodies are read in one go. */
const bodiesAtOnce = 200

/** The records of a feed's current generation; those that changed after generation `since`, where it is given. */
export function* readRecords(connection: Connection, feed: string, since: number | undefined): Generator<FeedRecord> {
  const { feed: id, from } = generationRange(connection, feed, since ?? 0, undefined)
  const touched = from === 0 ? undefined : touchedVulnerabilities(connection, id, from)
  yield* advisories(connection, id, touched)
  yield* facts(connection, id, from)
}

interface VulnerabilityRow {
  readonly id: number
  readonly name: string
  readonly block: number
  readonly place: number
  readonly to_gen: number | null
}

/** The rows of the vulnerabilities of which anything changed after a generation. */
function touchedVulnerabilities(connection: Connection, feed: number, since: number): ReadonlySet<number> {
  const rows = connection.prepareArrays(touchedSql).all(feed, since, since, feed, since, feed, since) as unknown as [
    number,
  ][]
  return new Set(rows.map(([id]) => id))
}

const touchedSql = `SELECT id FROM vulnerability WHERE feed = ? AND (from_gen > ? OR to_gen > ?)
  UNION SELECT vulnerability FROM scope JOIN package ON package.scope = scope.id JOIN statement ON package = package.id
    WHERE scope.feed = ? AND from_gen > ?
  UNION SELECT vulnerability FROM scope JOIN package ON package.scope = scope.id JOIN statement_history ON package = package.id
    WHERE scope.feed = ? AND to_gen > ?`

/** Vulnerabilities and their statements, both in the order of their rows, so that neither has to be held. */
function* advisories(
  connection: Connection,
  feed: number,
  touched: ReadonlySet<number> | undefined,
): Generator<FeedRecord> {
  const statements = new StatementGroups(connection, feed)
  let waiting: VulnerabilityRow[] = []
  const rows = connection
    .prepare('SELECT id, name, block, place, to_gen FROM vulnerability WHERE feed = ? ORDER BY id')
    .iterate(feed) as unknown as Iterable<VulnerabilityRow>
  for (const row of rows) {
    if (touched !== undefined && !touched.has(row.id)) continue
    if (row.to_gen !== null) {
      if (touched !== undefined) yield { removed: row.name }
      continue
    }
    waiting.push(row)
    if (waiting.length < bodiesAtOnce) continue
    yield* toAdvisories(connection, waiting, statements)
    waiting = []
  }
  yield* toAdvisories(connection, waiting, statements)
}

function* toAdvisories(
  connection: Connection,
  rows: readonly VulnerabilityRow[],
  statements: StatementGroups,
): Generator<FeedRecord> {
  const bodies = readBodies(connection, rows)
  for (const [index, { id, name }] of rows.entries()) {
    yield { vulnerability: decodeVulnerability(name, bodies[index]!), statements: statements.of(id) }
  }
}

type KeyedRow = readonly [
  claim: number,
  fixedIn: string | null,
  ranges: string | null,
  advisory: string | null,
  vulnerability: number,
  scope: string,
  name: string,
]

/** The current statements of a feed, vulnerability by vulnerability, to be asked for in the order of their rows. */
class StatementGroups {
  readonly #rows: Iterator<KeyedRow>
  readonly #reader: StatementReader
  #next: IteratorResult<KeyedRow>

  constructor(connection: Connection, feed: number) {
    this.#reader = new StatementReader(connection)
    const rows = connection
      .prepareArrays(
        `SELECT ${statementColumns}, vulnerability, scope.name, package.name
         FROM scope JOIN package ON package.scope = scope.id JOIN statement ON statement.package = package.id
         WHERE scope.feed = ? ORDER BY vulnerability, scope.name, package.name`,
      )
      .iterate(feed) as unknown as Iterable<KeyedRow>
    this.#rows = rows[Symbol.iterator]()
    this.#next = this.#rows.next()
  }

  of(vulnerability: number): readonly Statement[] {
    const found: Statement[] = []
    for (; this.#next.done !== true && this.#next.value[4] <= vulnerability; this.#next = this.#rows.next()) {
      const row = this.#next.value
      const [, , , , owner, scope, name] = row
      if (owner === vulnerability) found.push(this.#reader.statement({ scope, name }, row))
    }
    return found
  }
}

function* facts(connection: Connection, feed: number, since: number): Generator<FeedRecord> {
  const current = connection
    .prepareArrays('SELECT name, value FROM fact WHERE feed = ? AND from_gen > ?')
    .iterate(feed, since) as unknown as Iterable<[name: string, value: string]>
  for (const [name, value] of current) yield { fact: name, value: decodeFact(value) }
  if (since === 0) return
  const gone = connection
    .prepareArrays(
      `SELECT DISTINCT name FROM fact_history AS past WHERE feed = ? AND to_gen > ?
         AND NOT EXISTS (SELECT 1 FROM fact WHERE fact.feed = past.feed AND fact.name = past.name)`,
    )
    .iterate(feed, since) as unknown as Iterable<[name: string]>
  for (const [name] of gone) yield { removed: name }
}
