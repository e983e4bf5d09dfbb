import type { FactChange } from '../core/store.ts'
import { decodeFact } from './codec.ts'

/** A fact that is not the same in a later generation as in an earlier one; a value is null where there was none. */
export interface ChangedFactRow {
  readonly name: string
  readonly old: string | null
  readonly new: string | null
}

/** What changed of a fact, from the earlier generation to the later one, or back. */
export function factChange({ name, old, new: now }: ChangedFactRow, forward: boolean): FactChange {
  const [before, after] = (forward ? [old, now] : [now, old]).map((value) =>
    value === null ? undefined : decodeFact(value),
  )
  const change = before === undefined ? 'added' : after === undefined ? 'closed' : 'changed'
  return { change, name, before, after }
}
