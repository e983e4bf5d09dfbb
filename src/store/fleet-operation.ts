import type { FleetCause, FleetOperation } from '../core/fleet.ts'

/** An operation as a row of `fleet_operation` has it. */
export interface OperationRow {
  readonly id: number
  readonly kind: FleetCause['kind']
  readonly feed: string | null
  readonly from: number | null
  readonly to: number | null
  readonly rules: string | null
  readonly startedAt: string
  readonly endedAt: string | null
}

/** Its columns, for a query. */
export const operationColumns = `id, kind, feed, from_gen AS "from", to_gen AS "to", rules,
  started_at AS "startedAt", ended_at AS "endedAt"`

export function operationOf(row: OperationRow): FleetOperation {
  return { number: row.id, cause: causeOf(row), startedAt: row.startedAt, endedAt: row.endedAt }
}

function causeOf({ kind, feed, from, to, rules }: OperationRow): FleetCause {
  switch (kind) {
    case 'image':
      return { kind }
    case 'data':
      return { kind, feed: feed!, from: from!, to: to! }
    case 'rules':
      return { kind, rules: rules! }
  }
}

/** The columns of a cause: feed, from, to, rules. */
export function causeColumns(cause: FleetCause): readonly [string | null, number | null, number | null, string | null] {
  if (cause.kind === 'data') return [cause.feed, cause.from, cause.to, null]
  return [null, null, null, cause.kind === 'rules' ? cause.rules : null]
}
