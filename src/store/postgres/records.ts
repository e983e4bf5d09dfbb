import type { FeedRecord, Statement } from '../../core/advisory.ts'
import { decodeFact, decodeVulnerability } from '../codec.ts'
import { readBodies } from './body-reader.ts'
import type { Connection } from './connection.ts'
import { generationRange } from './generations.ts'
import { sameName } from './schema.ts'
import { StatementReader, type StatementRow } from './statement-reader.ts'

/** The records of a feed's current generation; those that changed after generation `since`, where it is given. */
export async function* readRecords(
  connection: Connection,
  name: string,
  since: number | undefined,
): AsyncGenerator<FeedRecord> {
  const { feed, from } = await generationRange(connection, name, since ?? 0, undefined)
  yield* advisories(connection, feed, from)
  yield* facts(connection, feed, from)
}

/** The vulnerabilities of which anything changed after a generation; all, for generation 0. */
const touchedSql = `($2 = 0 OR vulnerability.id IN (
    SELECT id FROM vulnerability WHERE feed = $1 AND (from_gen > $2 OR to_gen > $2)
    UNION ALL SELECT vulnerability FROM scope JOIN package ON package.scope = scope.id JOIN statement ON package = package.id
      WHERE scope.feed = $1 AND from_gen > $2
    UNION ALL SELECT vulnerability
      FROM scope JOIN package ON package.scope = scope.id JOIN statement_history ON package = package.id
      WHERE scope.feed = $1 AND to_gen > $2))`

interface VulnerabilityRow {
  readonly id: number
  readonly name: string
  readonly block: number
  readonly place: number
  readonly vanished: boolean
}

const vulnerabilitiesSql = `SELECT id, name, block, place, to_gen IS NOT NULL AS vanished FROM vulnerability
  WHERE feed = $1 AND ($2 > 0 OR to_gen IS NULL) AND ${touchedSql} ORDER BY id`

/** Vulnerabilities and their statements, both in the order of their rows, so that neither has to be held. */
async function* advisories(connection: Connection, feed: number, since: number): AsyncGenerator<FeedRecord> {
  const statements = new StatementGroups(connection, feed, since)
  const batches = connection.batches<VulnerabilityRow>('vulnerabilities', vulnerabilitiesSql, [feed, since])
  for await (const rows of batches) {
    const bodies = await readBodies(connection, rows)
    for (const [index, { id, name, vanished }] of rows.entries()) {
      if (vanished) yield { removed: name }
      else yield { vulnerability: decodeVulnerability(name, bodies[index]!), statements: await statements.of(id) }
    }
  }
}

interface KeyedRow extends StatementRow {
  readonly vulnerability: number
  readonly scope: string
  readonly name: string
}

const statementsSql = `SELECT claim, fixed_in AS "fixedIn", ranges, advisory, vulnerability.id AS vulnerability,
    scope.name AS scope, package.name
  FROM scope JOIN package ON package.scope = scope.id JOIN statement ON statement.package = package.id
    JOIN vulnerability ON vulnerability.id = statement.vulnerability
  WHERE scope.feed = $1 AND ${touchedSql} ORDER BY vulnerability.id, scope.name, package.name`

/** The current statements of a feed, vulnerability by vulnerability, to be asked for in the order of their rows. */
class StatementGroups {
  readonly #batches: AsyncIterator<readonly KeyedRow[]>
  readonly #reader: StatementReader
  #rows: readonly KeyedRow[] = []
  #at = 0
  #ended = false

  constructor(connection: Connection, feed: number, since: number) {
    this.#reader = new StatementReader(connection)
    this.#batches = connection.batches<KeyedRow>('statements', statementsSql, [feed, since])
  }

  async of(vulnerability: number): Promise<readonly Statement[]> {
    const found: Statement[] = []
    for (;;) {
      if (this.#at === this.#rows.length && !this.#ended) await this.#advance()
      const row = this.#rows[this.#at]
      if (row === undefined || row.vulnerability > vulnerability) return found
      if (row.vulnerability === vulnerability) {
        found.push(this.#reader.statement({ scope: row.scope, name: row.name }, row))
      }
      this.#at++
    }
  }

  async #advance(): Promise<void> {
    const { done, value } = await this.#batches.next()
    this.#ended = done === true
    this.#rows = this.#ended ? [] : value
    this.#at = 0
    await this.#reader.prepare(this.#rows)
  }
}

async function* facts(connection: Connection, feed: number, since: number): AsyncGenerator<FeedRecord> {
  const current = connection.batches<{ name: string; value: string }>(
    'facts',
    'SELECT name, value FROM fact WHERE feed = $1 AND from_gen > $2',
    [feed, since],
  )
  for await (const rows of current) for (const { name, value } of rows) yield { fact: name, value: decodeFact(value) }
  if (since === 0) return
  const gone = connection.batches<{ name: string }>(
    'gone',
    `SELECT DISTINCT name FROM fact_history AS past WHERE feed = $1 AND to_gen > $2
       AND NOT EXISTS (SELECT FROM fact WHERE fact.feed = past.feed AND ${sameName('fact.name', 'past.name')})`,
    [feed, since],
  )
  for await (const rows of gone) for (const { name } of rows) yield { removed: name }
}
