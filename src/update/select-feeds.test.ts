import { describe, expect, it } from 'vitest'
import { source } from '../../test/support/records.ts'
import type { Feed, FeedFamily } from '../core/feed.ts'
import { selectFeeds } from './select-feeds.ts'

function feedOf(id: string): Feed {
  return {
    ...source([], { id }).feed,
    scopes: [],
    fetch: async () => 'unchanged',
    parse: async () => (async function* () {})(),
  }
}

function familyOf(id: string, feeds: readonly string[], onRequest?: true): FeedFamily {
  const own = feeds.map(feedOf)
  return { id, title: id, feeds: () => own, ...(onRequest && { onRequest }) }
}

const families = [
  familyOf('alpine', ['alpine-3.19-main', 'alpine-3.20-main']),
  familyOf('kev', ['kev']),
  familyOf('copies', ['copies-alpine', 'copies-debian'], true),
]

describe('the feeds that are named', () => {
  it.each([
    ['nothing: all but those on request', [], ['alpine-3.19-main', 'alpine-3.20-main', 'kev']],
    ['a feed', ['kev'], ['kev']],
    ['a family', ['alpine'], ['alpine-3.19-main', 'alpine-3.20-main']],
    ['a family on request', ['copies'], ['copies-alpine', 'copies-debian']],
    ['a feed of one on request', ['copies-debian'], ['copies-debian']],
    ['a pattern', ['*-main', 'kev'], ['alpine-3.19-main', 'alpine-3.20-main', 'kev']],
  ])('%s', (_, names, expected) => {
    expect(selectFeeds(families, names).map(({ id }) => id)).toEqual(expected)
  })

  it('nobody knows', () => {
    expect(() => selectFeeds(families, ['kev', 'nvd'])).toThrow(
      expect.objectContaining({ code: 'FEED_UNKNOWN', where: 'nvd' }),
    )
  })
})
