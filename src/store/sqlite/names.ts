import type { FixState, Statement } from '../../core/advisory.ts'
import { limits } from '../../core/limits.ts'
import { claimKey, encodeClaim } from '../codec.ts'
import type { Connection } from './connection.ts'

/** A scope of the feed that is being imported. */
export interface ScopeRow {
  readonly id: number
  /** Current statements, counted while importing. */
  statements: number
  readonly stored: number
  readonly packages: Map<string, number>
}

/**
 * The rows of scopes, packages and claims of one feed by what they stand for, made where they are missing. It remembers
 * them, up to `limits.importNames`, so that most are looked up once.
 */
export class Names {
  readonly #connection: Connection
  readonly #feed: number
  readonly #insertFirst: boolean
  readonly #scopes = new Map<string, ScopeRow>()
  readonly #claims = new Map<string, number>()
  readonly #lastClaims = new Map<FixState, LastClaim>()
  #remembered = 0

  /** `expected` decides what is tried first, looking a name up or inserting it. */
  constructor(connection: Connection, feed: number, expected: 'mostly new' | 'mostly known') {
    this.#connection = connection
    this.#feed = feed
    this.#insertFirst = expected === 'mostly new'
  }

  scope(name: string): ScopeRow {
    return this.#scopes.get(name) ?? this.#loadScope(name)
  }

  packageId(scope: ScopeRow, name: string): number {
    return scope.packages.get(name) ?? this.#loadPackage(scope, name)
  }

  claimId(statement: Statement): number {
    const last = this.#lastClaims.get(statement.fix)
    if (last !== undefined && sameClaim(last.statement, statement)) return last.id
    const key = claimKey(statement)
    const id = this.#claims.get(key) ?? this.#loadClaim(key, statement)
    this.#lastClaims.set(statement.fix, { statement, id })
    return id
  }

  /** Forgets when too much is remembered. A `ScopeRow` from before is not counted in afterwards. */
  trim(): void {
    if (this.#remembered > limits.importNames) this.flush()
  }

  /** Writes the counts of scopes, and forgets everything. */
  flush(): void {
    const update = this.#connection.prepare('UPDATE scope SET statements = ? WHERE id = ?')
    for (const { id, statements, stored } of this.#scopes.values()) {
      if (statements !== stored) update.run(statements, id)
    }
    this.#scopes.clear()
    this.#claims.clear()
    this.#lastClaims.clear()
    this.#remembered = 0
  }

  #loadScope(name: string): ScopeRow {
    const found = this.#connection
      .prepare('SELECT id, statements FROM scope WHERE name = ? AND feed = ?')
      .get(name, this.#feed) as { id: number; statements: number } | undefined
    const id =
      found?.id ??
      rowId(
        this.#connection.prepare('INSERT INTO scope (name, feed, statements) VALUES (?, ?, 0)').run(name, this.#feed),
      )
    const stored = found?.statements ?? 0
    const scope = { id, statements: stored, stored, packages: new Map<string, number>() }
    this.#scopes.set(name, scope)
    this.#remembered++
    return scope
  }

  #loadPackage(scope: ScopeRow, name: string): number {
    const id = this.#findOrInsert(
      'SELECT id FROM package WHERE scope = ? AND name = ?',
      'INSERT OR IGNORE INTO package (scope, name) VALUES (?, ?)',
      scope.id,
      name,
    )
    scope.packages.set(name, id)
    this.#remembered++
    return id
  }

  #loadClaim(key: string, statement: Statement): number {
    const body = encodeClaim(statement)
    const id = this.#findOrInsert(
      'SELECT id FROM claim WHERE body = ?',
      'INSERT OR IGNORE INTO claim (body) VALUES (?)',
      body,
    )
    this.#claims.set(key, id)
    this.#remembered++
    return id
  }

  #findOrInsert(find: string, insert: string, ...values: (string | number)[]): number {
    return this.#insertFirst
      ? (this.#insert(insert, values) ?? this.#find(find, values)!)
      : (this.#find(find, values) ?? this.#insert(insert, values)!)
  }

  #find(sql: string, values: readonly (string | number)[]): number | undefined {
    const found = this.#connection.prepareArrays(sql).get(...values) as unknown as [number] | undefined
    return found?.[0]
  }

  #insert(sql: string, values: readonly (string | number)[]): number | undefined {
    const result = this.#connection.prepare(sql).run(...values)
    return Number(result.changes) === 0 ? undefined : rowId(result)
  }
}

/** A statement and the row of its claim. Neighbours in a feed mostly claim alike, which is quicker seen than looked up. */
interface LastClaim {
  readonly statement: Statement
  readonly id: number
}

function sameClaim(left: Statement, right: Statement): boolean {
  if (left.note !== right.note) return false
  if (left.rating === right.rating) return true
  if (left.rating === undefined || right.rating === undefined) return false
  return (
    left.rating.severity === right.rating.severity &&
    left.rating.source === right.rating.source &&
    left.rating.original === right.rating.original &&
    left.rating.vector === right.rating.vector &&
    left.rating.score === right.rating.score
  )
}

/** The id of the row that was inserted. Ids are counted up from 1 and far below 2^53. */
export function rowId({ lastInsertRowid }: { readonly lastInsertRowid: number | bigint }): number {
  return Number(lastInsertRowid)
}
