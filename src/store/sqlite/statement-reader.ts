import type { AdvisoryKey, Statement } from '../../core/advisory.ts'
import { type Claim, decodeClaim, decodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'
import { RowDamaged } from './failure.ts'

/** The columns of a statement that say what it states: those of `statementColumns`, first in a row. */
export type StatementRow = readonly [
  claim: number,
  fixedIn: string | null,
  ranges: string | null,
  advisory: string | null,
  ...rest: readonly unknown[],
]

export const statementColumns = 'claim, fixed_in, ranges, advisory'

/** Makes statements of rows. Each claim is read once. */
export class StatementReader {
  readonly #connection: Connection
  readonly #claims = new Map<number, Claim>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Property by property: there are thousands, and spreading takes longer than reading them. */
  statement(key: AdvisoryKey, [claim, fixedIn, ranges, advisory]: StatementRow): Statement {
    const { fix, rating, note } = this.#claim(claim)
    const statement: { -readonly [name in keyof Statement]: Statement[name] } = { key, fix }
    if (fixedIn !== null) statement.fixedIn = fixedIn
    if (ranges !== null) statement.ranges = decodeRanges(ranges)
    if (rating !== undefined) statement.rating = rating
    if (note !== undefined) statement.note = note
    if (advisory !== null) statement.advisory = advisory
    return statement
  }

  #claim(id: number): Claim {
    const known = this.#claims.get(id)
    if (known !== undefined) return known
    const row = this.#connection.prepare('SELECT body FROM claim WHERE id = ?').get(id) as { body: string } | undefined
    if (row === undefined) throw new RowDamaged('a claim is missing')
    const claim = decodeClaim(row.body)
    this.#claims.set(id, claim)
    return claim
  }
}
