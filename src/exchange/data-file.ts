import { createHash, type Hash } from 'node:crypto'
import { type FeedRecord, isGap } from '../core/advisory.ts'
import { ChiaroError, isChiaroError, messageOf, printable } from '../core/errors.ts'
import type { Gap } from '../core/gap.ts'
import { limits } from '../core/limits.ts'
import { readLines } from '../io/lines.ts'
import { checkHeader, checkRecord, checkVersion } from './data-schema.ts'
import type { DataSet, ExportedFeed, FeedExport } from './data-set.ts'
import { contentOf } from './input.ts'

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
const dataFileVersion = 1

/** Text that is collected before it is handed on. */
const batchLength = 64 * 1024

/** The text of a data file with these feeds. The same feeds give the same text. Throws what reading the records throws. */
export async function* writeDataFile(feeds: readonly FeedExport[]): AsyncGenerator<string> {
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

/**
 * Opens a data file. `where` names it in errors. Throws `DATA_FILE_INVALID` for what is none, or of a later version, and
 * `LIMIT_EXCEEDED` beyond `maxBytes`, `limits.dataFileBytes` if it is not given.
 */
export async function openDataFile(
  bytes: AsyncIterable<Buffer>,
  where: string,
  signal: AbortSignal,
  maxBytes?: number,
): Promise<DataSet> {
  const content = contentOf(bytes, where, signal, maxBytes)
  const reader = new DataFileReader(readLines(content, where, limits.feedRecordBytes), where)
  await reader.start()
  return reader
}

class DataFileReader implements DataSet {
  readonly judged = true
  readonly leftOut: readonly Gap[] = []
  readonly #where: string
  readonly #lines: AsyncIterator<Buffer>
  readonly #sum: Hash = createHash('sha256')
  #feeds: readonly ExportedFeed[] = []
  /** The feed whose lines come next. */
  #next = 0
  #begun = false
  #finished = false

  constructor(lines: AsyncIterable<Buffer>, where: string) {
    this.#where = where
    this.#lines = lines[Symbol.asyncIterator]()
  }

  get feeds(): readonly ExportedFeed[] {
    return this.#feeds
  }

  /** Reads the first line. */
  async start(): Promise<void> {
    const header = await this.#value()
    const version = checkVersion(header)
    if ('problem' in version) throw this.#foreign()
    if (version.value.chiaroData > dataFileVersion) {
      throw new ChiaroError('DATA_FILE_INVALID', 'it was written by a newer Chiaro', {
        where: this.#where,
        advice: 'Use that Chiaro, or a newer one, here as well.',
      })
    }
    const checked = checkHeader(header)
    if ('problem' in checked) throw this.#damaged(checked.problem)
    const { feeds } = checked.value
    this.#begun = true
    if (new Set(feeds.map(({ id }) => id)).size < feeds.length) throw this.#damaged('a feed is in it twice')
    this.#feeds = feeds
  }

  async *records(feed: ExportedFeed): AsyncGenerator<FeedRecord> {
    const index = this.#feeds.indexOf(feed)
    while (this.#next < index) for await (const _ of this.#section()) void _
    if (this.#next !== index) throw new ChiaroError('INTERNAL', `${feed.id} was read already`, { where: this.#where })
    yield* this.#section()
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
      const checked = this.#checked(value)
      if ('problem' in checked) throw this.#damaged(`record ${count + 1} of ${id}: ${checked.problem}`)
      yield 'gap' in checked.value ? (checked.value.gap as Gap) : checked.value
    }
    this.#next++
  }

  #checked(value: unknown): ReturnType<typeof checkRecord> {
    try {
      return checkRecord(value)
    } catch (error) {
      // A value of a fact that is too deep to be looked at.
      if (!(error instanceof RangeError)) throw error
      return { problem: 'it is too deep' }
    }
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
    if (line.done) throw this.#begun ? this.#damaged('it is cut off') : this.#foreign()
    if (!this.#finished) this.#sum.update(line.value).update('\n')
    try {
      return JSON.parse(line.value.toString('utf8'))
    } catch (error) {
      throw this.#begun ? this.#damaged(messageOf(error), error) : this.#foreign()
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
