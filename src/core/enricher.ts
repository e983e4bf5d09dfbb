import type { Json } from './advisory.ts'
import type { Feed, FeedFamily } from './feed.ts'
import type { Epss, Kev } from './report.ts'
import type { Rating } from './severity.ts'

/** What an enricher knows of one vulnerability. */
export interface Enrichment {
  /** When that was last changed, ISO 8601, where it is known: of two, the later one counts. */
  readonly modified?: string
  /** The most telling first. */
  readonly ratings?: readonly Rating[]
  readonly weaknesses?: readonly string[]
  readonly epss?: Epss
  readonly kev?: Kev
}

/**
 * A source of what is known of vulnerabilities beside what distributions say of them: scores, likelihoods, exploitation.
 * What findings need are facts of its feeds, named by CVE ids: thousands of them are looked up within milliseconds. Whatever
 * else its feeds have of a vulnerability makes no statements.
 */
export interface Enricher extends FeedFamily {
  /** What findings lack without its data, for the gap: `CVSS scores and kinds of weakness`. */
  readonly gives: string
  /** The feeds that can have something to say of vulnerabilities of these ids: a scan brings them up to date. */
  feedsFor(ids: readonly string[]): readonly Feed[]
  /** Feeds that are asked as well where they are loaded; only `chiaro update` brings them up to date. */
  readonly supplements?: readonly Feed[]
  /** What a fact of its feeds adds to a finding. `dataTime` is that of the feed; `undefined` for a value that it never wrote. */
  ofFact(value: Json, dataTime: string | null): Enrichment | undefined
  /** Whether it tells how likely exploitation is: the risk of findings is computed where one that does is loaded. */
  readonly tellsLikelihood?: true
  /** Whether its feeds have vulnerabilities, too, whose descriptions serve where the distribution has none. */
  readonly describes?: true
}

/** Whether a feed is of a family: it has the family's id, or begins with it and a hyphen. */
export function isFeedOf({ id }: Pick<FeedFamily, 'id'>, feed: string): boolean {
  return feed === id || feed.startsWith(`${id}-`)
}
