import type { AdvisoryKey, Statement } from '../../core/advisory.ts'
import { type Claim, decodeClaim, makeStatement, type StatementColumns } from '../codec.ts'
import { RowDamaged } from '../row-damaged.ts'
import type { Connection } from './connection.ts'

/** What a statement is made of, beside its key. */
export interface StatementRow extends StatementColumns {
  readonly claim: number
}

/** Makes statements of rows. Each claim is read once. */
export class StatementReader {
  readonly #connection: Connection
  readonly #claims = new Map<number, Claim>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Reads the claims of the rows of which statements will be made. */
  async prepare(rows: readonly (StatementRow | undefined)[]): Promise<void> {
    const claims = rows.filter((row) => row !== undefined).map(({ claim }) => claim)
    const missing = [...new Set(claims)].filter((id) => !this.#claims.has(id))
    if (missing.length === 0) return
    const found = await this.#connection.rows<{ id: number; body: string }>(
      'SELECT id, body FROM claim WHERE id = ANY ($1::integer[])',
      [missing],
    )
    for (const { id, body } of found) this.#claims.set(id, decodeClaim(body))
  }

  statement(key: AdvisoryKey, row: StatementRow): Statement {
    const claim = this.#claims.get(row.claim)
    if (claim === undefined) throw new RowDamaged('a claim is missing')
    return makeStatement(key, claim, row)
  }
}
