import type { ImportResult } from '../../core/feed-outcome.ts'
import type { ImportSource } from '../../core/store.ts'
import { checkBase, type GapsBefore, readRecords } from '../record-reader.ts'
import { countsOf, differs, type Tallies } from '../tally.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { writeDifference } from './difference.ts'
import { lockUntilCommit } from './locks.ts'
import { Staging } from './staging.ts'

/**
 * What sorting and joining the rows of an import may take in the memory of the server, for each of its steps; and how much
 * ANALYZE is to learn, a tenth of what it does unless told: whether many rows have a value in common, quickly.
 */
const settingsSql = "SET LOCAL work_mem = '64MB'; SET LOCAL default_statistics_target = 10"

/** Imports feeds, all of them or none. Each waits until no other process imports it. */
export async function importFeeds(
  database: Database,
  sources: readonly ImportSource[],
  signal: AbortSignal,
): Promise<readonly ImportResult[]> {
  return database.import(async (connection) => {
    await connection.exec(settingsSql)
    // In one order, so that two processes with several feeds each do not wait for one another.
    const feeds = [...new Set(sources.map(({ feed }) => feed.id))].sort()
    for (const feed of feeds) await lockUntilCommit(connection, 'feed', feed, signal)
    const results: ImportResult[] = []
    for (const source of sources) results.push(await importFeed(connection, source, signal))
    return results
  }, signal)
}

interface FeedRow extends GapsBefore {
  readonly id: number
  readonly generation: number
  readonly vulnerabilities: number
  readonly facts: number
  readonly gapList: number | null
}

async function importFeed(connection: Connection, source: ImportSource, signal: AbortSignal): Promise<ImportResult> {
  const feed = await findFeed(connection, source)
  checkBase(feed.generation, source)
  const staging = await Staging.create(connection, feed.id, feed.generation > 0)
  const gaps = await readRecords(source, staging, feed, signal).catch(async (error: unknown) => {
    await staging.stop()
    throw error
  })
  await staging.finish()
  const generation = feed.generation + 1
  const tallies = await writeDifference(connection, {
    feed: feed.id,
    generation,
    before: feed,
    partial: source.partial === true,
    keepsHistory: source.feed.keepsHistory !== false,
  })
  await staging.drop()
  const kept = gaps.kept.length === 0 ? null : JSON.stringify(gaps.kept)
  const sameGaps = feed.gaps === gaps.count && feed.keptGaps === kept
  const result = { ...countsOf(tallies), gaps: gaps.kept }
  if (feed.generation > 0 && sameGaps && !differs(tallies)) {
    await noteImport(connection, feed, feed.generation, source)
    return { generation: feed.generation, ...result }
  }
  const gapList = sameGaps ? feed.gapList : kept === null ? null : await insertGaps(connection, kept)
  await insertGeneration(connection, { feed: feed.id, number: generation, gaps: gaps.count, gapList, tallies }, source)
  await noteImport(connection, feed, generation, source)
  return { generation, ...result }
}

async function findFeed(connection: Connection, { feed: { id: name, url } }: ImportSource): Promise<FeedRow> {
  await connection.run('INSERT INTO feed (name, url) VALUES ($1, $2) ON CONFLICT DO NOTHING', [name, url])
  const row = await connection.row<FeedRow>(
    `SELECT feed.id, feed.generation, coalesce(statements, 0) AS statements, coalesce(vulnerabilities, 0) AS vulnerabilities,
       coalesce(facts, 0) AS facts, coalesce(generation.gaps, 0) AS gaps, gap_list AS "gapList", gap_list.gaps AS "keptGaps"
     FROM feed LEFT JOIN generation ON generation.feed = feed.id AND number = feed.generation
       LEFT JOIN gap_list ON gap_list.id = gap_list
     WHERE feed.name = $1`,
    [name],
  )
  return row!
}

async function insertGaps(connection: Connection, gaps: string): Promise<number> {
  const row = await connection.row<{ id: number }>('INSERT INTO gap_list (gaps) VALUES ($1) RETURNING id', [gaps])
  return row!.id
}

interface NewGeneration {
  readonly feed: number
  readonly number: number
  readonly gaps: number
  readonly gapList: number | null
  readonly tallies: Tallies
}

async function insertGeneration(
  connection: Connection,
  { feed, number, gaps, gapList, tallies }: NewGeneration,
  source: ImportSource,
): Promise<void> {
  await connection.run(
    `INSERT INTO generation
       (feed, number, imported_at, data_time, fingerprint, version, statements, vulnerabilities, facts, gaps, gap_list)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      feed,
      number,
      new Date().toISOString(),
      source.dataTime ?? null,
      source.fingerprint,
      source.feed.version,
      tallies.statements.valid,
      tallies.vulnerabilities.valid,
      tallies.facts.valid,
      gaps,
      gapList,
    ],
  )
}

/** Makes `generation` the feed's current one, and notes when it was found to be. */
async function noteImport(
  connection: Connection,
  { id }: FeedRow,
  generation: number,
  { feed, fingerprint, dataTime, checkedAt }: ImportSource,
): Promise<void> {
  await connection.run(
    `UPDATE feed SET url = $1, generation = $2, version = $3, fingerprint = $4, data_time = $5, checked_at = $6,
       error_at = NULL, error_code = NULL, error_message = NULL
     WHERE id = $7`,
    [feed.url, generation, feed.version, fingerprint, dataTime ?? null, checkedAt ?? new Date().toISOString(), id],
  )
}
