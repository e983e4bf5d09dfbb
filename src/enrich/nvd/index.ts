import type { Enricher } from '../../core/enricher.ts'
import { changesFeed } from './changes.ts'
import { yearFeed, yearOf } from './feed.ts'
import { decodeScores } from './scores.ts'

/** The years that there are files of: 2002, which has the earlier ones too, to now. */
function years(now: Date): readonly number[] {
  return Array.from({ length: now.getUTCFullYear() - 2001 }, (_, index) => 2002 + index)
}

/** The National Vulnerability Database: CVSS scores of its own and of others, kinds of weakness, descriptions. */
export const nvd: Enricher = {
  id: 'nvd',
  title: 'NVD',
  gives: 'CVSS scores and kinds of weakness',
  feeds: () => [...years(new Date()).map(yearFeed), changesFeed()],
  feedsFor: (ids) => [...new Set(ids.flatMap((id) => yearOf(id) ?? []))].sort().map(yearFeed),
  supplements: [changesFeed()],
  ofFact: decodeScores,
  describes: true,
}
