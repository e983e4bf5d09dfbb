import type { Digest } from '../../core/digest.ts'
import type { LayerIndex } from '../../core/layer-index.ts'
import { limits } from '../../core/limits.ts'
import type { Match } from '../../core/match.ts'
import type { Found, IndexReport } from '../../core/report.ts'
import type { IndexStore, KeptKey } from '../../core/store.ts'
import { decodeFound, encodeFound, type FoundRow } from '../found-row.ts'
import { today, unlessDamaged } from '../kept.ts'
import { decodeLayer, encodeLayer, type LayerRow } from '../layer-row.ts'
import { decodeMatches, encodeMatches, type MatchesRow } from '../match-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { keep } from './kept.ts'

/** What was read out of layers and images, and what was found in them, in a PostgreSQL database. */
export function createIndexStore(database: Database): IndexStore {
  return {
    layer: (digest, diffId, analyzers) => readLayer(database, digest, diffId, analyzers),
    putLayer: (index, analyzers) => putLayer(database, index, analyzers),
    image: (digest, analyzers) => readImage(database, digest, analyzers),
    putImage: (report, analyzers, required = false) => putImage(database, report, analyzers, required),
    failure: (digest) => readFailure(database, digest),
    putFailure: (digest, message) => putFailure(database, digest, message),
    removeImages: (digests) => removeImages(database, digests),
    matches: (key) => readMatches(database, key),
    putMatches: (key, matches) => putMatches(database, key, matches),
    found: (key, details) => readFound(database, key, details),
    putFound: (key, found) => putFound(database, key, found),
  }
}

interface UsedRow {
  readonly id: number
  readonly used_on: string
}

async function readLayer(
  database: Database,
  digest: Digest,
  diffId: Digest | undefined,
  analyzers: string,
): Promise<LayerIndex | undefined> {
  const row = await database.single((connection) =>
    connection.row<LayerRow & UsedRow & { readonly diff_id: Digest }>(
      `SELECT id, diff_id, used_on, content, paths FROM layer
       WHERE digest = $1 AND diff_id = coalesce($2, diff_id) AND analyzers = $3 LIMIT 1`,
      [digest, diffId ?? null, analyzers],
    ),
  )
  if (row === undefined) return undefined
  await touch(database, 'UPDATE layer SET used_on = $1 WHERE id = $2', row)
  return unlessDamaged(async () => ({ digest, diffId: row.diff_id, ...(await decodeLayer(row)) }))
}

async function putLayer(database: Database, index: LayerIndex, analyzers: string): Promise<void> {
  const { digest, diffId } = index
  if (digest === undefined || diffId === undefined) return
  const { content, paths } = await encodeLayer(index)
  await keep(database, (connection) =>
    connection.run(
      `INSERT INTO layer (digest, diff_id, analyzers, used_on, content, paths) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (digest, diff_id, analyzers) DO UPDATE
         SET used_on = excluded.used_on, content = excluded.content, paths = excluded.paths`,
      [digest, diffId, analyzers, today(), content, paths],
    ),
  )
}

async function readImage(database: Database, digest: Digest, analyzers: string): Promise<IndexReport | undefined> {
  const row = await database.single((connection) =>
    connection.row<UsedRow & { readonly report: string }>(
      'SELECT id, used_on, report FROM image WHERE digest = $1 AND analyzers = $2',
      [digest, analyzers],
    ),
  )
  if (row === undefined) return undefined
  await touch(database, 'UPDATE image SET used_on = $1 WHERE id = $2', row)
  return unlessDamaged(() => JSON.parse(row.report) as IndexReport)
}

