import type { FeedRecord } from './advisory.ts'

/** What a server said to recognise one state of a document by (RFC 9110, 8.8), and the time it gives the data. */
export interface Validators {
  readonly etag?: string
  readonly lastModified?: string
}

/** The files of one feed between fetching and parsing. They are gone with the process, however it ends. */
export interface Spool extends AsyncDisposable {
  /**
   * Fetches `url` and keeps it under `name`. With `last`, only if it changed since. Retries, resumes a broken transfer,
   * maps to the mirror. Throws `FEED_FAILED`, `NETWORK_FAILED`, `OFFLINE` or `LIMIT_EXCEEDED`, naming the URL. `headers` are
   * for the source itself, and never sent to a mirror or another place that takes its.
   */
  fetch(
    name: string,
    url: string,
    last: Validators | undefined,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Validators | 'unchanged'>
  /**
   * The content of a fetched file, decompressed as its first bytes say (gzip, bzip2, zstd, xz, else as it is), in chunks
   * that are valid until the next one is asked for. Throws `FEED_FAILED` for damaged, `LIMIT_EXCEEDED` for oversized content.
   */
  read(name: string, signal: AbortSignal): AsyncIterable<Buffer>
  /** A fetched file as it was transferred, for reading at any place: archives. It is closed with the spool. */
  random(name: string): Promise<RandomAccess>
}

/** A file that can be read at any place. */
export interface RandomAccess {
  /** Where it came from, for messages. */
  readonly where: string
  /** Bytes. */
  readonly size: number
  /** `length` bytes from `position`, fewer at the end of the file. Throws `FILE_FAILED`. */
  read(position: number, length: number): Promise<Buffer>
}

/** What a fetch brought. */
export interface Fetched {
  /** By which the next fetch can tell whether anything changed. */
  readonly fingerprint: string
  /** What the source says of the data's own time, ISO 8601. */
  readonly dataTime?: string
  /**
   * The records will be only those that changed since `last`: each replaces all that was said of its vulnerability, removals
   * name what is gone, and everything else stays. A gap of before stays until a record or removal comes of the name that its
   * `where` begins with (up to a space), or everything does.
   */
  readonly partial?: true
}

/** A source of advisories. */
export interface Feed {
  /** Stable name, `debian`, `alpine-3.18-main`; what `chiaro update` takes. */
  readonly id: string
  /** Where it comes from, as shown to people. */
  readonly url: string
  /** Raised whenever the same bytes would give other records; the feed is then imported anew. */
  readonly version: number
  /** The scopes it has statements about, as far as known beforehand. */
  readonly scopes: readonly string[]
  /** Only the current state is kept, as everything changes every day (EPSS): a question about the past has no answer. */
  readonly keepsHistory?: false
  /** Whether a document without any record can be its true state, as of a young branch; of any other feed it is damage. */
  readonly mayBeEmpty?: true
  /** Brings the feed's files into `spool`. `last` is the fingerprint that the import of the current data was made from. */
  fetch(spool: Spool, last: string | undefined, signal: AbortSignal): Promise<Fetched | 'unchanged'>
  /** The records of the fetched files, in order; what reads them is loaded when it is used. One bad record is a gap; throws `FEED_FAILED` if the document as a whole is not readable. */
  parse(spool: Spool, signal: AbortSignal): Promise<AsyncIterable<FeedRecord>>
}

/** A group of feeds under one name: a distribution's, an enricher's, those of OSV. */
export interface FeedFamily {
  /** Stable name, which `chiaro update` takes for all of them: `debian`, `nvd`. */
  readonly id: string
  /** The name for people: `Debian`. */
  readonly title: string
  /** Brought only when it or its feeds are named, and never by themselves: what another family has from its own source. */
  readonly onRequest?: true
  /** Every feed there is, for `chiaro update` without an image. */
  feeds(): readonly Feed[]
}
