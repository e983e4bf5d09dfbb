import { limits } from '../../core/limits.ts'
import { BitSet } from './bit-set.ts'
import type { Connection } from './connection.ts'

/** A current statement: the slot, and what can change. */
export type CurrentStatement = [
  slot: number,
  claim: number,
  fixedIn: string | null,
  ranges: string | null,
  advisory: string | null,
]

/**
 * The current statements of a feed, looked up one by one. All of a package are read at once when it is first asked for, a
 * third of the cost; as many as fit into `limits.importStatements`, and no package twice, so that neither memory nor work
 * grows when a feed's records are not grouped by package.
 */
export class CurrentStatements {
  readonly #connection: Connection
  readonly #packages = new Map<number, Map<number, CurrentStatement>>()
  readonly #readBefore = new BitSet()
  #remembered = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  find(packageId: number, vulnerability: number): CurrentStatement | undefined {
    const known = this.#packages.get(packageId)
    if (known !== undefined) return known.get(vulnerability)
    if (this.#readBefore.add(packageId)) return this.#readPackage(packageId).get(vulnerability)
    return this.#connection.prepareArrays(findSql).get(packageId, vulnerability) as CurrentStatement | undefined
  }

  #readPackage(packageId: number): ReadonlyMap<number, CurrentStatement> {
    const rows = this.#connection.prepareArrays(readSql).all(packageId) as unknown as [number, ...CurrentStatement][]
    const statements = new Map<number, CurrentStatement>()
    for (const [vulnerability, ...statement] of rows) statements.set(vulnerability, statement)
    if (this.#remembered + rows.length > limits.importStatements) {
      this.#packages.clear()
      this.#remembered = 0
    }
    this.#packages.set(packageId, statements)
    this.#remembered += rows.length
    return statements
  }
}

const findSql = 'SELECT slot, claim, fixed_in, ranges, advisory FROM statement WHERE package = ? AND vulnerability = ?'
const readSql = 'SELECT vulnerability, slot, claim, fixed_in, ranges, advisory FROM statement WHERE package = ?'
