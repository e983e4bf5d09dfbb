import type { AdvisoryKey, FixState, Json, Statement, VersionRange, Vulnerability } from '../core/advisory.ts'
import type { Rating } from '../core/severity.ts'
import { RowDamaged } from './row-damaged.ts'

/** What statements say alike, as a row of the table `claim` holds it. */
export interface Claim {
  readonly fix: FixState
  readonly rating?: Rating
  readonly note?: string
}

/** A text that two statements have in common if and only if they make the same claim. Quicker than JSON. */
export function claimKey({ fix, rating, note }: Statement): string {
  if (rating === undefined) return note === undefined ? fix : `${fix}!${note}`
  const { severity, source, original, vector, score } = rating
  const lengths = `${source.length}|${original?.length ?? ''}|${vector?.length ?? ''}|${score ?? ''}|${note?.length ?? ''}`
  return `${fix}|${severity}|${lengths}|${source}${original ?? ''}${vector ?? ''}${note ?? ''}`
}

export function encodeClaim({ fix, rating, note }: Statement): string {
  return JSON.stringify({ fix, rating: rating === undefined ? undefined : encodeRating(rating), note })
}

export function decodeClaim(body: string): Claim {
  return parse(body) as Claim
}

/** The columns of a statement that say what it states: fixed version, ranges, advisory. */
export interface StatementColumns {
  readonly fixedIn: string | null
  readonly ranges: string | null
  readonly advisory: string | null
}

/** The statement of a claim and columns. Property by property: there are thousands, and spreading takes longer than reading them. */
export function makeStatement(
  key: AdvisoryKey,
  { fix, rating, note }: Claim,
  { fixedIn, ranges, advisory }: StatementColumns,
): Statement {
  const statement: { -readonly [name in keyof Statement]: Statement[name] } = { key, fix }
  if (fixedIn !== null) statement.fixedIn = fixedIn
  if (ranges !== null) statement.ranges = decodeRanges(ranges)
  if (rating !== undefined) statement.rating = rating
  if (note !== undefined) statement.note = note
  if (advisory !== null) statement.advisory = advisory
  return statement
}

/** A vulnerability without its id, as JSON with the properties in one order: equal ones have equal texts. */
export function encodeVulnerability(vulnerability: Vulnerability): string {
  const { aliases, covers, ratings, links, weaknesses, published, modified, cpes, description } = vulnerability
  return JSON.stringify({
    aliases: aliases.length === 0 ? undefined : aliases,
    covers,
    ratings: ratings.length === 0 ? undefined : ratings.map(encodeRating),
    links: links.length === 0 ? undefined : links,
    weaknesses,
    published,
    modified,
    cpes,
    description,
  })
}

export function decodeVulnerability(id: string, body: string): Vulnerability {
  const { aliases = [], ratings = [], links = [], ...rest } = parse(body) as Omit<Vulnerability, 'id'>
  return { id, aliases, ratings, links, ...rest }
}

/** The ranges of a statement as a column holds them: from, up to, last, in this order, `null` for what is not stated. */
export function encodeRanges(ranges: readonly VersionRange[] | undefined): string | null {
  if (ranges === undefined) return null
  return JSON.stringify(
    ranges.map(({ introduced, fixed, lastAffected }) => [introduced ?? null, fixed ?? null, lastAffected ?? null]),
  )
}

export function decodeRanges(text: string): readonly VersionRange[] {
  const ranges = parse(text) as readonly [string | null, string | null, string | null][]
  return ranges.map(([introduced, fixed, lastAffected]) => ({
    ...(introduced === null ? {} : { introduced }),
    ...(fixed === null ? {} : { fixed }),
    ...(lastAffected === null ? {} : { lastAffected }),
  }))
}

export function encodeFact(value: Json): string {
  return JSON.stringify(value)
}

export function decodeFact(text: string): Json {
  return parse(text) as Json
}

/** The rating with its properties in one order, so that equal ratings have equal JSON. */
function encodeRating({ severity, source, original, vector, score }: Rating): Record<keyof Rating, unknown> {
  return { severity, source, original, vector, score }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new RowDamaged('a row is damaged', { cause })
  }
}

/**
 * Whether `text` is what the database has as `stored`. SQLite keeps text as UTF-8, which turns half of a surrogate pair
 * into U+FFFD; without this such a text would look changed for ever.
 */
export function sameText(stored: string | null, text: string | null): boolean {
  return stored === text || (text !== null && stored === text.toWellFormed())
}
