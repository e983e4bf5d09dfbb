import type { Match } from '../core/match.ts'
import type { IndexReport } from '../core/report.ts'
import type { FeedStatus } from '../core/store.ts'
import type { KeptResults } from './known-findings.ts'

/**
 * The matches of an image as they were kept, or as `match` finds them now, which are then kept. They depend on what is in
 * the image, on the code, and on the generation of every feed, as statements of any feed may be about a scope. Generations
 * never go back, so what is imported while `match` runs can only make its matches be kept under a basis that is over.
 */
export async function knownMatches(
  { image: { digest }, packages }: IndexReport,
  feeds: readonly FeedStatus[],
  kept: KeptResults | undefined,
  match: () => Promise<readonly Match[]>,
): Promise<readonly Match[]> {
  if (kept === undefined || digest === undefined) return match()
  const { store, analyzersKey: analyzers, rules } = kept
  const basis = [rules, ...feeds.map(({ feed, generation }) => `${feed}@${generation}`)].join(' ')
  const known = await store.matches({ digest, analyzers, basis })
  if (known?.every(({ pkg }) => pkg < packages.length)) return known
  const matches = await match()
  await store.putMatches({ digest, analyzers, basis }, matches)
  return matches
}
