import { createHash, type Hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import { type FeedRecord, isGap } from '../core/advisory.ts'
import { ChiaroError, isChiaroError, messageOf, printable } from '../core/errors.ts'
import type { Gap } from '../core/gap.ts'
import { limits } from '../core/limits.ts'
import { decompress } from '../io/decompress.ts'
import { readLines } from '../io/lines.ts'
import { checkHeader, checkRecord } from './data-schema.ts'

/**
 * A file of vulnerability data, to carry it to where no network leads. JSON, one value a line, zstd around all:
 *
 *     {"chiaroData":1,"feeds":[FEED, …]}
 *     {"feed":"debian"}
 *     … the feed's records and gaps …
 *     {"end":"debian","records":37651}
 *     …                                                   the other feeds, in the order of the first line
 *     {"sha256":"…"}                                      of all lines above, with their line ends
 */
export const dataFileVersion = 1

/** A feed in a data file. */
export interface ExportedFeed {
  readonly id: string
  readonly url: string
  readonly version: number
  readonly keepsHistory?: false
  readonly mayBeEmpty?: true
  readonly fingerprint: string
  readonly dataTime?: string
  /** When the source was last found to have this. */
  readonly checkedAt?: string
  /** The state that the records are the difference to; without it they are everything. */
  readonly since?: { readonly fingerprint: string; readonly version: number }
}

/** A feed to write: what it is, and its records. */
export interface FeedExport {
  readonly feed: ExportedFeed
  readonly records: AsyncIterable<FeedRecord>
}

/** The bytes of a data file with these feeds. The same feeds give the same bytes. Throws what reading the records throws. */
export async function* writeDataFile(feeds: readonly FeedExport[]): AsyncGenerator<Buffer> {
  const compress = createZstdCompress()
  const written = pipeline(Readable.from(dataLines(feeds)), compress)
  // Whoever reads what comes out is told as well, and first.
  written.catch(() => {})
  yield* compress as AsyncIterable<Buffer>
  await written
}

/** Text that is collected before it is compressed. */
const batchLength = 64 * 1024

async function* dataLines(feeds: readonly FeedExport[]): AsyncGenerator<string> {
  const sum = createHash('sha256')
  let batch = ''
  for await (const value of dataValues(feeds)) {
    batch += `${JSON.stringify(value)}\n`
    if (batch.length < batchLength) continue
    sum.update(batch)
    yield batch
    batch = ''
  }
  sum.update(batch)
  yield `${batch}${JSON.stringify({ sha256: sum.digest('hex') })}\n`
}

async function* dataValues(feeds: readonly FeedExport[]): AsyncGenerator<unknown> {
  yield { chiaroData: dataFileVersion, feeds: feeds.map(({ feed }) => feed) }
  for (const { feed, records } of feeds) {
    yield { feed: feed.id }
    let count = 0
    for await (const record of records) {
      yield isGap(record) ? { gap: record } : record
      count++
    }
    yield { end: feed.id, records: count }
  }
}

/** A data file that is being read. */
export interface DataFile {
  readonly feeds: readonly ExportedFeed[]
  /**
   * The records of a feed. Feeds are read in their order, each once; those in between are passed over. Whoever reads the
   * last feed to its end has had the whole file checked. Throws `DATA_FILE_INVALID`.
   */
  records(feed: ExportedFeed): AsyncIterable<FeedRecord>
  /** Reads what is left, and checks it. Throws `DATA_FILE_INVALID`. */
  finish(): Promise<void>
}

/** Opens a data file. `where` names it in errors. Throws `DATA_FILE_INVALID` for what is none, or of a later version. */
export async function openDataFile(bytes: AsyncIterable<Buffer>, where: string): Promise<DataFile> {
  const reader = new DataReader(bytes, where)
  await reader.start()
  return reader
}

class DataReader implements DataFile {
  readonly #where: string
  readonly #lines: AsyncIterator<Buffer>
  readonly #sum: Hash = createHash('sha256')
  #feeds: readonly ExportedFeed[] = []
  /** The feed whose lines come next. */
  #next = 0
  #finished = false

  constructor(bytes: AsyncIterable<Buffer>, where: string) {
    this.#where = where
    const content = decompress(bytes, where, limits.dataFileBytes)
    this.#lines = readLines(content, where, limits.feedRecordBytes)[Symbol.asyncIterator]()
  }

  get feeds(): readonly ExportedFeed[] {
    return this.#feeds
  }

  async start(): Promise<void> {
    const checked = checkHeader(await this.#value())
    if ('problem' in checked) throw this.#foreign()
    const { chiaroData, feeds } = checked.value
    if (chiaroData > dataFileVersion) {
      throw new ChiaroError('DATA_FILE_INVALID', 'it was written by a newer Chiaro', {
        where: this.#where,
        advice: 'Use that Chiaro, or a newer one, here as well.',
      })
    }
    if (new Set(feeds.map(({ id }) => id)).size < feeds.length) throw this.#damaged('a feed is in it twice')
    this.#feeds = feeds
    if (feeds.length === 0) await this.finish()
  }

  async *records(feed: ExportedFeed): AsyncGenerator<FeedRecord> {
    const index = this.#feeds.indexOf(feed)
    while (this.#next < index) for await (const _ of this.#section()) void _
    if (this.#next !== index) throw new ChiaroError('INTERNAL', `${feed.id} was read already`, { where: this.#where })
    yield* this.#section()
    if (this.#next === this.#feeds.length) await this.finish()
  }

  async finish(): Promise<void> {
    if (this.#finished) return
    while (this.#next < this.#feeds.length) for await (const _ of this.#section()) void _
    this.#finished = true
    const expected = this.#sum.digest('hex')
    const last = (await this.#value()) as { sha256?: unknown } | null
    if (last?.sha256 !== expected) throw this.#damaged('its checksum does not match')
    if (!(await this.#line()).done) throw this.#damaged('something follows its end')
  }

  /** The records of the next feed, from the line that begins it to the one that ends it. */
  async *#section(): AsyncGenerator<FeedRecord> {
    const { id } = this.#feeds[this.#next]!
    const begin = (await this.#value()) as { feed?: unknown } | null
    if (begin?.feed !== id) throw this.#damaged(`${id} is missing`)
    for (let count = 0; ; count++) {
      const value = await this.#value()
      const end = value as { end?: unknown; records?: unknown } | null
      if (end !== null && typeof end === 'object' && 'end' in end) {
        if (end.end !== id || end.records !== count) throw this.#damaged(`records of ${id} are missing`)
        break
      }
      const checked = checkRecord(value)
      if ('problem' in checked) throw this.#damaged(`record ${count + 1} of ${id}: ${checked.problem}`)
      yield 'gap' in checked.value ? (checked.value.gap as Gap) : checked.value
    }
    this.#next++
  }

  async #line(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#lines.next()
    } catch (error) {
      if (!isChiaroError(error, 'FEED_FAILED')) throw error
      throw this.#damaged(printable(error.message), error)
    }
  }

  async #value(): Promise<unknown> {
    const line = await this.#line()
    if (line.done) throw this.#feeds.length === 0 && this.#next === 0 ? this.#foreign() : this.#damaged('it is cut off')
    if (!this.#finished) this.#sum.update(line.value).update('\n')
    try {
      return JSON.parse(line.value.toString('utf8'))
    } catch (error) {
      throw this.#feeds.length === 0 ? this.#foreign() : this.#damaged(messageOf(error), error)
    }
  }

  #foreign(): ChiaroError {
    return new ChiaroError('DATA_FILE_INVALID', 'it is not a file of vulnerability data', {
      where: this.#where,
      advice: 'Name a file that "chiaro data export" or "clairctl export-updaters" wrote.',
    })
  }

  #damaged(what: string, cause?: unknown): ChiaroError {
    return new ChiaroError('DATA_FILE_INVALID', `it is damaged: ${what}`, {
      where: this.#where,
      advice: 'Nothing was imported. Export it again, or copy it again.',
      ...(cause === undefined ? {} : { cause }),
    })
  }
}
