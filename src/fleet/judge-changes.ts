import { type DistinctKey, keyText } from '../core/advisory-keys.ts'
import type { Judgement, NumberedPackage } from '../core/fleet.ts'
import type { Match } from '../core/match.ts'
import { matchPackages, outcomesOf } from '../scan/match-packages.ts'
import {
  allKeys,
  type Batch,
  byRelease,
  type JudgeOptions,
  judgePackages,
  outcomesByPlace,
  prepareBatch,
} from './judge-packages.ts'

/** The keys that changed, by their texts. */
export type Changes = ReadonlyMap<string, DistinctKey>

/**
 * Judges packages after changes: of each the vulnerabilities only of which something else is said, where these can be judged by
 * themselves, and all of it where not, as with the numbers in `whole`. A vulnerability can be if its records have no other ids
 * and cover nothing: then it is joined with records of its own id only (scan/join-matches.ts), unless it is open under other
 * ids, which the store sees. Throws `DATABASE_FAILED` only.
 */
export async function judgeChanges(
  packages: readonly NumberedPackage[],
  changes: Changes,
  whole: ReadonlySet<number>,
  options: JudgeOptions,
): Promise<readonly Judgement[]> {
  const judged: Judgement[] = []
  for (const own of byRelease(packages.filter(({ number }) => !whole.has(number)))) {
    const batch = await prepareBatch(own, options)
    if (batch !== undefined) judged.push(...(await judgeSome(batch, changes)))
  }
  const done = new Set(judged.map(({ number }) => number))
  const rest = packages.filter(({ number }) => !done.has(number))
  return [...judged, ...(await judgePackages(rest, options))]
}

/** The judgements of those packages whose changes can be judged by themselves. */
async function judgeSome(batch: Batch, changes: Changes): Promise<readonly Judgement[]> {
  const { packages, index, by, lookUp, keys } = batch
  const changed = new Map<number, ReadonlySet<string>>()
  for (const place of packages.keys()) {
    const ids = changedIn(batch, place, changes)
    if (ids !== undefined) changed.set(place, ids)
  }
  const narrowed = new Map(
    [...changed].map(([place, ids]) => {
      const pkg = index.packages[place]!
      const vulnerabilities = [...ids]
      return [pkg, (keys.get(pkg) ?? []).map((key) => ({ ...key, vulnerabilities }))]
    }),
  )
  const all = await matchPackages(narrowed, index, by, lookUp)
  // Others are looked up for packages of the same name, and may not be all that is said of them.
  const matches = all.filter(({ pkg, candidate }) => changed.get(pkg)!.has(candidate.vulnerability.id))
  for (const match of matches) if (!standsAlone(match)) changed.delete(match.pkg)
  const alone = matches.filter(({ pkg }) => changed.has(pkg))
  const byPlace = outcomesByPlace(outcomesOf(alone, index, by))
  return [...changed].map(([place, ids]) => {
    return { number: packages[place]!.number, ...byPlace(place), keys: [], only: [...ids] }
  })
}

/** The ids of the vulnerabilities that changed for a package; `undefined` where it is not known that these are all. */
function changedIn(batch: Batch, place: number, changes: Changes): ReadonlySet<string> | undefined {
  const ids = new Set<string>()
  for (const key of allKeys(batch, place)) {
    const change = changes.get(keyText(key))
    if (change === undefined) continue
    if (change.vulnerabilities === undefined) return undefined
    for (const id of change.vulnerabilities) ids.add(id)
  }
  return ids.size === 0 ? undefined : ids
}

/** What cannot be compared is a gap, and gaps are kept for the package as a whole. */
function standsAlone({ candidate: { vulnerability }, verdict }: Match): boolean {
  return vulnerability.aliases.length === 0 && (vulnerability.covers ?? []).length === 0 && verdict.state !== 'unknown'
}
