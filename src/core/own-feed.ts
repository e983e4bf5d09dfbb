const family = 'own'

/**
 * The feed of the vulnerabilities that people have added themselves in one scope. Its statements count like those of any feed;
 * nothing brings it up to date. `own-debian-13`.
 */
export function ownFeedId(scope: string): string {
  return `${family}-${scope.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')}`
}

/** Whether a feed is one of `ownFeedId`. */
export function isOwnFeed(feed: string): boolean {
  return feed.startsWith(`${family}-`)
}
