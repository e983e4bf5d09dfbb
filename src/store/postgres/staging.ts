import type { Fact, Statement, Vulnerability } from '../../core/advisory.ts'
import { bodyHash } from '../body-hash.ts'
import { encodeFact, encodeRanges, encodeVulnerability } from '../codec.ts'
import type { RecordWriter } from '../record-reader.ts'
import { BodyWriter } from './body-writer.ts'
import type { Connection } from './connection.ts'
import { CopyRows } from './copy-rows.ts'
import { LocalNames } from './local-names.ts'
import { sameName } from './schema.ts'
import { encodeText } from './text.ts'

/** Bytes that are gathered before they are sent; as much again is on its way meanwhile. */
const batchBytes = 1024 * 1024

/**
 * What a feed says now, as it comes: numbers that count within the import stand for packages, claims and vulnerabilities.
 * The rows are in the order of the records, and of several for one thing the first counts.
 */
const tablesSql = `
  CREATE TEMPORARY TABLE new_package (number integer, scope text COLLATE "C", name text COLLATE "C") ON COMMIT DROP;
  CREATE TEMPORARY TABLE new_claim (number integer, body text COLLATE "C") ON COMMIT DROP;
  CREATE TEMPORARY TABLE new_vulnerability (number integer, name text COLLATE "C", hash bigint, block integer, place integer)
    ON COMMIT DROP;
  CREATE TEMPORARY TABLE new_statement (package integer, vulnerability integer, claim integer, fixed_in text COLLATE "C",
    ranges text COLLATE "C", advisory text COLLATE "C") ON COMMIT DROP;
  CREATE TEMPORARY TABLE new_fact (name text COLLATE "C", value text COLLATE "C") ON COMMIT DROP;
  CREATE TEMPORARY TABLE removed (name text COLLATE "C") ON COMMIT DROP`

const tables = ['new_package', 'new_claim', 'new_statement', 'new_fact', 'removed'] as const

/** A vulnerability whose body may have to be written. */
interface Described {
  readonly number: number
  readonly id: string
  readonly body: string
}

/** Brings the records of a feed into temporary tables, batch by batch, while the next batch is read. */
export class Staging implements RecordWriter {
  readonly #connection: Connection
  readonly #feed: number
  readonly #mayKnow: boolean
  readonly #names = new LocalNames()
  readonly #bodies: BodyWriter
  readonly #rows = Object.fromEntries(tables.map((table) => [table, new CopyRows()])) as Record<
    (typeof tables)[number],
    CopyRows
  >
  #described: Described[] = []
  #describedBytes = 0
  #sending: Promise<void> = Promise.resolve()
  #stopped = false

  /** `mayKnow`: whether vulnerabilities can be there already. */
  static async create(connection: Connection, feed: number, mayKnow: boolean): Promise<Staging> {
    await connection.exec(tablesSql)
    return new Staging(connection, feed, mayKnow)
  }

  private constructor(connection: Connection, feed: number, mayKnow: boolean) {
    this.#connection = connection
    this.#feed = feed
    this.#mayKnow = mayKnow
    this.#bodies = new BodyWriter(connection, feed)
  }

  vulnerability(vulnerability: Vulnerability): number {
    const { number, isNew } = this.#names.vulnerability(vulnerability.id)
    if (isNew) {
      const body = encodeVulnerability(vulnerability)
      this.#described.push({ number, id: vulnerability.id, body })
      this.#describedBytes += body.length
    }
    return number
  }

  statement(vulnerability: number, statement: Statement): void {
    const { key, fixedIn, ranges, advisory } = statement
    const rows = this.#rows.new_statement
    const pkg = this.#package(key.scope, key.name)
    const claim = this.#claim(statement)
    rows.row(6)
    rows.integer(pkg)
    rows.integer(vulnerability)
    rows.integer(claim)
    rows.text(fixedIn === undefined ? null : encodeText(fixedIn))
    rows.text(encodeRanges(ranges))
    rows.text(advisory === undefined ? null : encodeText(advisory))
  }

  fact({ fact, value }: Fact): void {
    const rows = this.#rows.new_fact
    rows.row(2)
    rows.text(encodeText(fact))
    rows.text(encodeFact(value))
  }

  remove(name: string): void {
    this.#rows.removed.row(1)
    this.#rows.removed.text(encodeText(name))
  }

  /** One batch may be on its way; the next one waits for it. */
  drained(): Promise<void> | undefined {
    let size = this.#describedBytes
    for (const table of tables) size += this.#rows[table].size
    if (size < batchBytes) return undefined
    const sent = this.#sending
    this.#send(false)
    return sent
  }

  /** Sends what is left. */
  async finish(): Promise<void> {
    await this.#sending
    this.#send(true)
    await this.#sending
  }

  /** Gives up: nothing is sent after this. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#sending.catch(() => {})
  }

  /** Removes the temporary tables, for another import in the same transaction. */
  async drop(): Promise<void> {
    await this.#connection.exec(`DROP TABLE ${tables.join(', ')}, new_vulnerability`)
  }

  #package(scope: string, name: string): number {
    const { number, isNew } = this.#names.package(scope, name)
    if (isNew) {
      const rows = this.#rows.new_package
      rows.row(3)
      rows.integer(number)
      rows.text(encodeText(scope))
      rows.text(encodeText(name))
    }
    return number
  }

  #claim(statement: Statement): number {
    const { number, isNew, body } = this.#names.claim(statement)
    if (isNew) {
      const rows = this.#rows.new_claim
      rows.row(2)
      rows.integer(number)
      rows.text(body())
    }
    return number
  }

  #send(end: boolean): void {
    const described = this.#described
    this.#described = []
    this.#describedBytes = 0
    const batch = tables.map((table) => {
      const rows = this.#rows[table]
      return { table, content: rows.isEmpty ? undefined : rows.take() }
    })
    this.#sending = this.#sending.then(async () => {
      await this.#sendDescribed(described, end)
      for (const { table, content } of batch) if (content !== undefined) await this.#copy(table, content)
    })
    this.#sending.catch(() => {}) // whoever waits for it next is told
  }

  async #sendDescribed(described: readonly Described[], end: boolean): Promise<void> {
    const known = await this.#knownHashes(described)
    const rows = new CopyRows()
    for (const { number, id, body } of described) {
      const hash = bodyHash(body)
      const isKnown = known.get(id.toWellFormed()) === hash
      const at = isKnown ? undefined : await this.#bodies.add(body)
      rows.row(5)
      rows.integer(number)
      rows.text(encodeText(id))
      rows.bigint(hash)
      rows.integer(at?.block ?? null)
      rows.integer(at?.place ?? null)
    }
    if (this.#stopped) return
    await this.#bodies.flush(end)
    if (!rows.isEmpty) await this.#copy('new_vulnerability', rows.take())
  }

  /** The hashes of those vulnerabilities that are there: a body that did not change is not written again. */
  async #knownHashes(described: readonly Described[]): Promise<ReadonlyMap<string, number>> {
    if (!this.#mayKnow || described.length === 0 || this.#stopped) return new Map()
    const rows = await this.#connection.arrays<[name: string, hash: number]>(
      `SELECT known.name, known.hash FROM unnest($1::text[]) AS wanted (name)
         JOIN vulnerability AS known ON feed = $2 AND ${sameName('known.name', 'wanted.name')}`,
      [described.map(({ id }) => id), this.#feed],
    )
    return new Map(rows)
  }

  async #copy(table: string, content: Buffer): Promise<void> {
    if (this.#stopped) return
    await this.#connection.copy(`COPY ${table} FROM STDIN (FORMAT binary)`, content)
  }
}
