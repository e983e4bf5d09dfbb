import { throwIfAborted } from '../core/abort.ts'
import { distinctKeys } from '../core/advisory-keys.ts'
import { type Enricher, isFeedOf } from '../core/enricher.ts'
import type { FleetCause, FleetOperation, NumberedPackage } from '../core/fleet.ts'
import type { AdvisoryStore } from '../core/store.ts'
import {
  type FleetOptions,
  type JudgedChanges,
  type JudgingResult,
  judgeUnder,
  nothingJudged,
  packagesAtOnce,
  sumOf,
} from './judging.ts'

/** What bringing the fleet up to date needs. */
export interface RejudgeOptions extends FleetOptions {
  /** Their feeds say nothing of packages: when those change, nothing is judged again. */
  readonly enrichers: readonly Enricher[]
}

/** What was judged again, and why. */
export interface Rejudged extends JudgingResult {
  readonly cause: FleetCause
}

/**
 * Judges what was left by a process that ended too early, and then, for each feed that changed since packages were judged, those
 * with the keys that changed. What is interrupted is carried on with by the next one: nothing that was done is changed by being
 * done again. One process does it at a time (`Store.lock`). Throws `DATABASE_FAILED` and `ABORTED`.
 */
export async function rejudge(options: RejudgeOptions): Promise<readonly Rejudged[]> {
  const { fleet, advisories, enrichers } = options
  const done: Rejudged[] = []
  const image = await fleet.begin({ kind: 'image' })
  const left = await judgeAll(image, (after) => fleet.unjudgedPackages(after, packagesAtOnce), options)
  if (left.packages > 0) done.push({ cause: image.cause, ...left })
  for (const { feed, generation } of await advisories.status()) {
    if (enrichers.some((enricher) => isFeedOf(enricher, feed))) continue
    // What was begun may be about fewer generations than there are now: the rest is an operation of its own.
    for (;;) {
      const from = (await fleet.judgedGenerations()).get(feed) ?? 0
      if (generation <= from) break
      const operation = await fleet.begin({ kind: 'data', feed, from, to: generation })
      done.push({ cause: operation.cause, ...(await judgeChanged(operation, options)) })
      await fleet.end(operation)
    }
  }
  return done
}

/** Judges all packages again that were judged by other rules. It is interrupted and carried on with like `rejudge`. */
export async function rejudgeByRules(options: FleetOptions): Promise<readonly Rejudged[]> {
  const { fleet, rules } = options
  const [first] = await fleet.packagesOfOtherRules(rules, 0, 1)
  if (first === undefined) return []
  const operation = await fleet.begin({ kind: 'rules', rules })
  const result = await judgeAll(operation, (after) => fleet.packagesOfOtherRules(rules, after, packagesAtOnce), options)
  await fleet.end(operation)
  return [{ cause: operation.cause, ...result }]
}

/** Judges the packages that the changes of a feed may concern. */
async function judgeChanged(operation: FleetOperation, options: FleetOptions): Promise<JudgingResult> {
  const { fleet, advisories } = options
  const { cause } = operation
  const images = await fleet.images({ after: undefined, limit: 1 })
  if (cause.kind !== 'data' || images.items.length === 0) return nothingJudged
  const { feed, from, to } = cause
  if (!(await areKept(feed, from, to, advisories))) {
    return judgeAll(operation, (after) => fleet.packagesOfOtherRules(undefined, after, packagesAtOnce), options)
  }
  const done = new Set<number>()
  let result = nothingJudged
  for await (const keys of advisories.changedKeys(feed, from, to)) {
    throwIfAborted(options.signal)
    const read = (after: number) => fleet.packagesByKeys(keys, after, packagesAtOnce)
    result = sumOf(result, await judgeAll(operation, read, options, { keys: distinctKeys(keys), done }))
  }
  return result
}

/** Whether it can still be told what changed between two generations. */
async function areKept(feed: string, from: number, to: number, advisories: AdvisoryStore): Promise<boolean> {
  const kept = new Set((await advisories.generations(feed)).map(({ number }) => number))
  return kept.has(to) && (kept.has(from) || (from === 0 && kept.has(1)))
}

/** Judges packages that are read one part after the other. */
async function judgeAll(
  operation: FleetOperation,
  read: (after: number) => Promise<readonly NumberedPackage[]>,
  options: FleetOptions,
  changes?: JudgedChanges,
): Promise<JudgingResult> {
  let result = nothingJudged
  for (let after = 0; ; ) {
    const packages = await read(after)
    const last = packages.at(-1)
    if (last === undefined) return result
    result = sumOf(result, await judgeUnder(operation, packages, options, changes))
    after = last.number
  }
}
