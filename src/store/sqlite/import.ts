import type { ImportResult } from '../../core/feed-outcome.ts'
import type { ImportSource } from '../../core/store.ts'
import { checkBase, type GapsBefore, type RecordWriter, readRecords } from '../record-reader.ts'
import { countsOf, differs, type Tallies } from '../tally.ts'
import type { Connection } from './connection.ts'
import { DifferenceImport, type Predecessor } from './difference-import.ts'
import { FirstImport } from './first-import.ts'
import { rowId } from './names.ts'

/** What a generation changes. */
export interface Changes extends Tallies {
  readonly nextSlot: number
}

/** Takes the records of a feed into the tables. */
export interface GenerationWriter extends RecordWriter {
  finish(): Changes
}

interface FeedRow extends Predecessor, GapsBefore {
  readonly id: number
  readonly generation: number
  readonly gapList: number | null
}

/** Imports a feed inside a transaction that was begun for it. What it throws must undo the transaction. */
export async function importFeed(
  connection: Connection,
  source: ImportSource,
  signal: AbortSignal,
): Promise<ImportResult> {
  const feed = findFeed(connection, source)
  checkBase(feed.generation, source)
  const generation = feed.generation + 1
  const writer: GenerationWriter =
    feed.generation === 0
      ? new FirstImport(connection, feed.id)
      : new DifferenceImport(connection, { feed: feed.id, generation, before: feed, source })
  const gaps = await readRecords(source, writer, feed, signal)
  const changes = writer.finish()
  const kept = gaps.kept.length === 0 ? null : JSON.stringify(gaps.kept)
  const sameGaps = feed.gaps === gaps.count && feed.keptGaps === kept
  const result = { ...countsOf(changes), gaps: gaps.kept }
  if (feed.generation > 0 && sameGaps && !differs(changes)) {
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
