import { printable } from '../core/errors.ts'
import type { Gap } from '../core/gap.ts'

/** The gap for a record of a feed that was left out: what it is about, and what is wrong with it. */
export function badRecord(where: string, problem: string): Gap {
  const detail = `It was left out: ${printable(problem).slice(0, 500)}.`
  return { code: 'data-record-unreadable', where: printable(where).slice(0, 200), detail }
}
