import type { Statement, Vulnerability } from '../../core/advisory.ts'
import { limits } from '../../core/limits.ts'
import { BitSet } from './bit-set.ts'
import { encodeVulnerability, sameText, type VulnerabilityColumns } from './codec.ts'
import type { Connection } from './connection.ts'
import { CurrentStatements } from './current-statements.ts'
import type { Changes, RecordWriter } from './import.ts'
import { Names, rowId } from './names.ts'

/** What an import has to know of the generation that it follows. */
export interface Predecessor {
  readonly statements: number
  readonly vulnerabilities: number
  readonly nextSlot: number
}

/**
 * Writes a feed's next generation as the difference to the current one: what is equal is not written, what differs is moved
 * to history and replaced, what did not come again is moved to history.
 */
export class DifferenceImport implements RecordWriter {
  readonly #connection: Connection
  readonly #feed: number
  readonly #generation: number
  readonly #before: Predecessor
  readonly #names: Names
  readonly #current: CurrentStatements
  readonly #vulnerabilities = new Map<string, number>()
  readonly #seenVulnerabilities = new BitSet()
  readonly #seenSlots = new BitSet()
  #nextSlot: number
  #added = 0
  #changed = 0
  #closed = 0
  #addedVulnerabilities = 0
  #closedVulnerabilities = 0
  #touched = false

  constructor(connection: Connection, feed: number, generation: number, before: Predecessor) {
    this.#connection = connection
    this.#feed = feed
    this.#generation = generation
    this.#before = before
    this.#nextSlot = before.nextSlot
    this.#names = new Names(connection, feed, 'mostly known')
    this.#current = new CurrentStatements(connection)
  }

  vulnerability(vulnerability: Vulnerability): number {
    return this.#vulnerabilities.get(vulnerability.id) ?? this.#compareVulnerability(vulnerability)
  }

