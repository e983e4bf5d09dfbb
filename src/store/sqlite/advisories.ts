import { ChiaroError } from '../../core/errors.ts'
import type { ImportResult } from '../../core/feed-outcome.ts'
import type { Gap } from '../../core/gap.ts'
import type { AdvisoryStore, FeedStatus, Generation } from '../../core/store.ts'
import { type StatusRow, toStatus } from '../status-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { generationAt } from './generations.ts'

/** The statements of vendors in an SQLite database. What a scan of a known image does without is loaded when it is used. */
export function createAdvisoryStore(database: Database): AdvisoryStore {
  return {
    status: (feeds, asOf) => database.read((connection) => readStatus(connection, feeds, asOf)),
    gaps: (feed) => database.read((connection) => readGaps(connection, feed)),
    import: async (source, signal) => {
      const { importFeed } = await import('./import.ts')
      return database.write((connection) => importFeed(connection, source, signal), { signal })
    },
    importAll: async (sources, signal) => {
      const { importFeed } = await import('./import.ts')
      return database.write(
        async (connection) => {
          const results: ImportResult[] = []
          for (const source of sources) results.push(await importFeed(connection, source, signal))
          return results
        },
        { signal },
      )
    },
    checked: (feed, fingerprint, checkedAt = new Date().toISOString()) =>
      database.write((connection) => noteChecked(connection, feed, fingerprint, checkedAt)),
    generations: (feed) => database.read((connection) => readGenerations(connection, feed)),
    removeGeneration: async (feed, number) => {
      const { removeGeneration } = await import('./remove-generation.ts')
      return database.write((connection) => removeGeneration(connection, feed, number))
    },
    failed: (feed, error) => database.write((connection) => noteFailed(connection, feed, error)),
    candidates: async (keys, options = {}) => {
      const { findCandidates } = await import('./candidates.ts')
      return database.read((connection) => findCandidates(connection, keys, options))
    },
    scopeSizes: (scopes, asOf) => database.read((connection) => readScopeSizes(connection, scopes, asOf)),
    vulnerabilities: async (feeds, ids, asOf) => {
      const { findVulnerabilities } = await import('./vulnerabilities.ts')
      return database.read((connection) => findVulnerabilities(connection, feeds, ids, asOf))
    },
    facts: async (feed, names, asOf) => {
      const { findFacts } = await import('./vulnerabilities.ts')
      return database.read((connection) => findFacts(connection, feed, names, asOf))
    },
    async *changes(feed, from, to) {
      const { readChanges } = await import('./changes.ts')
      yield* readChanges(database, feed, from, to)
    },
    async *changedKeys(feed, from, to) {
      const { readChangedKeys } = await import('./changed-keys.ts')
      yield* database.stream((connection) => readChangedKeys(connection, feed, from, to))
    },
    async *factChanges(feed, from, to) {
      const { readFactChanges } = await import('./fact-changes.ts')
      yield* database.stream((connection) => readFactChanges(connection, feed, from, to))
    },
    async *records(feed, since) {
      const { readRecords } = await import('./records.ts')
      yield* database.stream((connection) => readRecords(connection, feed, since))
    },
  }
}

/** Counted as in an import's result: statements and facts, or vulnerabilities where there are neither. */
const statusColumns = `name AS feed, url, imported_at AS importedAt, coalesce(number, 0) AS generation,
  coalesce(nullif(statements + facts, 0), vulnerabilities, 0) AS records, coalesce(gaps, 0) AS gaps`

const currentStatusSql = `SELECT ${statusColumns}, checked_at AS checkedAt, feed.data_time AS dataTime, feed.version,
    feed.fingerprint, error_at AS errorAt, error_code AS errorCode, error_message AS errorMessage
  FROM feed LEFT JOIN generation ON generation.feed = feed.id AND number = generation`

/** What was current then was found to be so, as far as is known, until then. */
const pastStatusSql = `SELECT ${statusColumns}, iif(number IS NULL, NULL, ?) AS checkedAt, generation.data_time AS dataTime,
    coalesce(generation.version, 0) AS version, generation.fingerprint, NULL AS errorAt, NULL AS errorCode,
    NULL AS errorMessage
  FROM feed LEFT JOIN generation ON generation.feed = feed.id AND number = ? WHERE name = ?`

