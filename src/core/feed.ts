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
   * maps to the mirror. Throws `FEED_FAILED`, `NETWORK_FAILED`, `OFFLINE` or `LIMIT_EXCEEDED`, naming the URL.
   */
  fetch(name: string, url: string, last: Validators | undefined, signal: AbortSignal): Promise<Validators | 'unchanged'>
  /**
   * The content of a fetched file, decompressed as its first bytes say (gzip, bzip2, zstd, xz, else as it is), in chunks
   * that are valid until the next one is asked for. Throws `FEED_FAILED` for damaged, `LIMIT_EXCEEDED` for oversized content.
   */
  read(name: string, signal: AbortSignal): AsyncIterable<Buffer>
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
  /** Whether a document without any record can be its true state, as of a young branch; of any other feed it is damage. */
  readonly mayBeEmpty?: true
  /** Brings the feed's files into `spool`. `last` is the fingerprint that the import of the current data was made from. */
  fetch(
    spool: Spool,
    last: string | undefined,
    signal: AbortSignal,
  ): Promise<{ fingerprint: string; dataTime?: string } | 'unchanged'>
  /** The records of the fetched files, in order; what reads them is loaded when it is used. One bad record is a gap; throws `FEED_FAILED` if the document as a whole is not readable. */
  parse(spool: Spool, signal: AbortSignal): Promise<AsyncIterable<FeedRecord>>
}
