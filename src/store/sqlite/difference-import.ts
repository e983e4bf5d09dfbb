import type { Fact, Statement, Vulnerability } from '../../core/advisory.ts'
import { limits } from '../../core/limits.ts'
import type { ImportSource } from '../../core/store.ts'
import { bodyHash } from '../body-hash.ts'
import { encodeRanges, encodeVulnerability, sameText } from '../codec.ts'
import { BitSet } from './bit-set.ts'
import { BodyWriter } from './body-writer.ts'
import type { Connection } from './connection.ts'
import { CurrentStatements } from './current-statements.ts'
import { FactDifference } from './fact-difference.ts'
import type { Changes, GenerationWriter } from './import.ts'
import { Names, rowId } from './names.ts'

/** What an import has to know of the generation that it follows. */
export interface Predecessor {
  readonly statements: number
  readonly vulnerabilities: number
  readonly facts: number
  readonly nextSlot: number
}

/** Which generation of which feed is written, and after what. */
export interface Difference {
  readonly feed: number
  readonly generation: number
  readonly before: Predecessor
  readonly source: Pick<ImportSource, 'feed' | 'partial'>
}

/**
 * Writes a feed's next generation as the difference to the current one: what is equal is not written, what differs is moved
 * to history and replaced, what did not come again is moved to history. Of partial records only what they name is looked at.
 */
export class DifferenceImport implements GenerationWriter {
  readonly #connection: Connection
  readonly #feed: number
  readonly #generation: number
  readonly #before: Predecessor
  readonly #partial: boolean
  readonly #names: Names
  readonly #current: CurrentStatements
  readonly #bodies: BodyWriter
  readonly #facts: FactDifference
  readonly #vulnerabilities = new Map<string, number>()
  readonly #seenVulnerabilities = new BitSet()
  readonly #removedVulnerabilities = new BitSet()
  readonly #seenSlots = new BitSet()
  #nextSlot: number
  #added = 0
  #changed = 0
  #closed = 0
  #addedVulnerabilities = 0
  #changedVulnerabilities = 0
  #closedVulnerabilities = 0

