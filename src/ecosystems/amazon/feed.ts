import type { Feed } from '../../core/feed.ts'
import { type AmazonRelease, amazonReleases } from './releases.ts'
import { topics } from './topics.ts'

const cdn = 'https://cdn.amazonlinux.com'

/** The lists of mirrors of each release's main repository. That for x86_64 has the updates for aarch64 as well. */
const mainLists: Readonly<Record<string, string>> = {
  '1': 'https://repo.us-west-2.amazonaws.com/2018.03/updates/x86_64/mirror.list',
  '2': `${cdn}/2/core/latest/x86_64/mirror.list`,
  '2023': `${cdn}/al2023/core/mirrors/latest/x86_64/mirror.list`,
}

/** The feeds of a release: its main repository, and those of its own that packages can come from. */
export function feedsOf(release: AmazonRelease): readonly Feed[] {
  const { number } = release
  const main = feedOf(release, `amazon-${number}`, mainLists[number]!)
  if (number === '2') {
    const extras = topics.map((topic) => {
      const list = `${cdn}/2/extras/${topic}/latest/x86_64/mirror.list`
      return {
        ...feedOf(release, `amazon-2-${topic.toLowerCase().replaceAll('_', '-')}`, list, topic),
        mayBeEmpty: true as const,
      }
    })
    return [main, ...extras]
  }
  if (number === '2023') {
    const list = `${cdn}/al2023/kernel-livepatch/mirrors/latest/x86_64/mirror.list`
    return [main, { ...feedOf(release, 'amazon-2023-livepatch', list), mayBeEmpty: true }]
  }
  return [main]
}

/** Every feed there is. */
export function allFeeds(): readonly Feed[] {
  return amazonReleases.flatMap(feedsOf)
}

function feedOf(release: AmazonRelease, id: string, url: string, topic?: string): Feed {
  return {
    id,
    url,
    version: 1,
    scopes: [`amazon:${release.number}`],
    fetch: async (spool, last, signal) =>
      (await import('../../feeds/rpm-repository.ts')).fetchUpdateinfo(spool, url, last, signal),
    parse: async (spool, signal) => (await import('./records.ts')).readRecords(spool, signal, { url, release, topic }),
  }
}
