import type { Digest } from '../../core/digest.ts'
import type { LayerIndex } from '../../core/layer-index.ts'
import type { IndexReport } from '../../core/report.ts'
import type { IndexStore } from '../../core/store.ts'
import { today, unlessDamaged } from '../kept.ts'
import { decodeLayer, encodeLayer, type LayerRow } from '../layer-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { putFound, readFound } from './found.ts'
import { keep } from './kept.ts'
import { putMatches, readMatches } from './matches.ts'

/** What was read out of layers and images, and what was found in them, in an SQLite database. */
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
  const row = await database.read(
    (connection) =>
      connection
        .prepare(
          `SELECT id, diff_id, used_on, content, paths FROM layer
           WHERE digest = ? AND diff_id = coalesce(?, diff_id) AND analyzers = ?`,
        )
        .get(digest, diffId ?? null, analyzers) as (LayerRow & UsedRow & { readonly diff_id: Digest }) | undefined,
  )
  if (row === undefined) return undefined
  await touch(database, 'UPDATE layer SET used_on = ? WHERE id = ?', row)
  return unlessDamaged(async () => ({ digest, diffId: row.diff_id, ...(await decodeLayer(row)) }))
}

async function putLayer(database: Database, index: LayerIndex, analyzers: string): Promise<void> {
  const { digest, diffId } = index
  if (digest === undefined || diffId === undefined) return
  const { content, paths } = await encodeLayer(index)
  await keep(database, (connection) => {
    connection
      .prepare(
        'INSERT OR REPLACE INTO layer (digest, diff_id, analyzers, used_on, content, paths) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(digest, diffId, analyzers, today(), content, paths)
  })
}

async function readImage(database: Database, digest: Digest, analyzers: string): Promise<IndexReport | undefined> {
  const row = await database.read(
    (connection) =>
      connection
        .prepare('SELECT id, used_on, report FROM image WHERE digest = ? AND analyzers = ?')
        .get(digest, analyzers) as (UsedRow & { readonly report: string }) | undefined,
  )
  if (row === undefined) return undefined
  await touch(database, 'UPDATE image SET used_on = ? WHERE id = ?', row)
  return unlessDamaged(() => JSON.parse(row.report) as IndexReport)
}

async function putImage(database: Database, report: IndexReport, analyzers: string, required: boolean): Promise<void> {
  const { digest } = report.image
  if (digest === undefined) return
  const put = (connection: Connection) => {
    connection
      .prepare('INSERT OR REPLACE INTO image (digest, analyzers, used_on, report) VALUES (?, ?, ?, ?)')
      .run(digest, analyzers, today(), JSON.stringify(report))
    connection.prepare('DELETE FROM failed_image WHERE digest = ?').run(digest)
  }
  await (required ? database.write(put) : keep(database, put))
}

async function readFailure(database: Database, digest: Digest): Promise<string | undefined> {
  const row = await database.read(
    (connection) =>
      connection.prepare('SELECT message FROM failed_image WHERE digest = ?').get(digest) as
        | { readonly message: string }
        | undefined,
  )
  return row?.message
}

async function putFailure(database: Database, digest: Digest, message: string): Promise<void> {
  await database.write((connection) => {
    connection
      .prepare('INSERT OR REPLACE INTO failed_image (digest, tried_on, message) VALUES (?, ?, ?)')
      .run(digest, today(), message)
  })
}

async function removeImages(database: Database, digests: readonly Digest[]): Promise<readonly Digest[]> {
  return database.write((connection) => {
    const tables = ['image', 'failed_image'].map((table) => connection.prepare(`DELETE FROM ${table} WHERE digest = ?`))
    const remove = (digest: Digest) => tables.map((table) => Number(table.run(digest).changes))
    return [...new Set(digests)].filter((digest) => remove(digest).some((changes) => changes > 0))
  })
}

/** Notes that a row was used, for `gc`; once a day, so that a scan of a known image writes nothing. */
async function touch(database: Database, sql: string, row: UsedRow): Promise<void> {
  const day = today()
  if (row.used_on < day) await keep(database, (connection) => void connection.prepare(sql).run(day, row.id))
}