  constructor(connection: Connection, { feed, generation, before, source }: Difference) {
    this.#connection = connection
    this.#feed = feed
    this.#generation = generation
    this.#before = before
    this.#partial = source.partial === true
    this.#nextSlot = before.nextSlot
    this.#names = new Names(connection, feed, 'mostly known')
    this.#current = new CurrentStatements(connection)
    this.#bodies = new BodyWriter(connection, feed)
    this.#facts = new FactDifference(connection, {
      feed,
      generation,
      before: before.facts,
      partial: this.#partial,
      keepsHistory: source.feed.keepsHistory !== false,
      nextSlot: () => this.#nextSlot++,
    })
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
    const ranges = encodeRanges(statement.ranges)
    const advisory = statement.advisory ?? null
    const row = this.#current.find(id, vulnerability)
    if (row === undefined) {
      const slot = this.#nextSlot
      const { changes } = this.#connection
        .prepare(insertStatementSql)
        .run(id, vulnerability, slot, this.#generation, claim, fixedIn, ranges, advisory)
      // One that this import added before is in the table, but not among those that were current.
      if (Number(changes) === 0) return
      this.#nextSlot++
      this.#seenSlots.add(slot)
      this.#added++
      scope.statements++
    } else if (this.#seenSlots.add(row[0])) {
      const same =
        row[1] === claim && sameText(row[2], fixedIn) && sameText(row[3], ranges) && sameText(row[4], advisory)
      if (same) return
      this.#connection.prepare(keepStatementSql).run(this.#generation, id, vulnerability)
      this.#connection
        .prepare(updateStatementSql)
        .run(this.#generation, claim, fixedIn, ranges, advisory, id, vulnerability)
      this.#changed++
    }
  }

  fact(fact: Fact): void {
    this.#facts.fact(fact)
  }

  remove(name: string): void {
    if (!this.#partial) return
    const row = this.#connection.prepare(findVulnerabilitySql).get(this.#feed, name) as { id: number } | undefined
    if (row !== undefined) this.#removedVulnerabilities.add(row.id)
    this.#facts.remove(name)
  }

  finish(): Changes {
    this.#names.flush()
    this.#bodies.flush()
    if (this.#partial) this.#closeStatements((id) => this.#isTouched(id))
    else if (this.#seenSlots.size < this.#before.statements + this.#added) this.#closeStatements(() => true)
    const before = this.#before.vulnerabilities + this.#addedVulnerabilities
    if (this.#partial || this.#seenVulnerabilities.size < before) this.#closeVulnerabilities()
    const statements = {
      valid: this.#before.statements + this.#added - this.#closed,
      added: this.#added,
      changed: this.#changed,
      closed: this.#closed,
    }
    const vulnerabilities = {
      valid: before - this.#closedVulnerabilities,
      added: this.#addedVulnerabilities,
      changed: this.#changedVulnerabilities,
      closed: this.#closedVulnerabilities,
    }
    return { statements, vulnerabilities, facts: this.#facts.finish(), nextSlot: this.#nextSlot }
  }

  #isTouched(vulnerability: number): boolean {
    return this.#seenVulnerabilities.has(vulnerability) || this.#removedVulnerabilities.has(vulnerability)
  }

  #compareVulnerability(vulnerability: Vulnerability): number {
    const row = this.#connection.prepare(findVulnerabilitySql).get(this.#feed, vulnerability.id) as unknown as
      | VulnerabilityRow
      | undefined
    const id = row?.id ?? this.#insertVulnerability(vulnerability)
    if (this.#seenVulnerabilities.add(id) && row !== undefined) this.#replaceIfChanged(row, vulnerability)
    if (this.#vulnerabilities.size >= limits.importNames) this.#vulnerabilities.clear()
    this.#vulnerabilities.set(vulnerability.id, id)
    return id
  }

  #insertVulnerability(vulnerability: Vulnerability): number {
    const body = encodeVulnerability(vulnerability)
    const { block, place } = this.#bodies.add(body)
    const result = this.#connection
      .prepare(insertVulnerabilitySql)
      .run(this.#feed, vulnerability.id, this.#generation, bodyHash(body), block, place)
    this.#addedVulnerabilities++
    return rowId(result)
  }

  #replaceIfChanged(row: VulnerabilityRow, vulnerability: Vulnerability): void {
    const body = encodeVulnerability(vulnerability)
    const hash = bodyHash(body)
    if (row.to_gen === null && row.hash === hash) return
    this.#connection.prepare(keepVulnerabilitySql).run(this.#generation, row.id)
    const { block, place } = row.hash === hash ? row : this.#bodies.add(body)
    this.#connection
      .prepare('UPDATE vulnerability SET from_gen = ?, to_gen = NULL, hash = ?, block = ?, place = ? WHERE id = ?')
      .run(this.#generation, hash, block, place, row.id)
    if (row.to_gen !== null) this.#addedVulnerabilities++
    else this.#changedVulnerabilities++
  }

  /** Closes the statements of those vulnerabilities that did not come again. */
  #closeStatements(of: (vulnerability: number) => boolean): void {
    const packages = this.#connection
      .prepareArrays(
        'SELECT package.id, package.scope FROM scope JOIN package ON package.scope = scope.id WHERE scope.feed = ?',
      )
      .all(this.#feed) as unknown as [id: number, scope: number][]
    const statements = this.#connection.prepareArrays('SELECT vulnerability, slot FROM statement WHERE package = ?')
    for (const [id, scope] of packages) {
      const rows = statements.all(id) as unknown as [vulnerability: number, slot: number][]
      const gone = rows.filter(([vulnerability, slot]) => !this.#seenSlots.has(slot) && of(vulnerability))
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
      const stays = this.#seenVulnerabilities.has(id) || (this.#partial && !this.#removedVulnerabilities.has(id))
      if (stays) continue
      close.run(this.#generation, id)
      this.#closedVulnerabilities++
    }
  }
}

interface VulnerabilityRow {
  readonly id: number
  readonly to_gen: number | null
  readonly hash: number
  readonly block: number
  readonly place: number
}

const insertStatementSql = `INSERT OR IGNORE INTO statement
    (package, vulnerability, slot, from_gen, claim, fixed_in, ranges, advisory)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

const updateStatementSql = `UPDATE statement SET from_gen = ?, claim = ?, fixed_in = ?, ranges = ?, advisory = ?
  WHERE package = ? AND vulnerability = ?`

const keepStatementSql = `INSERT INTO statement_history
    (to_gen, package, vulnerability, from_gen, claim, fixed_in, ranges, advisory)
  SELECT ?, package, vulnerability, from_gen, claim, fixed_in, ranges, advisory FROM statement
  WHERE package = ? AND vulnerability = ?`

const findVulnerabilitySql = 'SELECT id, to_gen, hash, block, place FROM vulnerability WHERE feed = ? AND name = ?'

const insertVulnerabilitySql = `INSERT INTO vulnerability (feed, name, from_gen, hash, block, place)
  VALUES (?, ?, ?, ?, ?, ?)`

const keepVulnerabilitySql = `INSERT INTO vulnerability_history (vulnerability, from_gen, to_gen, block, place)
  SELECT id, from_gen, coalesce(to_gen, ?), block, place FROM vulnerability WHERE id = ?`
