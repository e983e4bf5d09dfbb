import type { FeedRecord } from '../core/advisory.ts'
import { ChiaroError, isChiaroError, messageOf, printable } from '../core/errors.ts'
import type { Gap } from '../core/gap.ts'
import { limits } from '../core/limits.ts'
import { readLines } from '../io/lines.ts'
import { enrichmentRecords, isKnownEnricher } from './clair-bundle-enrichments.ts'
import { timeOf, vulnerabilityRecords } from './clair-bundle-records.ts'
import { type ClairLine, checkLine } from './clair-bundle-schema.ts'
import { feedOfUpdater } from './clair-bundle-sources.ts'
import type { DataSet, ExportedFeed } from './data-set.ts'
import type { TransferOptions } from './import.ts'
import { contentOf, type DataInput } from './input.ts'

/**
 * Opens a bundle of Clair's updaters. All of it is read once to see what is in it and whether it is whole, and again when it is
 * imported; nothing is held but what belongs together. Throws `DATA_FILE_INVALID`.
 */
export async function openClairBundle(input: DataInput, options: TransferOptions): Promise<DataSet> {
  const operations = await findOperations(input, options)
  const byFeed = new Map<string, Operation>()
  const leftOut: Gap[] = []
  for (const operation of operations) {
    const { updater, kind } = operation
    const id = feedOfUpdater(updater)
    const other = byFeed.get(id)
    const problem =
      kind === 'enrichment' && !isKnownEnricher(updater)
        ? 'Nothing here can use the enrichments of this updater.'
        : other !== undefined && other.updater !== updater
          ? `${other.updater} has the same name here.`
          : undefined
    if (problem === undefined) byFeed.set(id, operation)
    else
      leftOut.push({ code: 'data-record-unreadable', where: printable(updater), detail: `It was left out: ${problem}` })
  }
  const feeds = new Map([...byFeed].map(([id, operation]) => [exportedFeed(id, operation, options), operation]))
  return new ClairBundle(readBundle(input, options), feeds, leftOut, options)
}

/** One run of one updater. */
interface Operation {
  readonly ref: string
  readonly updater: string
  readonly fingerprint: string
  readonly date: string
  readonly kind: ClairLine['Kind']
}

/** The operations of a bundle, in their order. Throws `DATA_FILE_INVALID` for one that is damaged. */
async function findOperations(input: DataInput, options: TransferOptions): Promise<readonly Operation[]> {
  const operations = new Map<string, Operation>()
  let last: string | undefined
  for await (const { Ref, Updater, Fingerprint, Date: date, Kind } of readBundle(input, options)) {
    if (Ref === last) continue
    if (operations.has(Ref)) throw damaged(input.where, `the lines of ${Ref} do not follow each other`)
    const ran = timeOf(date)
    if (ran === undefined) throw damaged(input.where, `${JSON.stringify(date)} is no time`)
    operations.set(Ref, { ref: Ref, updater: Updater, fingerprint: Fingerprint ?? '', date: ran, kind: Kind })
    last = Ref
  }
  return [...operations.values()]
}

function exportedFeed(id: string, operation: Operation, { feeds }: TransferOptions): ExportedFeed {
  const known = feeds.find((feed) => feed.id === id)
  const { updater, fingerprint, date, kind } = operation
  return {
    id,
    url: known?.url ?? `clair:${updater}`,
    version: known?.version ?? 1,
    // Another one than that of the feed itself, so that the next update brings what Clair does not have.
    fingerprint: `clair ${fingerprint === '' ? date : fingerprint}`,
    ...(known?.keepsHistory === undefined ? {} : { keepsHistory: known.keepsHistory }),
    ...(kind === 'enrichment' ? { dataTime: date } : {}),
    checkedAt: date,
  }
}

class ClairBundle implements DataSet {
  readonly judged = false
  readonly leftOut: readonly Gap[]
  readonly #lines: AsyncIterator<ClairLine>
  readonly #operations: ReadonlyMap<ExportedFeed, Operation>
  readonly #options: TransferOptions
  /** The line that comes next, if it was read already. */
  #next: ClairLine | undefined

  constructor(
    lines: AsyncIterable<ClairLine>,
    operations: ReadonlyMap<ExportedFeed, Operation>,
    leftOut: readonly Gap[],
    options: TransferOptions,
  ) {
    this.#lines = lines[Symbol.asyncIterator]()
    this.#operations = operations
    this.leftOut = leftOut
    this.#options = options
  }

  get feeds(): readonly ExportedFeed[] {
    return [...this.#operations.keys()]
  }

  records(feed: ExportedFeed): AsyncIterable<FeedRecord> {
    const { ref, kind } = this.#operations.get(feed)!
    const lines = this.#linesOf(ref)
    return kind === 'enrichment' ? enrichmentRecords(lines) : vulnerabilityRecords(lines, this.#options.versions)
  }

  /** Everything was read and checked before. */
  async finish(): Promise<void> {}

  async *#linesOf(ref: string): AsyncGenerator<ClairLine> {
    for (let begun = false; ; ) {
      const line = this.#next ?? (await this.#read())
      this.#next = line
      if (line === undefined) return
      if (line.Ref === ref) {
        begun = true
        this.#next = undefined
        yield line
      } else if (begun) {
        return
      } else {
        this.#next = undefined
      }
    }
  }

  async #read(): Promise<ClairLine | undefined> {
    const { done, value } = await this.#lines.next()
    return done === true ? undefined : value
  }
}

/** The lines of a bundle. Throws `DATA_FILE_INVALID` for what is none. */
async function* readBundle(input: DataInput, { signal }: TransferOptions): AsyncGenerator<ClairLine> {
  const { where } = input
  const content = contentOf(input.bytes(), where, signal)
  let number = 0
  try {
    for await (const line of readLines(content, where, limits.feedRecordBytes)) {
      number++
      const checked = checkLine(JSON.parse(line.toString('utf8')))
      if ('problem' in checked) throw damaged(where, `line ${number}: ${checked.problem}`)
      yield checked.value
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(where, `line ${number}: ${messageOf(error)}`, error)
    throw isChiaroError(error, 'FEED_FAILED') ? damaged(where, printable(error.message), error) : error
  }
}

function damaged(where: string, what: string, cause?: unknown): ChiaroError {
  return new ChiaroError('DATA_FILE_INVALID', `it is damaged: ${what}`, {
    where,
    advice: 'Nothing was imported. Export it again, or copy it again.',
    ...(cause === undefined ? {} : { cause }),
  })
}
