import type { Digest } from '../../core/digest.ts'
import type { LayerIndex } from '../../core/layer-index.ts'
import { PathSet } from '../../core/path-set.ts'
import type { IndexReport } from '../../core/report.ts'
import type { IndexStore } from '../../core/store.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { keep, today, unlessDamaged } from './kept.ts'
import { putMatches, readMatches } from './matches.ts'

/** What was read out of layers and images, and what was matched in them, in an SQLite database. */
export function createIndexStore(database: Database): IndexStore {
  return {
    layer: (digest, diffId, analyzers) => readLayer(database, digest, diffId, analyzers),
    putLayer: (index, analyzers) => putLayer(database, index, analyzers),
    image: (digest, analyzers) => readImage(database, digest, analyzers),
    putImage: (report, analyzers, required = false) => putImage(database, report, analyzers, required),
    removeImages: (digests) => removeImages(database, digests),
    matches: (key) => readMatches(database, key),
    putMatches: (key, matches) => putMatches(database, key, matches),
  }
}

interface LayerRow {
  readonly id: number
  readonly diff_id: Digest
  readonly used_on: string
  readonly content: Uint8Array
  readonly paths: Uint8Array
}

type LayerContent = Pick<LayerIndex, 'files' | 'whiteouts' | 'opaques' | 'gaps'>

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
        .get(digest, diffId ?? null, analyzers) as LayerRow | undefined,
  )
  if (row === undefined) return undefined
  await touch(database, 'UPDATE layer SET used_on = ? WHERE id = ?', row)
  const { zstdDecompressSync } = await import('node:zlib')
  return unlessDamaged(() => {
    const content = JSON.parse(zstdDecompressSync(row.content).toString()) as LayerContent
    return { digest, diffId: row.diff_id, ...content, nonDirectories: new PathSet(toFloats(row.paths)) }
  })
}

async function putLayer(database: Database, index: LayerIndex, analyzers: string): Promise<void> {
  const { digest, diffId, files, whiteouts, opaques, gaps, nonDirectories } = index
  if (digest === undefined || diffId === undefined) return
  const { constants, zstdCompressSync } = await import('node:zlib')
  const content = zstdCompressSync(JSON.stringify({ files, whiteouts, opaques, gaps } satisfies LayerContent), {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  })
  const { buffer, byteOffset, byteLength } = nonDirectories.hashes
  const paths = new Uint8Array(buffer, byteOffset, byteLength)
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
        .get(digest, analyzers) as
        | { readonly id: number; readonly used_on: string; readonly report: string }
        | undefined,
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
  }
  await (required ? database.write(put) : keep(database, put))
}

async function removeImages(database: Database, digests: readonly Digest[]): Promise<readonly Digest[]> {
  return database.write((connection) => {
    const remove = connection.prepare('DELETE FROM image WHERE digest = ?')
    return [...new Set(digests)].filter((digest) => Number(remove.run(digest).changes) > 0)
  })
}

/** Notes that a row was used, for `gc`; once a day, so that a scan of a known image writes nothing. */
async function touch(
  database: Database,
  sql: string,
  row: { readonly id: number; readonly used_on: string },
): Promise<void> {
  const day = today()
  if (row.used_on < day) await keep(database, (connection) => void connection.prepare(sql).run(day, row.id))
}

/** The bytes as numbers; copied where they do not start at a multiple of eight. */
function toFloats(bytes: Uint8Array): Float64Array {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  return new Float64Array(buffer, byteOffset, byteLength / 8)
}
