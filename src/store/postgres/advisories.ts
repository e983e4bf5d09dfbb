import { ChiaroError } from '../../core/errors.ts'
import type { Gap } from '../../core/gap.ts'
import type { AdvisoryStore, FeedStatus, Generation } from '../../core/store.ts'
import { type StatusRow, toStatus } from '../status-row.ts'
import { findCandidates } from './candidates.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { generationAtSql, timeOf } from './generations.ts'
import { sameName } from './schema.ts'
import { findFacts, findVulnerabilities } from './vulnerabilities.ts'

/** The statements of vendors in a PostgreSQL database. */
export function createAdvisoryStore(database: Database): AdvisoryStore {
  return {
    status: (feeds, asOf) => database.single((connection) => readStatus(connection, feeds, asOf)),
    gaps: (feed) => database.single((connection) => readGaps(connection, feed)),
    import: async (source, signal) => {
      const { importFeeds } = await import('./import.ts')
      const [result] = await importFeeds(database, [source], signal)
      return result!
    },
    importAll: async (sources, signal) => {
      const { importFeeds } = await import('./import.ts')
      return importFeeds(database, sources, signal)
    },
    checked: (feed, fingerprint, checkedAt = new Date().toISOString()) =>
      database.write((connection) => noteChecked(connection, feed, fingerprint, checkedAt)),
    generations: (feed) => database.single((connection) => readGenerations(connection, feed)),
    removeGeneration: async (feed, number) => {
      const { removeGeneration } = await import('./remove-generation.ts')
      return removeGeneration(database, feed, number)
    },
    failed: (feed, error) => database.write((connection) => noteFailed(connection, feed, error)),
    candidates: (keys, options = {}) => database.read((connection) => findCandidates(connection, keys, options)),
    scopeSizes: (scopes, asOf?: string) => database.single((connection) => readScopeSizes(connection, scopes, asOf)),
    vulnerabilities: (feeds, ids, asOf) =>
      database.read((connection) => findVulnerabilities(connection, feeds, ids, asOf)),
    facts: (feed, names, asOf) => database.read((connection) => findFacts(connection, feed, names, asOf)),
    async *changes(feed, from, to) {
      const { readChanges } = await import('./changes.ts')
      yield* database.stream((connection) => readChanges(connection, feed, from, to))
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

/**
 * Counted as in an import's result: statements and facts, or vulnerabilities where there are neither. What was current at a
 * time was found to be so, as far as is known, until then.
 */
const statusSql = `WITH asked AS MATERIALIZED (
    SELECT feed.*, ${generationAtSql('$2')} AS past FROM feed WHERE $1::text[] IS NULL OR name = ANY ($1::text[])
  )
  SELECT name AS feed, url, imported_at AS "importedAt", coalesce(number, 0) AS generation,
    coalesce(nullif(statements + facts, 0), vulnerabilities, 0) AS records, coalesce(gaps, 0) AS gaps,
    CASE WHEN past IS NULL THEN checked_at WHEN number IS NOT NULL THEN $3 END AS "checkedAt",
    CASE WHEN past IS NULL THEN asked.data_time ELSE shown.data_time END AS "dataTime",
    CASE WHEN past IS NULL THEN asked.version ELSE coalesce(shown.version, 0) END AS version,
    CASE WHEN past IS NULL THEN asked.fingerprint ELSE shown.fingerprint END AS fingerprint,
    CASE WHEN past IS NULL THEN error_at END AS "errorAt", CASE WHEN past IS NULL THEN error_code END AS "errorCode",
    CASE WHEN past IS NULL THEN error_message END AS "errorMessage"
  FROM asked LEFT JOIN generation AS shown ON shown.feed = asked.id AND number = coalesce(past, generation)
  ORDER BY name`

async function readStatus(
  connection: Connection,
  feeds: readonly string[] | undefined,
  asOf: string | undefined,
): Promise<readonly FeedStatus[]> {
  const rows = await connection.rows<StatusRow>(statusSql, [feeds ?? null, timeOf(asOf), asOf ?? null])
  if (feeds === undefined) return rows.map(toStatus)
  const found = feeds.map((feed) => rows.find((row) => row.feed === feed))
  return found.filter((row) => row !== undefined).map(toStatus)
}

function readGenerations(connection: Connection, feed: string): Promise<readonly Generation[]> {
  return connection.rows<Generation>(
    `SELECT number, imported_at AS "importedAt", generation.data_time AS "dataTime", generation.fingerprint,
       generation.version, coalesce(nullif(statements + facts, 0), vulnerabilities) AS records, gaps
     FROM feed JOIN generation ON generation.feed = feed.id WHERE name = $1 ORDER BY number`,
    [feed],
  )
}

async function readGaps(connection: Connection, feed: string): Promise<readonly Gap[]> {
  const row = await connection.row<{ gaps: string }>(
    `SELECT gap_list.gaps FROM feed JOIN generation ON generation.feed = feed.id AND number = feed.generation
       JOIN gap_list ON gap_list.id = gap_list
     WHERE name = $1`,
    [feed],
  )
  return row === undefined ? [] : (JSON.parse(row.gaps) as Gap[])
}

async function noteChecked(
  connection: Connection,
  feed: string,
  fingerprint: string,
  checkedAt: string,
): Promise<void> {
  const changed = await connection.run(
    `UPDATE feed SET checked_at = $1, fingerprint = $2, error_at = NULL, error_code = NULL, error_message = NULL
     WHERE name = $3 AND generation > 0`,
    [checkedAt, fingerprint, feed],
  )
  if (changed === 0) {
    throw new ChiaroError('INTERNAL', `${feed} was found unchanged, but was never loaded`, { where: feed })
  }
}

async function noteFailed(
  connection: Connection,
  feed: { readonly id: string; readonly url: string },
  error: { readonly code: string; readonly message: string },
): Promise<void> {
  await connection.run(
    `INSERT INTO feed (name, url, error_at, error_code, error_message) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (name) DO UPDATE SET error_at = excluded.error_at, error_code = excluded.error_code,
       error_message = excluded.error_message`,
    [feed.id, feed.url, new Date().toISOString(), error.code, error.message],
  )
}

async function readScopeSizes(
  connection: Connection,
  scopes: readonly string[],
  asOf: string | undefined,
): Promise<ReadonlyMap<string, number>> {
  const rows =
    asOf === undefined
      ? await connection.arrays<SizeRow>(sizesSql, [scopes])
      : await connection.arrays<SizeRow>(pastSizesSql, [scopes, timeOf(asOf)])
  const sizes = new Map(rows)
  return new Map(scopes.map((scope, index) => [scope, sizes.get(index + 1) ?? 0]))
}

type SizeRow = readonly [place: number, size: number]

const wantedScopes = `unnest($1::text[]) WITH ORDINALITY AS wanted (name, place)
  JOIN scope ON ${sameName('scope.name', 'wanted.name')}`

const sizesSql = `SELECT place, sum(statements) FROM ${wantedScopes} GROUP BY place`

const pastSizesSql = `WITH asked AS MATERIALIZED (
    SELECT place, scope.id, scope.statements, ${generationAtSql('$2')} AS generation
    FROM ${wantedScopes} JOIN feed ON feed.id = scope.feed
  )
  SELECT place, sum(CASE WHEN generation IS NULL THEN statements ELSE (
      SELECT count(*) FROM package JOIN statement ON statement.package = package.id
      WHERE package.scope = asked.id AND from_gen <= generation
    ) + (
      SELECT count(*) FROM package JOIN statement_history AS past ON past.package = package.id
      WHERE package.scope = asked.id AND from_gen <= generation AND generation < to_gen
    ) END)::bigint FROM asked GROUP BY place`
