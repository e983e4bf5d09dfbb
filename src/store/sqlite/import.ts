import { throwIfAborted } from '../../core/abort.ts'
import {
  type Fact,
  type FeedRecord,
  isFact,
  isGap,
  isRemoval,
  type Statement,
  type Vulnerability,
} from '../../core/advisory.ts'
import { ChiaroError } from '../../core/errors.ts'
import type { Gap } from '../../core/gap.ts'
import { limits } from '../../core/limits.ts'
import type { ImportResult, ImportSource } from '../../core/store.ts'
import type { Connection } from './connection.ts'
import { DifferenceImport, type Predecessor } from './difference-import.ts'
import { FirstImport } from './first-import.ts'
import { rowId } from './names.ts'

/** How many rows of one kind a generation has, and what became of them. */
export interface Tally {
  readonly valid: number
  readonly added: number
  readonly changed: number
  readonly closed: number
}

/** What a generation changes. */
export interface Changes {
  readonly statements: Tally
  readonly vulnerabilities: Tally
  readonly facts: Tally
  readonly nextSlot: number
  /** Whether anything at all was written, be it only a vulnerability's description. */
  readonly touched: boolean
}

/** Takes the records of a feed into the database. */
export interface RecordWriter {
  /** The row of the vulnerability, made or brought up to date when it comes for the first time in this import. */
  vulnerability(vulnerability: Vulnerability): number
  statement(vulnerability: number, statement: Statement): void
  fact(fact: Fact): void
  /** What is gone, in the records of what changed only. */
  remove(name: string): void
  finish(): Changes
}

interface FeedRow extends Predecessor {
  readonly id: number
  readonly generation: number
  readonly gaps: number
  readonly gapList: number | null
  readonly keptGaps: string | null
}

