import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** How a connection is opened. */
export interface ConnectionOptions {
  readonly readOnly?: boolean
  /** How long SQLite itself waits for a lock, in milliseconds. It blocks the thread while it does. */
  readonly busyTimeout: number
}

/** One connection to an SQLite database, with its prepared statements. */
export class Connection {
  readonly #database: DatabaseSync
  readonly #objects = new Map<string, StatementSync>()
  readonly #arrays = new Map<string, StatementSync>()

  constructor(location: string, options: ConnectionOptions) {
    this.#database = new DatabaseSync(location, {
      readOnly: options.readOnly ?? false,
      timeout: options.busyTimeout,
      // Keys are declared and `verify` checks them; enforcing them row by row costs a seventh of an import.
      enableForeignKeyConstraints: false,
    })
  }

  /** Runs SQL that gives no rows: pragmas, schema, transactions. */
  exec(sql: string): void {
    this.#database.exec(sql)
  }

  /** The prepared statement for `sql`, its rows as objects; made once. */
  prepare(sql: string): StatementSync {
    let statement = this.#objects.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#objects.set(sql, statement)
    }
    return statement
  }

  /** The prepared statement for `sql`, its rows as arrays, which are quicker by a third. */
  prepareArrays(sql: string): StatementSync {
    let statement = this.#arrays.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      statement.setReturnArrays(true)
      this.#arrays.set(sql, statement)
    }
    return statement
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  close(): void {
    this.#objects.clear()
    this.#arrays.clear()
    if (this.#database.isOpen) this.#database.close()
  }
}
