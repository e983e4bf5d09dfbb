import { limits } from '../../core/limits.ts'
import type { Match } from '../../core/match.ts'
import type { KeptKey } from '../../core/store.ts'
import { unlessDamaged } from '../kept.ts'
import { decodeMatches, encodeMatches, type MatchesRow } from '../match-row.ts'
import type { Database } from './database.ts'
import { keep } from './kept.ts'

export async function readMatches(database: Database, key: KeptKey): Promise<readonly Match[] | undefined> {
  const row = await database.read(
    (connection) =>
      connection
        .prepare('SELECT matches, descriptions FROM image WHERE digest = ? AND analyzers = ? AND basis = ?')
        .get(key.digest, key.analyzers, key.basis) as MatchesRow | undefined,
  )
  return row === undefined ? undefined : unlessDamaged(() => decodeMatches(row))
}

export async function putMatches(database: Database, key: KeptKey, matches: readonly Match[]): Promise<void> {
  if (matches.length > limits.keptMatches) return
  const row = encodeMatches(matches)
  await keep(database, (connection) => {
    connection
      .prepare('UPDATE image SET basis = ?, matches = ?, descriptions = ? WHERE digest = ? AND analyzers = ?')
      .run(key.basis, row.matches, row.descriptions, key.digest, key.analyzers)
  })
}
