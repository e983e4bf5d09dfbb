import type { Statement, Vulnerability } from '../../core/advisory.ts'
import { limits } from '../../core/limits.ts'
import { encodeVulnerability } from './codec.ts'
import type { Connection } from './connection.ts'
import type { Changes, RecordWriter } from './import.ts'
import { Names, rowId } from './names.ts'

/** Rows of one INSERT. More at once gain little. */
const batchRows = 16
const columns = 6

/** Writes a feed's first generation: there is nothing to compare with, so nothing is looked up. */
export class FirstImport implements RecordWriter {
  readonly #connection: Connection
  readonly #feed: number
  readonly #names: Names
  readonly #vulnerabilities = new Map<string, number>()
  readonly #batch: (string | number | null)[] = []
  #slot = 0
  #inserted = 0
  #vulnerabilityCount = 0

  constructor(connection: Connection, feed: number) {
    this.#connection = connection
    this.#feed = feed
    this.#names = new Names(connection, feed, 'mostly new')
  }

  vulnerability(vulnerability: Vulnerability): number {
    return this.#vulnerabilities.get(vulnerability.id) ?? this.#insertVulnerability(vulnerability)
  }

  statement(vulnerability: number, statement: Statement): void {
    this.#names.trim()
    const scope = this.#names.scope(statement.key.scope)
    const id = this.#names.packageId(scope, statement.key.name)
    const claim = this.#names.claimId(statement)
    this.#batch.push(id, vulnerability, this.#slot++, claim, statement.fixedIn ?? null, statement.advisory ?? null)
    scope.statements++
    if (this.#batch.length === batchRows * columns) this.#flush()
  }

  finish(): Changes {
    this.#flush()
    this.#names.flush()
    if (this.#inserted < this.#slot) this.#recount()
    return {
      statements: this.#inserted,
      vulnerabilities: this.#vulnerabilityCount,
      added: this.#inserted,
      changed: 0,
      closed: 0,
      touched: true,
      nextSlot: this.#slot,
    }
  }

  #insertVulnerability(vulnerability: Vulnerability): number {
    const { aliases, ratings, links, description } = encodeVulnerability(vulnerability)
    const result = this.#connection
      .prepare(insertVulnerabilitySql)
      .run(this.#feed, vulnerability.id, aliases, ratings, links, description)
    const isNew = Number(result.changes) === 1
    if (isNew) this.#vulnerabilityCount++
    const id = isNew ? rowId(result) : this.#findVulnerability(vulnerability.id)
    if (this.#vulnerabilities.size >= limits.importNames) this.#vulnerabilities.clear()
    this.#vulnerabilities.set(vulnerability.id, id)
    return id
  }

  #findVulnerability(name: string): number {
    const row = this.#connection
      .prepare('SELECT id FROM vulnerability WHERE feed = ? AND name = ?')
      .get(this.#feed, name) as { id: number }
    return row.id
  }

  /** A statement that was there already, of the same package and vulnerability, stays: the first one wins. */
  #flush(): void {
    const rows = this.#batch.length / columns
    if (rows === 0) return
    const sql = rows === batchRows ? insertBatchSql : insertStatementsSql(rows)
    this.#inserted += Number(this.#connection.prepare(sql).run(...this.#batch).changes)
    this.#batch.length = 0
  }

  /** Statements that came twice were counted twice. */
  #recount(): void {
    this.#connection
      .prepare(
        `UPDATE scope SET statements = (
           SELECT count(*) FROM package JOIN statement ON statement.package = package.id WHERE package.scope = scope.id
         ) WHERE feed = ?`,
      )
      .run(this.#feed)
  }
}

const insertVulnerabilitySql = `INSERT OR IGNORE INTO vulnerability (feed, name, from_gen, aliases, ratings, links, description)
  VALUES (?, ?, 1, ?, ?, ?, ?)`

const insertBatchSql = insertStatementsSql(batchRows)

function insertStatementsSql(rows: number): string {
  const values = Array(rows).fill('(?, ?, ?, 1, ?, ?, ?)').join(', ')
  return `INSERT OR IGNORE INTO statement (package, vulnerability, slot, from_gen, claim, fixed_in, advisory) VALUES ${values}`
}
