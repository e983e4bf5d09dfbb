import type { Fact, Statement, Vulnerability } from '../../core/advisory.ts'
import { limits } from '../../core/limits.ts'
import { bodyHash } from '../body-hash.ts'
import { encodeFact, encodeRanges, encodeVulnerability } from '../codec.ts'
import type { Tally } from '../tally.ts'
import { BodyWriter } from './body-writer.ts'
import type { Connection } from './connection.ts'
import type { Changes, GenerationWriter } from './import.ts'
import { Names, rowId } from './names.ts'

/** Rows of one INSERT. More at once gain little. */
const batchRows = 16
const columns = 7

/** Writes a feed's first generation: there is nothing to compare with, so nothing is looked up. */
export class FirstImport implements GenerationWriter {
  readonly #connection: Connection
  readonly #feed: number
  readonly #names: Names
  readonly #bodies: BodyWriter
  readonly #vulnerabilities = new Map<string, number>()
  readonly #batch: (string | number | null)[] = []
  #slot = 0
  #batched = 0
  #inserted = 0
  #vulnerabilityCount = 0
  #facts = 0

  constructor(connection: Connection, feed: number) {
    this.#connection = connection
    this.#feed = feed
    this.#names = new Names(connection, feed, 'mostly new')
    this.#bodies = new BodyWriter(connection, feed)
  }

  vulnerability(vulnerability: Vulnerability): number {
    return this.#vulnerabilities.get(vulnerability.id) ?? this.#insertVulnerability(vulnerability)
  }

  statement(vulnerability: number, statement: Statement): void {
    this.#names.trim()
    const scope = this.#names.scope(statement.key.scope)
    const id = this.#names.packageId(scope, statement.key.name)
    const claim = this.#names.claimId(statement)
    const { fixedIn = null, ranges, advisory = null } = statement
    this.#batch.push(id, vulnerability, this.#slot++, claim, fixedIn, encodeRanges(ranges), advisory)
    this.#batched++
    scope.statements++
    if (this.#batch.length === batchRows * columns) this.#flush()
  }

  /** A fact that was there already stays: the first one wins, as with statements. */
  fact({ fact, value }: Fact): void {
    const { changes } = this.#connection
      .prepare('INSERT OR IGNORE INTO fact (feed, name, slot, from_gen, value) VALUES (?, ?, ?, 1, ?)')
      .run(this.#feed, fact, this.#slot, encodeFact(value))
    if (Number(changes) === 0) return
    this.#slot++
    this.#facts++
  }

  /** There is nothing to be removed yet. */
  remove(): void {}

  finish(): Changes {
    this.#flush()
    this.#names.flush()
    this.#bodies.flush()
    if (this.#inserted < this.#batched) this.#recount()
    return {
      statements: added(this.#inserted),
      vulnerabilities: added(this.#vulnerabilityCount),
      facts: added(this.#facts),
      nextSlot: this.#slot,
    }
  }

  #insertVulnerability(vulnerability: Vulnerability): number {
    const id = this.#findVulnerability(vulnerability.id) ?? this.#writeVulnerability(vulnerability)
    if (this.#vulnerabilities.size >= limits.importNames) this.#vulnerabilities.clear()
    this.#vulnerabilities.set(vulnerability.id, id)
    return id
  }

  /** The row of one that came before, if it is not remembered any more. */
  #findVulnerability(name: string): number | undefined {
    if (this.#vulnerabilityCount <= this.#vulnerabilities.size) return undefined
    const row = this.#connection
      .prepareArrays('SELECT id FROM vulnerability WHERE feed = ? AND name = ?')
      .get(this.#feed, name) as unknown as [number] | undefined
    return row?.[0]
  }

  #writeVulnerability(vulnerability: Vulnerability): number {
    const body = encodeVulnerability(vulnerability)
    const { block, place } = this.#bodies.add(body)
    const result = this.#connection
      .prepare(insertVulnerabilitySql)
      .run(this.#feed, vulnerability.id, bodyHash(body), block, place)
    this.#vulnerabilityCount++
    return rowId(result)
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

function added(count: number): Tally {
  return { valid: count, added: count, changed: 0, closed: 0 }
}

const insertVulnerabilitySql = `INSERT INTO vulnerability (feed, name, from_gen, hash, block, place)
  VALUES (?, ?, 1, ?, ?, ?)`

const insertBatchSql = insertStatementsSql(batchRows)

function insertStatementsSql(rows: number): string {
  const values = Array(rows).fill('(?, ?, ?, 1, ?, ?, ?, ?)').join(', ')
  return `INSERT OR IGNORE INTO statement
    (package, vulnerability, slot, from_gen, claim, fixed_in, ranges, advisory) VALUES ${values}`
}
