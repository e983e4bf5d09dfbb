import type { Gap } from './gap.ts'
import type { Rating } from './severity.ts'

/** What packages and statements are joined by: `{ scope: 'debian:12', name: 'openssl' }`. */
export interface AdvisoryKey {
  /** The release or ecosystem in which the name is meant. */
  readonly scope: string
  /** The name of the package there, source or binary; with what limits it to a module or architecture: `qualifiedName`. */
  readonly name: string
}

/** A key, and the ids of those vulnerabilities of which something is meant; of all of them, where they are not given. */
export interface NarrowedKey extends AdvisoryKey {
  readonly vulnerabilities?: readonly string[]
}

/** What limits the name of a package in a key. */
export interface NameLimit {
  /** One module stream only: `nodejs:18`. */
  readonly module?: string
  /** One architecture only. */
  readonly arch?: string
  /** The binary package of this name, where names are those of source packages. */
  readonly kind?: 'binary'
}

/**
 * The name of a package of which something is said in a limited sense only: `npm module=nodejs:18`, `kernel arch=aarch64`,
 * `libssl3 kind=binary`. Names of packages have no spaces.
 */
export function qualifiedName(name: string, limit: NameLimit): string {
  const module = limit.module === undefined ? '' : ` module=${limit.module}`
  const arch = limit.arch === undefined ? '' : ` arch=${limit.arch}`
  return `${name}${module}${arch}${limit.kind === undefined ? '' : ` kind=${limit.kind}`}`
}

/** The parts of what `qualifiedName` made. */
export function partsOfName(qualified: string): NameLimit & { readonly name: string } {
  const [name, ...limits] = qualified.split(' ')
  return { name: name!, ...Object.fromEntries(limits.map((limit) => limit.split(/=(.*)/s, 2))) }
}

/**
 * What a vendor says of the fix.
 * `fixed`: fixed in `fixedIn`. `open`: affected, no fix yet. `deferred`: to be fixed some day, not by an update of its own.
 * `will-not-fix`: the vendor decided against. `end-of-life`: no longer supported. `undetermined`: affected or not is not
 * known to the vendor. `not-affected`: the vendor says that this package does not have the vulnerability.
 */
export type FixState = 'fixed' | 'open' | 'deferred' | 'will-not-fix' | 'end-of-life' | 'undetermined' | 'not-affected'

/** Versions that are affected (OSV schema, `affected[].ranges[].events`): from one on, up to another. */
export interface VersionRange {
  /** The first affected version; from the very first on if it is not given. */
  readonly introduced?: string
  /** The first version that is not affected any more. */
  readonly fixed?: string
  /** The last affected version, where no fixed one is known. */
  readonly lastAffected?: string
}

/** One claim of a vendor: this vulnerability, in this package of this release, is in this state. */
export interface Statement {
  readonly key: AdvisoryKey
  readonly fix: FixState
  /** The first version that is not affected; with `fixed` only. */
  readonly fixedIn?: string
  /** The affected versions, where that is not simply all below `fixedIn`, or all: a version in none of them is clear. */
  readonly ranges?: readonly VersionRange[]
  /** The vendor's severity for this package and release, where it gives one that is more specific than the vulnerability's. */
  readonly rating?: Rating
  /** What a reader has to know about the fix, such as `needs Ubuntu Pro (esm-infra)`. */
  readonly note?: string
  /** The vendor's advisory that brings the fix: `DSA-5417-1`, `USN-6039-1`. */
  readonly advisory?: string
}

/** A vulnerability, or an advisory that covers several, as one feed describes it. */
export interface Vulnerability {
  /** The feed's own id for it, a CVE id where there is one. */
  readonly id: string
  /**
   * Of an advisory (`RHSA-…`, `ALSA-…`, `ELSA-…`) the vulnerabilities that it fixes. Each of them is a finding of its own,
   * and the advisory is what fixes it; without them, the record itself is the vulnerability.
   */
  readonly covers?: readonly string[]
  /** Other ids of the same vulnerability. */
  readonly aliases: readonly string[]
  readonly description: string
  readonly ratings: readonly Rating[]
  /** Where to read more, http(s) only. */
  readonly links: readonly string[]
  /** Kinds of weakness: `CWE-79`. */
  readonly weaknesses?: readonly string[]
  /** When it was made public, and last changed, ISO 8601. */
  readonly published?: string
  readonly modified?: string
  /**
   * What NVD says is affected, one text a CPE match: a CPE 2.3 name, and the range of versions where there is one, in the
   * notation of intervals: `cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:* [3.0.0,3.0.7)`.
   */
  readonly cpes?: readonly string[]
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

/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** A small named fact that is no vulnerability: the EPSS score of a CVE, the CPEs of a Red Hat repository. */
export interface Fact {
  /** Its name within the feed: `CVE-2024-3094`, `rhel-9-for-x86_64-baseos-rpms`. */
  readonly fact: string
  readonly value: Json
}

/** In the records of what changed only: the vulnerability or fact of this name is gone. */
export interface Removal {
  readonly removed: string
}

/** What a feed's parser yields. */
export type FeedRecord = Advisory | Fact | Removal | Gap

/** Whether a feed record is a gap. */
export function isGap(record: FeedRecord): record is Gap {
  return 'code' in record
}

/** Whether a feed record is a fact. */
export function isFact(record: FeedRecord): record is Fact {
  return 'fact' in record
}

/** Whether a feed record is a removal. */
export function isRemoval(record: FeedRecord): record is Removal {
  return 'removed' in record
}
