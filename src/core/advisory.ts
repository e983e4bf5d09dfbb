import type { Gap } from './gap.ts'
import type { Rating } from './severity.ts'

/** What packages and statements are joined by: `{ scope: 'debian:12', name: 'openssl' }`. */
export interface AdvisoryKey {
  /** The release or ecosystem in which the name is meant. */
  readonly scope: string
  /** The name of the (mostly source) package there. */
  readonly name: string
}

/**
 * What a vendor says of the fix.
 * `fixed`: fixed in `fixedIn`. `open`: affected, no fix yet. `deferred`: to be fixed some day, not by an update of its own.
 * `will-not-fix`: the vendor decided against. `end-of-life`: no longer supported. `undetermined`: affected or not is not
 * known to the vendor. `not-affected`: the vendor says that this package does not have the vulnerability.
 */
export type FixState = 'fixed' | 'open' | 'deferred' | 'will-not-fix' | 'end-of-life' | 'undetermined' | 'not-affected'

/** One claim of a vendor: this vulnerability, in this package of this release, is in this state. */
export interface Statement {
  readonly key: AdvisoryKey
  readonly fix: FixState
  /** The first version that is not affected; with `fixed` only. */
  readonly fixedIn?: string
  /** The vendor's severity for this package and release, where it gives one that is more specific than the vulnerability's. */
  readonly rating?: Rating
  /** What a reader has to know about the fix, such as `needs Ubuntu Pro (esm-infra)`. */
  readonly note?: string
  /** The vendor's advisory that brings the fix: `DSA-5417-1`, `USN-6039-1`. */
  readonly advisory?: string
}

/** A vulnerability as one feed describes it. */
export interface Vulnerability {
  /** The feed's own id for it, a CVE id where there is one. */
  readonly id: string
  /** Other ids of the same vulnerability. */
  readonly aliases: readonly string[]
  readonly description: string
  readonly ratings: readonly Rating[]
  /** Where to read more, http(s) only. */
  readonly links: readonly string[]
}

/** One record of a feed: a vulnerability and the statements made of it. At most one statement a key. */
export interface Advisory {
  readonly vulnerability: Vulnerability
  readonly statements: readonly Statement[]
}

/** A statement found for a key, with its vulnerability and where it comes from. */
export interface Candidate {
  readonly statement: Statement
  readonly vulnerability: Vulnerability
  /** The id of the feed. */
  readonly feed: string
}

/** What a feed's parser yields. */
export type FeedRecord = Advisory | Gap

/** Whether a feed record is a gap. */
export function isGap(record: FeedRecord): record is Gap {
  return 'code' in record
}
