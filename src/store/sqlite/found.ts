import { limits } from '../../core/limits.ts'
import type { Found } from '../../core/report.ts'
import type { KeptKey } from '../../core/store.ts'
import { decodeFound, encodeFound, type FoundRow } from '../found-row.ts'
import { unlessDamaged } from '../kept.ts'
import type { Database } from './database.ts'
import { keep } from './kept.ts'

export async function readFound(database: Database, key: KeptKey, details: boolean): Promise<Found | undefined> {
  const row = await database.read(
    (connection) =>
      connection
        .prepare(
          `SELECT found${details ? ', found_descriptions AS details' : ''} FROM image
           WHERE digest = ? AND analyzers = ? AND found_basis = ?`,
        )
        .get(key.digest, key.analyzers, key.basis) as FoundRow | undefined,
  )
  return row === undefined ? undefined : unlessDamaged(() => decodeFound(row))
}

export async function putFound(database: Database, key: KeptKey, found: Found): Promise<void> {
  if (found.findings.length + found.gaps.length > limits.keptMatches) return
  const row = encodeFound(found)
  await keep(database, (connection) => {
    connection
      .prepare('UPDATE image SET found_basis = ?, found = ?, found_descriptions = ? WHERE digest = ? AND analyzers = ?')
      .run(key.basis, row.found, row.details, key.digest, key.analyzers)
  })
}
