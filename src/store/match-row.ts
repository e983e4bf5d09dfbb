import type { Statement, Vulnerability } from '../core/advisory.ts'
import type { Match } from '../core/match.ts'
import { RowDamaged } from './row-damaged.ts'

/**
 * Matches as the table `image` has them. Packages of one source have their vulnerabilities in common, and most findings
 * their words: each is written once, and a match is the places of its parts. Most of the bytes are descriptions: they are one
 * text, of which each is a slice, since parsing them out of JSON takes longer than everything else.
 */
interface Content {
  readonly matches: readonly [pkg: number, feed: number, statement: number, vulnerability: number, verdict: number][]
  readonly feeds: readonly string[]
  readonly statements: readonly Statement[]
  readonly vulnerabilities: readonly Omit<Vulnerability, 'description'>[]
  /** Of the descriptions, in their order. */
  readonly lengths: readonly number[]
  readonly verdicts: readonly Match['verdict'][]
}

/** The two texts of the matches of an image. */
export interface MatchesRow {
  readonly matches: string
  readonly descriptions: string
}

export function encodeMatches(matches: readonly Match[]): MatchesRow {
  const feeds = new Map<string, number>()
  const statements = new Map<Statement, number>()
  const vulnerabilities = new Map<Vulnerability, number>()
  const verdicts = new Map<Match['verdict'], number>()
  const content: Content = {
    matches: matches.map(({ pkg, candidate, verdict }) => [
      pkg,
      placeOf(candidate.feed, feeds),
      placeOf(candidate.statement, statements),
      placeOf(candidate.vulnerability, vulnerabilities),
      placeOf(verdict, verdicts),
    ]),
    feeds: [...feeds.keys()],
    statements: [...statements.keys()],
    vulnerabilities: [...vulnerabilities.keys()].map(({ description, ...rest }) => rest),
    lengths: [...vulnerabilities.keys()].map(({ description }) => description.length),
    verdicts: [...verdicts.keys()],
  }
  const descriptions = [...vulnerabilities.keys()].map(({ description }) => description)
  return { matches: JSON.stringify(content), descriptions: descriptions.join('') }
}

function placeOf<Item>(item: Item, places: Map<Item, number>): number {
  const known = places.get(item)
  if (known !== undefined) return known
  places.set(item, places.size)
  return places.size - 1
}

/** Throws when it is not what `encodeMatches` gave. */
export function decodeMatches(row: MatchesRow): readonly Match[] {
  const { feeds, statements, verdicts, lengths, matches, ...content } = JSON.parse(row.matches) as Content
  let end = 0
  const vulnerabilities = content.vulnerabilities.map((rest, place): Vulnerability => {
    const start = end
    end += itemAt(place, lengths)
    return { ...rest, description: row.descriptions.slice(start, end) }
  })
  if (end !== row.descriptions.length) throw new RowDamaged('descriptions are cut off')
  return matches.map(([pkg, feed, statement, vulnerability, verdict]) => ({
    pkg,
    candidate: {
      statement: itemAt(statement, statements),
      vulnerability: itemAt(vulnerability, vulnerabilities),
      feed: itemAt(feed, feeds),
    },
    verdict: itemAt(verdict, verdicts),
  }))
}

function itemAt<Item>(place: number, items: readonly Item[]): Item {
  const item = items[place]
  if (item === undefined) throw new RowDamaged('a part of a match is missing')
  return item
}