function readStatus(
  connection: Connection,
  feeds: readonly string[] | undefined,
  asOf: string | undefined,
): readonly FeedStatus[] {
  if (asOf !== undefined) return pastStatus(connection, feeds, asOf)
  if (feeds === undefined) {
    return (connection.prepare(`${currentStatusSql} ORDER BY name`).all() as unknown as StatusRow[]).map(toStatus)
  }
  const find = connection.prepare(`${currentStatusSql} WHERE name = ?`)
  const rows = feeds.map((feed) => find.get(feed) as unknown as StatusRow | undefined)
  return rows.filter((row) => row !== undefined).map(toStatus)
}

function pastStatus(connection: Connection, feeds: readonly string[] | undefined, asOf: string): readonly FeedStatus[] {
  return readStatus(connection, feeds, undefined).map((status) => {
    const generation = generationAt(connection, status.feed, asOf)
    if (generation === undefined) return status
    return toStatus(connection.prepare(pastStatusSql).get(asOf, generation, status.feed) as unknown as StatusRow)
  })
}

function readGenerations(connection: Connection, feed: string): readonly Generation[] {
  return connection
    .prepare(
      `SELECT number, imported_at AS importedAt, generation.data_time AS dataTime, generation.fingerprint,
         generation.version, coalesce(nullif(statements + facts, 0), vulnerabilities) AS records, gaps
       FROM feed JOIN generation ON generation.feed = feed.id WHERE name = ? ORDER BY number`,
    )
    .all(feed) as unknown as readonly Generation[]
}

function readGaps(connection: Connection, feed: string): readonly Gap[] {
  const row = connection
    .prepare(
      `SELECT gap_list.gaps FROM feed JOIN generation ON generation.feed = feed.id AND number = feed.generation
         JOIN gap_list ON gap_list.id = gap_list
       WHERE name = ?`,
    )
    .get(feed) as { gaps: string } | undefined
  return row === undefined ? [] : (JSON.parse(row.gaps) as Gap[])
}

function noteChecked(connection: Connection, feed: string, fingerprint: string, checkedAt: string): void {
  const { changes } = connection
    .prepare(
      `UPDATE feed SET checked_at = ?, fingerprint = ?, error_at = NULL, error_code = NULL, error_message = NULL
       WHERE name = ? AND generation > 0`,
    )
    .run(checkedAt, fingerprint, feed)
  if (Number(changes) === 0) {
    throw new ChiaroError('INTERNAL', `${feed} was found unchanged, but was never loaded`, { where: feed })
  }
}

function noteFailed(
  connection: Connection,
  feed: { readonly id: string; readonly url: string },
  error: { readonly code: string; readonly message: string },
): void {
  connection
    .prepare(
      `INSERT INTO feed (name, url, error_at, error_code, error_message) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET error_at = excluded.error_at, error_code = excluded.error_code,
         error_message = excluded.error_message`,
    )
    .run(feed.id, feed.url, new Date().toISOString(), error.code, error.message)
}

function readScopeSizes(
  connection: Connection,
  scopes: readonly string[],
  asOf: string | undefined,
): ReadonlyMap<string, number> {
  return new Map(scopes.map((scope) => [scope, scopeSize(connection, scope, asOf)]))
}

function scopeSize(connection: Connection, scope: string, asOf: string | undefined): number {
  const rows = connection
    .prepare(
      `SELECT scope.id, scope.statements, feed.name AS feed FROM scope JOIN feed ON feed.id = scope.feed
       WHERE scope.name = ?`,
    )
    .all(scope) as { id: number; statements: number; feed: string }[]
  const sizes = rows.map(({ id, statements, feed }) => {
    const generation = generationAt(connection, feed, asOf)
    if (generation === undefined) return statements
    const counts = connection.prepareArrays(pastSizeSql).all(id, generation, id, generation, generation)
    return (counts as unknown as [number][]).reduce((sum, [count]) => sum + count, 0)
  })
  return sizes.reduce((sum, size) => sum + size, 0)
}

const pastSizeSql = `SELECT count(*) FROM package JOIN statement ON statement.package = package.id
  WHERE package.scope = ? AND from_gen <= ?
  UNION ALL SELECT count(*) FROM package JOIN statement_history AS past ON past.package = package.id
  WHERE package.scope = ? AND from_gen <= ? AND ? < to_gen`
