import { ChiaroError } from '../core/errors.ts'
import type { Feed, FeedFamily } from '../core/feed.ts'

/** Every feed of these families. */
export function allFeeds(from: readonly FeedFamily[]): readonly Feed[] {
  return from.flatMap((family) => family.feeds())
}

/**
 * The feeds named by id, by family (`alpine`, `nvd`: all of its feeds), or by a pattern with `*`; all but those of families that are
 * brought on request, if none is named. Throws `FEED_UNKNOWN`.
 */
export function selectFeeds(from: readonly FeedFamily[], names: readonly string[]): readonly Feed[] {
  if (names.length === 0) return allFeeds(from.filter(({ onRequest }) => !onRequest))
  const feeds = allFeeds(from)
  const selected = new Set<Feed>()
  for (const name of names) {
    const family = from.find(({ id }) => id === name)
    const matching = family?.feeds() ?? feeds.filter((feed) => matches(feed.id, name))
    if (matching.length === 0) {
      throw new ChiaroError('FEED_UNKNOWN', `there is no feed ${JSON.stringify(name)}`, {
        where: name,
        advice: `Feeds are named as "chiaro data" shows them, or by distribution or source: ${from.map(({ id }) => id).join(', ')}.`,
      })
    }
    for (const feed of matching) selected.add(feeds.find(({ id }) => id === feed.id) ?? feed)
  }
  return [...selected]
}

function matches(id: string, pattern: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return id === pattern
  const first = parts[0]!
  const last = parts.at(-1)!
  return parts.length === 2 && id.length >= first.length + last.length && id.startsWith(first) && id.endsWith(last)
}
