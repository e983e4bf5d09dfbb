import { throwIfAborted } from '../core/abort.ts'
import {
  type Fact,
  type FeedRecord,
  isFact,
  isGap,
  isRemoval,
  type Statement,
  type Vulnerability,
} from '../core/advisory.ts'
import { ChiaroError } from '../core/errors.ts'
import type { Gap } from '../core/gap.ts'
import { limits } from '../core/limits.ts'
import type { ImportSource } from '../core/store.ts'

/** Takes the records of a feed into a database. */
export interface RecordWriter {
  /** The number by which `statement` knows the vulnerability. Of several of one id in an import, the first one counts. */
  vulnerability(vulnerability: Vulnerability): number
  statement(vulnerability: number, statement: Statement): void
  fact(fact: Fact): void
  /** What is gone, in the records of what changed only: what also came is there, whichever was first. */
  remove(name: string): void
  /** What has to end before the next record is taken, if anything. */
  drained?(): Promise<void> | undefined
}

/** What is there before an import. */
export interface GapsBefore {
  readonly statements: number
  readonly vulnerabilities: number
  readonly facts: number
  readonly gaps: number
  /** The gaps that were kept, as JSON. */
  readonly keptGaps: string | null
}

/** The gaps of a generation. */
export interface Gaps {
  /** `limits.feedGapsKept` of them at most. */
  readonly kept: readonly Gap[]
  readonly count: number
}

/**
 * Gives the records of a feed to `writer`, and the gaps that the generation has then. Throws `FEED_FAILED` for what is not
 * worth replacing the current data with, and `ABORTED`.
 */
export async function readRecords(
  source: ImportSource,
  writer: RecordWriter,
  before: GapsBefore,
  signal: AbortSignal,
): Promise<Gaps> {
  const gaps = new GapCollector(source, before)
  let read = 0
  throwIfAborted(signal)
  for await (const record of source.records as AsyncIterable<FeedRecord>) {
    throwIfAborted(signal)
    if (isGap(record)) {
      gaps.add(record)
      continue
    }
    read++
    if (isFact(record)) {
      gaps.close(record.fact)
      writer.fact(record)
    } else if (isRemoval(record)) {
      gaps.close(record.removed)
      writer.remove(record.removed)
    } else {
      gaps.close(record.vulnerability.id)
      const vulnerability = writer.vulnerability(record.vulnerability)
      for (const statement of record.statements) writer.statement(vulnerability, statement)
    }
    const drained = writer.drained?.()
    if (drained !== undefined) await drained
  }
  throwIfAborted(signal)
  refuse(source, { before, read, gaps })
  return gaps.gaps()
}

/**
 * The gaps of an import. Where it brings only what changed, those before it stay: until a record or removal comes of the name
 * that `where` begins with, or another gap of the same place. Gaps that were only counted stay until everything comes.
 */
class GapCollector {
  readonly #old: Map<string, readonly Gap[]>
  readonly #onlyCounted: number
  readonly #new: Gap[] = []
  #count = 0

  constructor({ partial }: ImportSource, { gaps, keptGaps }: GapsBefore) {
    const old = partial === true && keptGaps !== null ? (JSON.parse(keptGaps) as readonly Gap[]) : []
    this.#old = Map.groupBy(old, ({ where }) => where.split(' ', 1)[0]!)
    this.#onlyCounted = partial === true ? gaps - old.length : 0
  }

  /** The gaps of this import alone. */
  get count(): number {
    return this.#count
  }

  get first(): Gap | undefined {
    return this.#new[0]
  }

  add({ code, where, detail }: Gap): void {
    if (this.#count++ < limits.feedGapsKept) this.#new.push({ code, where, detail })
  }

  close(name: string): void {
    if (this.#old.size > 0) this.#old.delete(name)
  }

  gaps(): Gaps {
    const places = new Set(this.#new.map(({ where }) => where))
    const old = [...this.#old.values()].flat().filter(({ where }) => !places.has(where))
    return {
      kept: [...old, ...this.#new].slice(0, limits.feedGapsKept),
      count: this.#onlyCounted + old.length + this.#count,
    }
  }
}

interface Read {
  readonly before: GapsBefore
  readonly read: number
  readonly gaps: GapCollector
}

/** Throws when what was read is not worth replacing the current data with. */
function refuse({ feed, partial, judged }: ImportSource, { before, read, gaps: { count, first } }: Read): void {
  const where = feed.url
  const kept = partial === true ? before.statements + before.vulnerabilities + before.facts : 0
  const mayBeEmpty = partial === true || judged === true || (feed.mayBeEmpty === true && before.statements === 0)
  if (read === 0 && count === 0 && !mayBeEmpty) {
    throw new ChiaroError('FEED_FAILED', `${feed.id} has no records`, {
      where,
      advice: 'The data is left as it was. Check that the address, or the mirror, serves the feed itself.',
    })
  }
  if (judged !== true && count > (kept + read + count) * limits.feedGapShare) {
    const example = first === undefined ? '' : `; the first: ${first.where}: ${first.detail}`
    const message = `${count} of the ${read + count} records of ${feed.id} could not be read${example}`
    throw new ChiaroError('FEED_FAILED', message, {
      where,
      advice: 'The data is left as it was. The feed is damaged, or its format changed and needs a newer Chiaro.',
    })
  }
}

/** Throws `FEED_FAILED` for what changed after another generation than the current one. */
export function checkBase(generation: number, { feed: { id, url }, base }: ImportSource): void {
  if (base === undefined || base === generation) return
  throw new ChiaroError('FEED_FAILED', `${id} was brought up to date by somebody else meanwhile`, {
    where: url,
    advice: 'What changed was not imported, as it changed after another state. Try again.',
  })
}
