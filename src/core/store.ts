import type { AdvisoryKey, Candidate, FeedRecord, Statement } from './advisory.ts'
import type { Digest } from './digest.ts'
import type { Feed } from './feed.ts'
import type { Gap } from './gap.ts'
import type { LayerIndex } from './layer-index.ts'
import type { Match } from './match.ts'
import type { FeedData, IndexReport } from './report.ts'

/** The state of one feed in the store. */
export interface FeedStatus extends FeedData {
  /** The parser version that imported the generation. */
  readonly version: number
  /** What the generation was imported from; for `Feed.fetch`. */
  readonly fingerprint: string | undefined
  /** The last failed attempt, if it was after the last good one. */
  readonly lastError: { readonly at: string; readonly code: string; readonly message: string } | undefined
}

/** What an import did. */
export interface ImportResult {
  readonly generation: number
  /** Statements now valid, added, changed and closed. */
  readonly records: number
  readonly added: number
  readonly changed: number
  readonly closed: number
  readonly gaps: readonly Gap[]
}

/** What to import. */
export interface ImportSource {
  readonly feed: Pick<Feed, 'id' | 'url' | 'version' | 'mayBeEmpty'>
  readonly fingerprint: string
  readonly dataTime: string | undefined
  readonly records: AsyncIterable<FeedRecord>
}

/** Statements of vendors, in generations. */
export interface AdvisoryStore {
  /** Status of the feeds named, or of all that were ever tried. */
  status(feeds?: readonly string[]): Promise<readonly FeedStatus[]>
  /** The gaps of a feed's current generation, 1,000 at most. */
  gaps(feed: string): Promise<readonly Gap[]>
  /**
   * Reads all records and makes the difference to the current generation the next one, in one transaction: readers see the
   * old data until the end, and still do when this throws. Nothing is written but the check time if nothing differs.
   * Throws `FEED_FAILED` when more than `limits.feedGapShare` of the records are gaps, or there are none at all: only a feed
   * that may be empty, and has had no statement so far, is loaded without any.
   */
  import(source: ImportSource, signal: AbortSignal): Promise<ImportResult>
  /** Notes that a feed was found unchanged. */
  checked(feed: string, fingerprint: string): Promise<void>
  /** Notes that a feed could not be brought up to date. The data stays as it was. */
  failed(feed: { readonly id: string; readonly url: string }, error: { code: string; message: string }): Promise<void>
  /**
   * The current statements for the keys, in one batch, in no particular order; those only for which `wanted` is true, where
   * it is given. What it refuses costs far less: its vulnerability is not read. It must not throw. Vulnerabilities of which
   * the same is said may share one statement, for which it is then called once; candidates have the very objects that it saw.
   */
  candidates(keys: readonly AdvisoryKey[], wanted?: (statement: Statement) => boolean): Promise<readonly Candidate[]>
  /** How many current statements each scope has. */
  scopeSizes(scopes: readonly string[]): Promise<ReadonlyMap<string, number>>
}

/** An image as the store knows it, and what its matches depend on beside it. */
export interface MatchesKey {
  readonly digest: Digest
  readonly analyzers: string
  /** The code that matched and the data that it was matched with: another basis, other matches. */
  readonly basis: string
}

/** What was read out of layers and images, and what was matched in them. */
export interface IndexStore {
  /** The layer's index made by exactly these analyzers, if it is known. `analyzers` is `analyzersKey()` of compose.ts. */
  layer(digest: Digest, diffId: Digest, analyzers: string): Promise<LayerIndex | undefined>
  putLayer(index: LayerIndex, analyzers: string): Promise<void>
  /** The index report of an image, by manifest (or configuration) digest. The reference and tags are the caller's to replace. */
  image(digest: Digest, analyzers: string): Promise<IndexReport | undefined>
  putImage(report: IndexReport, analyzers: string): Promise<void>
  /** The matches that were last put for the image, if they were put with exactly this basis. */
  matches(key: MatchesKey): Promise<readonly Match[] | undefined>
  /**
   * Keeps the matches of an image that `putImage` kept, instead of those it had. They go with the image. More than
   * `limits.keptMatches` are not kept.
   */
  putMatches(key: MatchesKey, matches: readonly Match[]): Promise<void>
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
  /** The database's own integrity check and ours; an empty list means sound. */
  verify(): Promise<readonly string[]>
  /** Removes closed statements and unused layers and images older than `before` (ISO 8601), and compacts. */
  gc(before: string): Promise<GcResult>
}
