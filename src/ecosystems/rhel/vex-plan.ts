import { ChiaroError } from '../../core/errors.ts'
import type { Spool } from '../../core/feed.ts'
import type { Gap } from '../../core/gap.ts'

/** What was fetched, and is to be read. */
export interface VexPlan {
  /** Paths of documents, each spooled under its path. */
  readonly documents: readonly string[]
  /** Paths of documents that are gone. */
  readonly removed: readonly string[]
  /** Set if the archive was fetched: the paths in it that are not to be read. */
  readonly archive: { readonly without: ReadonlySet<string> } | undefined
  /** What of the lists could not be read. */
  readonly gaps: readonly Gap[]
}

/** A spool cannot tell what is in it. */
const plans = new WeakMap<Spool, VexPlan>()

export function keepPlan(spool: Spool, plan: VexPlan): void {
  plans.set(spool, plan)
}

/** The plan by which `spool` was filled. */
export function planOf(spool: Spool): VexPlan {
  const plan = plans.get(spool)
  if (plan === undefined) throw new ChiaroError('INTERNAL', 'nothing was fetched')
  return plan
}
