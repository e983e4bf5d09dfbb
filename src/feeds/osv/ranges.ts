import type { Statement, VersionRange } from '../../core/advisory.ts'
import type { OsvAffected } from './schema.ts'

/** Which versions are affected, or what is wrong with what is said of them; `undefined` if nothing is that can be compared. */
export type AffectedVersions = { readonly ranges: readonly VersionRange[] } | { readonly problem: string }

/**
 * The affected versions that a record states (OSV schema, `affected[].ranges`): those of the ranges of type ECOSYSTEM and
 * SEMVER, and where there are none of these, the versions that are enumerated. Ranges of commits (GIT) say nothing of versions.
 */
export function affectedVersions({ ranges, versions }: OsvAffected): AffectedVersions | undefined {
  const found: VersionRange[] = []
  let compared = false
  for (const { type, events } of ranges ?? []) {
    if (type !== 'ECOSYSTEM' && type !== 'SEMVER') continue
    compared = true
    const problem = addRanges(events, found)
    if (problem !== undefined) return { problem }
  }
  if (compared) return { ranges: found }
  if (!versions?.length) return undefined
  return { ranges: versions.map((version) => ({ introduced: version, lastAffected: version })) }
}

/** Events are in the order of their versions. A second end adds nothing; `limit` ends what has no other end. */
function addRanges(
  events: readonly { introduced?: string; fixed?: string; last_affected?: string; limit?: string }[],
  found: VersionRange[],
): string | undefined {
  let start: string | undefined
  let limit: string | undefined
  for (const event of events) {
    if (event.introduced !== undefined) {
      if (start !== undefined) return `its events are not in order: ${event.introduced} follows ${start}`
      start = event.introduced
    } else if (event.limit !== undefined) {
      limit = event.limit === '*' ? undefined : event.limit
    } else if (start !== undefined) {
      const end = event.fixed === undefined ? { lastAffected: event.last_affected } : { fixed: event.fixed }
      found.push(rangeOf(start, end))
      start = undefined
    }
  }
  if (start !== undefined) found.push(rangeOf(start, { fixed: limit }))
  return undefined
}

function rangeOf(
  start: string,
  { fixed, lastAffected }: { fixed?: string | undefined; lastAffected?: string | undefined },
): VersionRange {
  return {
    ...(start === '0' ? {} : { introduced: start }),
    ...(fixed === undefined ? {} : { fixed }),
    ...(lastAffected === undefined ? {} : { lastAffected }),
  }
}

/** What a statement says of these ranges. Where they are simply all versions, or all below a fixed one, no ranges are kept. */
export function fixOf(ranges: readonly VersionRange[]): Pick<Statement, 'fix' | 'fixedIn' | 'ranges'> {
  const distinct = ranges.length > 1 ? withoutRepeated(ranges) : ranges
  const [first] = distinct
  if (distinct.length === 1 && first!.introduced === undefined && first!.lastAffected === undefined) {
    return first!.fixed === undefined ? { fix: 'open' } : { fix: 'fixed', fixedIn: first!.fixed }
  }
  const isFixed = distinct.some(({ fixed }) => fixed !== undefined)
  return { fix: isFixed ? 'fixed' : 'open', ranges: distinct }
}

function withoutRepeated(ranges: readonly VersionRange[]): readonly VersionRange[] {
  const byText = new Map(
    ranges.map((range) => [`${range.introduced}\0${range.fixed}\0${range.lastAffected}`, range] as const),
  )
  return [...byText.values()]
}