  statement(vulnerability: number, statement: Statement): void {
    this.#names.trim()
    const scope = this.#names.scope(statement.key.scope)
    const id = this.#names.packageId(scope, statement.key.name)
    const claim = this.#names.claimId(statement)
    const fixedIn = statement.fixedIn ?? null
    const advisory = statement.advisory ?? null
    const row = this.#current.find(id, vulnerability)
    if (row === undefined) {
      const slot = this.#nextSlot
      const { changes } = this.#connection
        .prepare(insertStatementSql)
        .run(id, vulnerability, slot, this.#generation, claim, fixedIn, advisory)
      // One that this import added before is in the table, but not among those that were current.
      if (Number(changes) === 0) return
      this.#nextSlot++
      this.#seenSlots.add(slot)
      this.#added++
      scope.statements++
    } else if (this.#seenSlots.add(row[0])) {
      if (row[1] === claim && sameText(row[2], fixedIn) && sameText(row[3], advisory)) return
      this.#connection.prepare(keepStatementSql).run(this.#generation, id, vulnerability)
      this.#connection.prepare(updateStatementSql).run(this.#generation, claim, fixedIn, advisory, id, vulnerability)
      this.#changed++
    }
  }

  finish(): Changes {
    this.#names.flush()
    if (this.#seenSlots.size < this.#before.statements + this.#added) this.#closeStatements()
    const vulnerabilities = this.#before.vulnerabilities + this.#addedVulnerabilities
    if (this.#seenVulnerabilities.size < vulnerabilities) this.#closeVulnerabilities()
    return {
      statements: this.#before.statements + this.#added - this.#closed,
      vulnerabilities: vulnerabilities - this.#closedVulnerabilities,
      added: this.#added,
      changed: this.#changed,
      closed: this.#closed,
      touched: this.#touched || this.#added + this.#changed + this.#closed + this.#closedVulnerabilities > 0,
      nextSlot: this.#nextSlot,
    }
  }

  #compareVulnerability(vulnerability: Vulnerability): number {
    const row = this.#connection.prepare(findVulnerabilitySql).get(this.#feed, vulnerability.id) as unknown as
      | (VulnerabilityColumns & { readonly id: number; readonly to_gen: number | null })
      | undefined
    const id = row?.id ?? this.#insertVulnerability(vulnerability)
    if (this.#seenVulnerabilities.add(id) && row !== undefined) this.#replaceIfChanged(row, vulnerability)
    if (this.#vulnerabilities.size >= limits.importNames) this.#vulnerabilities.clear()
    this.#vulnerabilities.set(vulnerability.id, id)
    return id
  }

  #insertVulnerability(vulnerability: Vulnerability): number {
    const { aliases, ratings, links, description } = encodeVulnerability(vulnerability)
    const result = this.#connection
      .prepare(insertVulnerabilitySql)
      .run(this.#feed, vulnerability.id, this.#generation, aliases, ratings, links, description)
    this.#addedVulnerabilities++
    this.#touched = true
    return rowId(result)
  }

  #replaceIfChanged(
    row: VulnerabilityColumns & { readonly id: number; readonly to_gen: number | null },
    vulnerability: Vulnerability,
  ): void {
    const columns = encodeVulnerability(vulnerability)
    if (row.to_gen === null && sameColumns(row, columns)) return
    this.#connection.prepare(keepVulnerabilitySql).run(this.#generation, row.id)
    this.#connection
      .prepare(
        `UPDATE vulnerability SET from_gen = ?, to_gen = NULL, aliases = ?, ratings = ?, links = ?, description = ?
         WHERE id = ?`,
      )
      .run(this.#generation, columns.aliases, columns.ratings, columns.links, columns.description, row.id)
    if (row.to_gen !== null) this.#addedVulnerabilities++
    this.#touched = true
  }

  #closeStatements(): void {
    const packages = this.#connection
      .prepareArrays(
        'SELECT package.id, package.scope FROM scope JOIN package ON package.scope = scope.id WHERE scope.feed = ?',
      )
      .all(this.#feed) as unknown as [id: number, scope: number][]
    const statements = this.#connection.prepareArrays('SELECT vulnerability, slot FROM statement WHERE package = ?')
    for (const [id, scope] of packages) {
      const rows = statements.all(id) as unknown as [vulnerability: number, slot: number][]
      const gone = rows.filter(([, slot]) => !this.#seenSlots.has(slot))
      for (const [vulnerability] of gone) {
        this.#connection.prepare(keepStatementSql).run(this.#generation, id, vulnerability)
        this.#connection.prepare('DELETE FROM statement WHERE package = ? AND vulnerability = ?').run(id, vulnerability)
      }
      if (gone.length === 0) continue
      this.#connection.prepare('UPDATE scope SET statements = statements - ? WHERE id = ?').run(gone.length, scope)
      this.#closed += gone.length
    }
  }

  #closeVulnerabilities(): void {
    const rows = this.#connection
      .prepareArrays('SELECT id FROM vulnerability WHERE feed = ? AND to_gen IS NULL')
      .all(this.#feed) as unknown as [number][]
    const close = this.#connection.prepare('UPDATE vulnerability SET to_gen = ? WHERE id = ?')
    for (const [id] of rows) {
      if (this.#seenVulnerabilities.has(id)) continue
      close.run(this.#generation, id)
      this.#closedVulnerabilities++
    }
  }
}

function sameColumns(row: VulnerabilityColumns, columns: VulnerabilityColumns): boolean {
  return (
    sameText(row.description, columns.description) &&
    row.aliases === columns.aliases &&
    row.ratings === columns.ratings &&
    row.links === columns.links
  )
}

const insertStatementSql = `INSERT OR IGNORE INTO statement (package, vulnerability, slot, from_gen, claim, fixed_in, advisory)
  VALUES (?, ?, ?, ?, ?, ?, ?)`

const updateStatementSql = `UPDATE statement SET from_gen = ?, claim = ?, fixed_in = ?, advisory = ?
  WHERE package = ? AND vulnerability = ?`

const keepStatementSql = `INSERT INTO statement_history
    (to_gen, package, vulnerability, from_gen, claim, fixed_in, advisory)
  SELECT ?, package, vulnerability, from_gen, claim, fixed_in, advisory FROM statement
  WHERE package = ? AND vulnerability = ?`

const findVulnerabilitySql = `SELECT id, to_gen, aliases, ratings, links, description FROM vulnerability
  WHERE feed = ? AND name = ?`

const insertVulnerabilitySql = `INSERT INTO vulnerability (feed, name, from_gen, aliases, ratings, links, description)
  VALUES (?, ?, ?, ?, ?, ?, ?)`

const keepVulnerabilitySql = `INSERT INTO vulnerability_history
    (vulnerability, from_gen, to_gen, aliases, ratings, links, description)
  SELECT id, from_gen, coalesce(to_gen, ?), aliases, ratings, links, description FROM vulnerability WHERE id = ?`
