import type { AdvisoryKey, Candidate, FeedRecord, Json, NarrowedKey, Statement, Vulnerability } from './advisory.ts'
import type { Digest } from './digest.ts'
import type { Feed } from './feed.ts'
import type { ImportResult } from './feed-outcome.ts'
import type { FleetStore } from './fleet.ts'
import type { Gap } from './gap.ts'
import type { JobStore } from './jobs.ts'
import type { LayerIndex } from './layer-index.ts'
import type { Match } from './match.ts'
import type { NotificationStore } from './notifications.ts'
import type { FeedData, Found, IndexReport } from './report.ts'

/** The state of one feed in the store. */
export interface FeedStatus extends FeedData {
  /** The parser version that imported the generation. */
  readonly version: number
  /** What the generation was imported from; for `Feed.fetch`. */
  readonly fingerprint: string | undefined
  /** The last failed attempt, if it was after the last good one. */
  readonly lastError: { readonly at: string; readonly code: string; readonly message: string } | undefined
}

/** One state of a feed. */
export interface Generation {
  readonly number: number
  readonly importedAt: string
  readonly dataTime: string | null
  readonly fingerprint: string
  /** The parser version that imported it. */
  readonly version: number
  readonly records: number
  readonly gaps: number
}

/** What to import. */
export interface ImportSource {
  readonly feed: Pick<Feed, 'id' | 'url' | 'version' | 'mayBeEmpty' | 'keepsHistory'>
  readonly fingerprint: string
  readonly dataTime: string | undefined
  /** When the source was found to have this, ISO 8601; now, if it is not given. */
  readonly checkedAt?: string
  /** The records are only those that changed: `Fetched.partial`. */
  readonly partial?: true
  /** The generation that they changed after. */
  readonly base?: number
  /** Another database took these records, however few, with so many gaps: that does not stop the import. */
  readonly judged?: true
  readonly records: AsyncIterable<FeedRecord>
}

/** What is to be looked up, beside the keys. */
export interface CandidateOptions {
  /** Takes the statements that it is true for only. What it refuses costs far less: its vulnerability is not read. It must not throw. */
  readonly wanted?: (statement: Statement) => boolean
  /** The data as it was at this time, ISO 8601; now, if it is not given. */
  readonly asOf?: string
}

/** A vulnerability as one feed has it. */
export interface KnownVulnerability {
  readonly feed: string
  readonly vulnerability: Vulnerability
}

/** A statement that differs between two generations of a feed. */
export interface StatementChange {
  readonly change: 'added' | 'changed' | 'closed'
  readonly key: AdvisoryKey
  /** The id of the vulnerability, or of the advisory that covers some. */
  readonly vulnerability: string
  readonly before: Statement | undefined
  readonly after: Statement | undefined
}

/** A fact that differs between two generations of a feed. */
export interface FactChange {
  readonly change: 'added' | 'changed' | 'closed'
  readonly name: string
  /** `undefined`: there was none. */
  readonly before: Json | undefined
  readonly after: Json | undefined
}

/** Statements of vendors, in generations. */
export interface AdvisoryStore {
  /** Status of the feeds named, or of all that were ever tried; of the generation that was current at `asOf`, where it is given. */
  status(feeds?: readonly string[], asOf?: string): Promise<readonly FeedStatus[]>
  /** The gaps of a feed's current generation, 1,000 at most. */
  gaps(feed: string): Promise<readonly Gap[]>
  /**
   * Reads all records and makes the difference to the current generation the next one, in one transaction: readers see the
   * old data until the end, and still do when this throws. Nothing is written but the check time if nothing differs.
   * Throws `FEED_FAILED` when more than `limits.feedGapShare` of the records are gaps, or there are none at all: only a feed
   * that may be empty, and has had no statement so far, is loaded without any. What changed is measured against all there
   * is, and is refused if `base` is not the current generation (any more). `records` of the result counts facts as well.
   */
  import(source: ImportSource, signal: AbortSignal): Promise<ImportResult>
  /** `import` of several feeds in one transaction: all of them, or none. */
  importAll(sources: readonly ImportSource[], signal: AbortSignal): Promise<readonly ImportResult[]>
  /** Notes that a feed was found unchanged: at `checkedAt`, ISO 8601, or now. */
  checked(feed: string, fingerprint: string, checkedAt?: string): Promise<void>
  /** The generations of a feed that can still be asked for, the oldest first; none for a feed that was never loaded. */
  generations(feed: string): Promise<readonly Generation[]>
  /**
   * Removes a generation of a feed: it cannot be asked for any more, and the history that only it had is gone. Where it is the
   * current one, what the one before it had is current again: as a generation of its own, since numbers never go back, that was
   * found current when the old one was imported, so that the next update brings what is new. Gives whether it was there. Throws
   * `CONFIG_INVALID` for the current one where none is before it, or where that one is not all known any more.
   */
  removeGeneration(feed: string, number: number): Promise<boolean>
  /** Notes that a feed could not be brought up to date. The data stays as it was. */
  failed(feed: { readonly id: string; readonly url: string }, error: { code: string; message: string }): Promise<void>
  /**
   * The statements for the keys, in one batch, in no particular order. Vulnerabilities of which the same is said may share one
   * statement, for which `wanted` is then called once; candidates have the very objects that it saw. With
   * `asOf`, keys mean all vulnerabilities.
   */
  candidates(keys: readonly NarrowedKey[], options?: CandidateOptions): Promise<readonly Candidate[]>
  /** How many statements each scope has, or had at `asOf`. */
  scopeSizes(scopes: readonly string[], asOf?: string): Promise<ReadonlyMap<string, number>>
  /** What the feeds say of the vulnerabilities of these ids, in one batch, in no particular order. */
  vulnerabilities(
    feeds: readonly string[],
    ids: readonly string[],
    asOf?: string,
  ): Promise<readonly KnownVulnerability[]>
  /** The facts of one feed that have these names; of a feed that keeps no history, those that did not change since `asOf`. */
  facts(feed: string, names: readonly string[], asOf?: string): Promise<ReadonlyMap<string, Json>>
  /**
   * The statements that differ between two generations of a feed, by scope, name and vulnerability; from 0, which has none and
   * is always there, to the current one if `to` is not given. Throws `FEED_UNKNOWN` for a feed that was never loaded, and
   * `CONFIG_INVALID` for a generation that is not there, or not any more.
   */
  changes(feed: string, from: number, to: number | undefined): AsyncIterable<StatementChange>
  /** The facts that differ between two generations of a feed, by name. Of a feed that keeps no history it cannot be told. Else as `changes`. */
  factChanges(feed: string, from: number, to: number | undefined): AsyncIterable<FactChange>
  /**
   * The keys of which something else is said in generation `to` of a feed than in `from`, in batches: those of statements that
   * were added, changed or closed, or whose vulnerability is described otherwise, and the names of facts, in the scope
   * `factScope(feed)` of core/fleet.ts. A key comes with the ids of the vulnerabilities of which it is said, if they are no more
   * than `limits.changesOfKey`; the name of a fact without. A key may come twice, and some may be among them of which the same
   * is said. Throws like `changes`.
   */
  changedKeys(feed: string, from: number, to: number): AsyncIterable<readonly NarrowedKey[]>
  /**
   * The records of the current generation of a feed, as `import` takes them: all, or those only that changed after generation
   * `since`, with removals for what is gone. Throws like `changes`.
   */
  records(feed: string, since?: number): AsyncIterable<FeedRecord>
}

