import type { AdvisoryKey, Statement } from '../../core/advisory.ts'
import { type Claim, decodeClaim, makeStatement } from '../codec.ts'
import { RowDamaged } from '../row-damaged.ts'
import type { Connection } from './connection.ts'

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

  statement(key: AdvisoryKey, [claim, fixedIn, ranges, advisory]: StatementRow): Statement {
    return makeStatement(key, this.#claim(claim), { fixedIn, ranges, advisory })
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
