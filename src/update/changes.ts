import { ChiaroError } from '../core/errors.ts'
import { findGeneration } from '../core/generation.ts'
import type { AdvisoryStore, FactChange, Generation, StatementChange } from '../core/store.ts'

/** What changed in a feed between two of its states. */
export interface FeedChanges {
  readonly feed: string
  /** The state before; `undefined`: there was no data yet. */
  readonly from: Generation | undefined
  readonly to: Generation
  /** By scope, name and vulnerability. */
  readonly statements: AsyncIterable<StatementChange>
  /** By name. */
  readonly facts: AsyncIterable<FactChange>
}

/**
 * What changed between two states of a feed, each the number of a generation or a time (ISO 8601): since the generation before
 * `to`, if `from` is not given, to the current one, if `to` is not. Throws `FEED_UNKNOWN` for a feed that was never
 * loaded, `CONFIG_INVALID` for states that are not there (any more), or stand the wrong way round.
 */
export async function feedChanges(
  feed: string,
  from: string | number | undefined,
  to: string | number | undefined,
  advisories: AdvisoryStore,
): Promise<FeedChanges> {
  const generations = await advisories.generations(feed)
  const current = generations.at(-1)
  if (current === undefined) {
    throw new ChiaroError('FEED_UNKNOWN', `${feed} was never loaded`, {
      where: feed,
      advice: '"chiaro data" shows what is loaded.',
    })
  }
  const last = to === undefined ? current : findGeneration(feed, to, generations)
  if (last === undefined) throw noSuchState(feed, `had no data at ${to}, or it is not kept any more`, generations)
  const first =
    from === undefined ? generations[generations.indexOf(last) - 1] : findGeneration(feed, from, generations)
  if (first === undefined && generations[0]!.number > 1) {
    throw noSuchState(
      feed,
      `is not kept any more as it was ${from === undefined ? 'before that' : `at ${from}`}`,
      generations,
    )
  }
  if (first !== undefined && first.number > last.number) {
    throw noSuchState(feed, `was not at ${from} before it was at ${to}`, generations)
  }
  const [before, after] = [first?.number ?? 0, last.number]
  return {
    feed,
    from: first,
    to: last,
    statements: advisories.changes(feed, before, after),
    facts: advisories.factChanges(feed, before, after),
  }
}

function noSuchState(feed: string, what: string, generations: readonly Generation[]): ChiaroError {
  const [oldest, newest] = [generations[0]!, generations.at(-1)!]
  return new ChiaroError('CONFIG_INVALID', `${feed} ${what}`, {
    where: feed,
    advice: `It has generations ${oldest.number} (of ${oldest.importedAt}) to ${newest.number} (of ${newest.importedAt}).`,
  })
}