/** Imports a feed inside a transaction that was begun for it. What it throws must undo the transaction. */
export async function importFeed(
  connection: Connection,
  source: ImportSource,
  signal: AbortSignal,
): Promise<ImportResult> {
  const feed = findFeed(connection, source)
  checkBase(feed, source)
  const generation = feed.generation + 1
  const writer =
    feed.generation === 0
      ? new FirstImport(connection, feed.id)
      : new DifferenceImport(connection, { feed: feed.id, generation, before: feed, source })
  const gaps = await readRecords(source, writer, feed, signal)
  const changes = writer.finish()
  const kept = gaps.kept.length === 0 ? null : JSON.stringify(gaps.kept)
  const sameGaps = feed.gaps === gaps.count && feed.keptGaps === kept
  const result = { ...resultOf(changes), gaps: gaps.kept }
  if (feed.generation > 0 && sameGaps && !changes.touched) {
    noteImport(connection, feed, feed.generation, changes, source)
    return { generation: feed.generation, ...result }
  }
  const gapList = sameGaps ? feed.gapList : kept === null ? null : insertGaps(connection, kept)
  connection
    .prepare(
      `INSERT INTO generation
         (feed, number, imported_at, data_time, fingerprint, version, statements, vulnerabilities, facts, gaps, gap_list)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      feed.id,
      generation,
      new Date().toISOString(),
      source.dataTime ?? null,
      source.fingerprint,
      source.feed.version,
      changes.statements.valid,
      changes.vulnerabilities.valid,
      changes.facts.valid,
      gaps.count,
      gapList,
    )
  noteImport(connection, feed, generation, changes, source)
  return { generation, ...result }
}

interface Gaps {
  readonly kept: readonly Gap[]
  readonly count: number
}

async function readRecords(
  source: ImportSource,
  writer: RecordWriter,
  before: Predecessor,
  signal: AbortSignal,
): Promise<Gaps> {
  const kept: Gap[] = []
  let gaps = 0
  let read = 0
  throwIfAborted(signal)
  for await (const record of source.records as AsyncIterable<FeedRecord>) {
    throwIfAborted(signal)
    if (isGap(record)) {
      if (gaps++ < limits.feedGapsKept) kept.push({ code: record.code, where: record.where, detail: record.detail })
      continue
    }
    read++
    if (isFact(record)) {
      writer.fact(record)
      continue
    }
    if (isRemoval(record)) {
      writer.remove(record.removed)
      continue
    }
    const vulnerability = writer.vulnerability(record.vulnerability)
    for (const statement of record.statements) writer.statement(vulnerability, statement)
  }
  throwIfAborted(signal)
  refuse(source, { before, read, gaps, first: kept[0] })
  return { kept, count: gaps }
}

interface Read {
  readonly before: Predecessor
  readonly read: number
  readonly gaps: number
  readonly first: Gap | undefined
}

function checkBase({ generation }: FeedRow, { feed: { id, url }, base }: ImportSource): void {
  if (base === undefined || base === generation) return
  throw new ChiaroError('FEED_FAILED', `${id} was brought up to date by somebody else meanwhile`, {
    where: url,
    advice: 'What changed was not imported, as it changed after another state. Try again.',
  })
}

/** Throws when what was read is not worth replacing the current data with. */
function refuse({ feed, partial, judged }: ImportSource, { before, read, gaps, first }: Read): void {
  const where = feed.url
  const kept = partial === true ? before.statements + before.vulnerabilities + before.facts : 0
  const mayBeEmpty = partial === true || (feed.mayBeEmpty === true && before.statements === 0)
  if (read === 0 && gaps === 0 && !mayBeEmpty) {
    throw new ChiaroError('FEED_FAILED', `${feed.id} has no records`, {
      where,
      advice: 'The data is left as it was. Check that the address, or the mirror, serves the feed itself.',
    })
  }
  if (judged !== true && gaps > (kept + read + gaps) * limits.feedGapShare) {
    const example = first === undefined ? '' : `; the first: ${first.where}: ${first.detail}`
    const message = `${gaps} of the ${read + gaps} records of ${feed.id} could not be read${example}`
    throw new ChiaroError('FEED_FAILED', message, {
      where,
      advice: 'The data is left as it was. The feed is damaged, or its format changed and needs a newer Chiaro.',
    })
  }
}

function findFeed(connection: Connection, { feed: { id: name, url } }: ImportSource): FeedRow {
  const row = connection
    .prepare(
      `SELECT feed.id, feed.generation, next_slot AS nextSlot, coalesce(statements, 0) AS statements,
         coalesce(vulnerabilities, 0) AS vulnerabilities, coalesce(facts, 0) AS facts, coalesce(generation.gaps, 0) AS gaps,
         gap_list AS gapList, gap_list.gaps AS keptGaps
       FROM feed LEFT JOIN generation ON generation.feed = feed.id AND number = feed.generation
         LEFT JOIN gap_list ON gap_list.id = gap_list
       WHERE feed.name = ?`,
    )
    .get(name) as FeedRow | undefined
  if (row !== undefined) return row
  const id = rowId(connection.prepare('INSERT INTO feed (name, url) VALUES (?, ?)').run(name, url))
  return {
    id,
    generation: 0,
    nextSlot: 0,
    statements: 0,
    vulnerabilities: 0,
    facts: 0,
    gaps: 0,
    gapList: null,
    keptGaps: null,
  }
}

/** Statements and facts are what is counted; where there are none, as of a feed that only rates, vulnerabilities are. */
function resultOf({ statements, facts, vulnerabilities }: Changes): Omit<ImportResult, 'generation' | 'gaps'> {
  const counted = [statements, facts].some(({ valid, closed }) => valid + closed > 0)
    ? [statements, facts]
    : [vulnerabilities]
  const sum = (of: (tally: Tally) => number) => counted.reduce((total, tally) => total + of(tally), 0)
  return {
    records: statements.valid + facts.valid || vulnerabilities.valid,
    added: sum(({ added }) => added),
    changed: sum(({ changed }) => changed),
    closed: sum(({ closed }) => closed),
  }
}

function insertGaps(connection: Connection, gaps: string): number {
  return rowId(connection.prepare('INSERT INTO gap_list (gaps) VALUES (?)').run(gaps))
}

/** Makes `generation` the feed's current one, and notes when it was found to be. */
function noteImport(
  connection: Connection,
  { id }: FeedRow,
  generation: number,
  { nextSlot }: Changes,
  { feed, fingerprint, dataTime, checkedAt }: ImportSource,
): void {
  connection
    .prepare(
      `UPDATE feed SET url = ?, generation = ?, version = ?, fingerprint = ?, data_time = ?, checked_at = ?, next_slot = ?,
         error_at = NULL, error_code = NULL, error_message = NULL
       WHERE id = ?`,
    )
    .run(
      feed.url,
      generation,
      feed.version,
      fingerprint,
      dataTime ?? null,
      checkedAt ?? new Date().toISOString(),
      nextSlot,
      id,
    )
}