/** What was matched and found before is not what is in the new report. */
async function putImage(database: Database, report: IndexReport, analyzers: string, required: boolean): Promise<void> {
  const { digest } = report.image
  if (digest === undefined) return
  const put = async (connection: Connection) => {
    await connection.run(
      `INSERT INTO image (digest, analyzers, used_on, report) VALUES ($1, $2, $3, $4)
       ON CONFLICT (digest, analyzers) DO UPDATE
         SET used_on = excluded.used_on, report = excluded.report, basis = NULL, matches = NULL, descriptions = NULL,
           found_basis = NULL, found = NULL, found_descriptions = NULL`,
      [digest, analyzers, today(), JSON.stringify(report)],
    )
    await connection.run('DELETE FROM failed_image WHERE digest = $1', [digest])
  }
  await (required ? database.write(put) : keep(database, put))
}

async function readFailure(database: Database, digest: Digest): Promise<string | undefined> {
  const row = await database.single((connection) =>
    connection.row<{ readonly message: string }>('SELECT message FROM failed_image WHERE digest = $1', [digest]),
  )
  return row?.message
}

async function putFailure(database: Database, digest: Digest, message: string): Promise<void> {
  await database.write((connection) =>
    connection.run(
      `INSERT INTO failed_image (digest, tried_on, message) VALUES ($1, $2, $3)
       ON CONFLICT (digest) DO UPDATE SET tried_on = excluded.tried_on, message = excluded.message`,
      [digest, today(), message],
    ),
  )
}

async function removeImages(database: Database, digests: readonly Digest[]): Promise<readonly Digest[]> {
  return database.write(async (connection) => {
    const remove = (table: 'image' | 'failed_image') =>
      connection.rows<{ readonly digest: Digest }>(`DELETE FROM ${table} WHERE digest = ANY($1) RETURNING digest`, [
        digests,
      ])
    const removed = [...(await remove('image')), ...(await remove('failed_image'))]
    return [...new Set(removed.map(({ digest }) => digest))]
  })
}

async function readMatches(database: Database, key: KeptKey): Promise<readonly Match[] | undefined> {
  const row = await database.single((connection) =>
    connection.row<MatchesRow>(
      'SELECT matches, descriptions FROM image WHERE digest = $1 AND analyzers = $2 AND basis = $3',
      [key.digest, key.analyzers, key.basis],
    ),
  )
  return row === undefined ? undefined : unlessDamaged(() => decodeMatches(row))
}

async function putMatches(database: Database, key: KeptKey, matches: readonly Match[]): Promise<void> {
  if (matches.length > limits.keptMatches) return
  const row = encodeMatches(matches)
  await keep(database, (connection) =>
    connection.run(
      'UPDATE image SET basis = $1, matches = $2, descriptions = $3 WHERE digest = $4 AND analyzers = $5',
      [key.basis, row.matches, row.descriptions, key.digest, key.analyzers],
    ),
  )
}

async function readFound(database: Database, key: KeptKey, details: boolean): Promise<Found | undefined> {
  const row = await database.single((connection) =>
    connection.row<FoundRow>(
      `SELECT found${details ? ', found_descriptions AS details' : ''} FROM image
       WHERE digest = $1 AND analyzers = $2 AND found_basis = $3`,
      [key.digest, key.analyzers, key.basis],
    ),
  )
  return row === undefined ? undefined : unlessDamaged(() => decodeFound(row))
}

async function putFound(database: Database, key: KeptKey, found: Found): Promise<void> {
  if (found.findings.length + found.gaps.length > limits.keptMatches) return
  const row = encodeFound(found)
  await keep(database, (connection) =>
    connection.run(
      'UPDATE image SET found_basis = $1, found = $2, found_descriptions = $3 WHERE digest = $4 AND analyzers = $5',
      [key.basis, row.found, row.details, key.digest, key.analyzers],
    ),
  )
}

/** Notes that a row was used, for `gc`; once a day, so that a scan of a known image writes nothing. */
async function touch(database: Database, sql: string, row: UsedRow): Promise<void> {
  const day = today()
  if (row.used_on < day) await keep(database, (connection) => connection.run(sql, [day, row.id]))
}
