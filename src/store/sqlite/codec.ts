import type { FixState, Statement, Vulnerability } from '../../core/advisory.ts'
import type { Rating, Severity } from '../../core/severity.ts'
import { RowDamaged } from './failure.ts'

/** What statements say alike, as a row of the table `claim` holds it. */
export interface Claim {
  readonly fix: FixState
  readonly rating?: Rating
  readonly note?: string
}

/** What a vulnerability's row holds beside its id. */
export interface VulnerabilityColumns {
  readonly aliases: string | null
  readonly ratings: string | null
  readonly links: string | null
  readonly description: string
}

/** A text that two statements have in common if and only if they make the same claim. Quicker than JSON. */
export function claimKey({ fix, rating, note }: Statement): string {
  if (rating === undefined) return note === undefined ? fix : `${fix}!${note}`
  const { severity, source, original } = rating
  const lengths = `${source.length}|${original === undefined ? '' : original.length}|${note === undefined ? '' : note.length}`
  return `${fix}|${severity}|${lengths}|${source}${original ?? ''}${note ?? ''}`
}

export function encodeClaim({ fix, rating, note }: Statement): string {
  return JSON.stringify({ fix, rating: rating === undefined ? undefined : encodeRating(rating), note })
}

export function decodeClaim(body: string): Claim {
  return parse(body) as Claim
}

export function encodeVulnerability({ aliases, ratings, links, description }: Vulnerability): VulnerabilityColumns {
  return {
    aliases: aliases.length === 0 ? null : JSON.stringify(aliases),
    ratings: ratings.length === 0 ? null : JSON.stringify(ratings.map(encodeRating)),
    links: links.length === 0 ? null : JSON.stringify(links),
    description,
  }
}

export function decodeVulnerability(id: string, columns: VulnerabilityColumns): Vulnerability {
  return {
    id,
    aliases: decodeList(columns.aliases),
    description: columns.description,
    ratings: decodeList(columns.ratings),
    links: decodeList(columns.links),
  }
}

/** The rating with its properties in one order, so that equal ratings have equal JSON. */
function encodeRating({ severity, source, original }: Rating): {
  severity: Severity
  source: string
  original: string | undefined
} {
  return { severity, source, original }
}

function decodeList<T>(json: string | null): readonly T[] {
  return json === null ? [] : (parse(json) as readonly T[])
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
