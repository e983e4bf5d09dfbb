import type { GcResult } from '../../core/store.ts'
import { compactBodies } from './compact-bodies.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { lockUntilCommit } from './locks.ts'

/** Removes what is older than `before`, and gives back the space that is free at the end of the tables' files. */
export async function gc(database: Database, before: string): Promise<GcResult> {
  const size = await database.read(tableBytes)
  const removed = await database.import(async (connection) => {
    await lockFeeds(connection)
    const statements = await removeHistory(connection, before)
    await removeUnreferenced(connection)
    await compactBodies(connection)
    return { statements, ...(await removeIndexes(connection, before)) }
  }, undefined)
  await database.connected((connection) => connection.exec(`VACUUM (ANALYZE) ${tables.join(', ')}`))
  const after = await database.read(tableBytes)
  return { ...removed, bytes: Math.max(0, size - after) }
}

/** Those from which rows are removed. */
const tables = [
  'generation',
  'gap_list',
  'scope',
  'package',
  'claim',
  'body_block',
  'vulnerability',
  'vulnerability_history',
  'fact',
  'fact_history',
  'statement',
  'statement_history',
  'layer',
  'image',
  'failed_image',
] as const

async function tableBytes(connection: Connection): Promise<number> {
  const row = await connection.row<{ bytes: number }>(
    'SELECT sum(pg_total_relation_size(name::regclass))::bigint AS bytes FROM unnest($1::text[]) AS name',
    [tables],
  )
  return row!.bytes
}

/** No import runs meanwhile: it may be about to refer to what nothing refers to now. */
async function lockFeeds(connection: Connection): Promise<void> {
  const feeds = await connection.rows<{ name: string }>('SELECT name FROM feed')
  for (const name of feeds.map((feed) => feed.name).sort()) await lockUntilCommit(connection, 'feed', name, undefined)
}

/**
 * Removes what had ended in the generation that was current at `before`, and the generations before that one. Everything
 * as it was at `before`, and since, can still be told.
 */
async function removeHistory(connection: Connection, before: string): Promise<number> {
  const feeds = await connection.rows<{ feed: number; number: number }>(
    'SELECT feed, max(number) AS number FROM generation WHERE imported_at < $1 GROUP BY feed',
    [before],
  )
  let statements = 0
  for (const { feed, number } of feeds) {
    statements += await connection.run(statementHistorySql, [feed, number])
    for (const sql of historySql) await connection.run(sql, [feed, number])
  }
  return statements
}

const statementHistorySql = `DELETE FROM statement_history USING scope JOIN package ON package.scope = scope.id
  WHERE scope.feed = $1 AND statement_history.package = package.id AND to_gen <= $2`

const historySql = [
  `DELETE FROM vulnerability_history USING vulnerability
   WHERE feed = $1 AND vulnerability_history.vulnerability = vulnerability.id AND vulnerability_history.to_gen <= $2`,
  'DELETE FROM fact_history WHERE feed = $1 AND to_gen <= $2',
  'DELETE FROM vulnerability WHERE feed = $1 AND to_gen <= $2',
  'DELETE FROM generation WHERE feed = $1 AND number < $2',
]

/** Removes the rows that only removed rows had referred to. */
async function removeUnreferenced(connection: Connection): Promise<void> {
  await connection.exec(`
    DELETE FROM package WHERE NOT EXISTS (SELECT FROM statement WHERE statement.package = package.id)
      AND NOT EXISTS (SELECT FROM statement_history AS past WHERE past.package = package.id);
    DELETE FROM scope WHERE NOT EXISTS (SELECT FROM package WHERE package.scope = scope.id);
    DELETE FROM claim WHERE id NOT IN (SELECT claim FROM statement UNION SELECT claim FROM statement_history);
    DELETE FROM gap_list WHERE id NOT IN (SELECT gap_list FROM generation WHERE gap_list IS NOT NULL)`)
}

async function removeIndexes(connection: Connection, before: string): Promise<{ layers: number; images: number }> {
  const day = before.slice(0, 10)
  const layers = await connection.run('DELETE FROM layer WHERE used_on < $1', [day])
  const images = await connection.run('DELETE FROM image WHERE used_on < $1', [day])
  await connection.run('DELETE FROM failed_image WHERE tried_on < $1', [day])
  return { layers, images }
}