/** An image as the store knows it, and what is kept of it depends on beside it. */
export interface KeptKey {
  readonly digest: Digest
  readonly analyzers: string
  /** The code that matched and the data that it was matched with: another basis, other matches and findings. */
  readonly basis: string
}

/** What was read out of layers and images, and what was found in them. */
export interface IndexStore {
  /**
   * The layer's index made by exactly these analyzers, if it is known. `analyzers` is `analyzersKey()` of compose.ts. Where only
   * the blob's digest is known, `diffId` is `undefined`: what that blob is decompressed to is certain.
   */
  layer(digest: Digest, diffId: Digest | undefined, analyzers: string): Promise<LayerIndex | undefined>
  putLayer(index: LayerIndex, analyzers: string): Promise<void>
  /** The index report of an image, by manifest (or configuration) digest. The reference and tags are the caller's to replace. */
  image(digest: Digest, analyzers: string): Promise<IndexReport | undefined>
  /**
   * Keeps the index report of an image. It is kept for speed, so that it may not be kept while others write for long, unless
   * `required`: then it is kept when this resolves, or this throws.
   */
  putImage(report: IndexReport, analyzers: string, required?: boolean): Promise<void>
  /** Why an image could not be read when that was last tried, if it was not read since. */
  failure(digest: Digest): Promise<string | undefined>
  /** Notes that an image could not be read. It goes when the image is put or removed. */
  putFailure(digest: Digest, message: string): Promise<void>
  /**
   * Forgets images, whatever analyzers read them, what was matched in them, and that they could not be read. Gives the digests of
   * those that were there.
   */
  removeImages(digests: readonly Digest[]): Promise<readonly Digest[]>
  /** The matches that were last put for the image, if they were put with exactly this basis. */
  matches(key: KeptKey): Promise<readonly Match[] | undefined>
  /**
   * Keeps the matches of an image that `putImage` kept, instead of those it had. They go with the image. More than
   * `limits.keptMatches` are not kept.
   */
  putMatches(key: KeptKey, matches: readonly Match[]): Promise<void>
  /**
   * What was last put as found in the image, if it was put with exactly this basis. Without `details`, the details of findings
   * (`FindingDetails`) are not read and empty.
   */
  found(key: KeptKey, details: boolean): Promise<Found | undefined>
  /** Keeps what was found as `putMatches` keeps matches, beside them, and as many findings and gaps at most. */
  putFound(key: KeptKey, found: Found): Promise<void>
}

/** What `Store.gc` removed. */
export interface GcResult {
  readonly statements: number
  readonly layers: number
  readonly images: number
  /** Bytes given back to the file system. */
  readonly bytes: number
}

/** A database of Chiaro. Every method throws `DATABASE_FAILED` when the database does. */
export interface Store extends AsyncDisposable {
  readonly advisories: AdvisoryStore
  readonly index: IndexStore
  readonly fleet: FleetStore
  readonly notifications: NotificationStore
  readonly jobs: JobStore
  /** The database's own integrity check and ours; an empty list means sound. */
  verify(): Promise<readonly string[]>
  /**
   * Runs `work` while no other process runs any under the same name, where the database can tell processes apart before they
   * write (PostgreSQL: an advisory lock; SQLite lets them run, and its write lock orders their imports). Throws `ABORTED`.
   */
  lock<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>
  /** Removes closed statements and unused layers and images older than `before` (ISO 8601), and compacts. */
  gc(before: string): Promise<GcResult>
}
