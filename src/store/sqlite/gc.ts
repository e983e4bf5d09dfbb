import type { GcResult } from '../../core/store.ts'
import { compactBodies } from './compact-bodies.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'

/** Removes what is older than `before` and gives the space back to the file system. */
export async function gc(database: Database, before: string): Promise<GcResult> {
  const size = await database.maintain(fileBytes)
  const removed = await database.write((connection) => {
    const statements = removeHistory(connection, before)
    removeUnreferenced(connection)
    compactBodies(connection)
    return { statements, ...removeIndexes(connection, before) }
  })
  const after = await database.maintain((connection) => {
    connection.prepare('PRAGMA incremental_vacuum').all()
    connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
    return fileBytes(connection)
  })
  return { ...removed, bytes: Math.max(0, size - after) }
}

/**
 * Removes what had ended in the generation that was current at `before`, and the generations before that one. Everything
 * as it was at `before`, and since, can still be told.
 */
function removeHistory(connection: Connection, before: string): number {
  const feeds = connection
    .prepare('SELECT feed, max(number) AS number FROM generation WHERE imported_at < ? GROUP BY feed')
    .all(before) as { feed: number; number: number }[]
  let statements = 0
  for (const { feed, number } of feeds) {
    const { changes } = connection
      .prepare(
        `DELETE FROM statement_history WHERE to_gen <= ?
           AND package IN (SELECT package.id FROM scope JOIN package ON package.scope = scope.id WHERE scope.feed = ?)`,
      )
      .run(number, feed)
    statements += Number(changes)
    connection
      .prepare(
        `DELETE FROM vulnerability_history WHERE to_gen <= ?
           AND vulnerability IN (SELECT id FROM vulnerability WHERE feed = ?)`,
      )
      .run(number, feed)
    connection.prepare('DELETE FROM fact_history WHERE to_gen <= ? AND feed = ?').run(number, feed)
    connection.prepare('DELETE FROM vulnerability WHERE to_gen <= ? AND feed = ?').run(number, feed)
    connection.prepare('DELETE FROM generation WHERE number < ? AND feed = ?').run(number, feed)
  }
  return statements
}

/** Removes the rows that only removed rows had referred to. */
function removeUnreferenced(connection: Connection): void {
  connection.exec(`
    DELETE FROM package WHERE id NOT IN (SELECT package FROM statement UNION SELECT package FROM statement_history);
    DELETE FROM scope WHERE id NOT IN (SELECT scope FROM package);
    DELETE FROM claim WHERE id NOT IN (SELECT claim FROM statement UNION SELECT claim FROM statement_history);
    DELETE FROM gap_list WHERE id NOT IN (SELECT gap_list FROM generation WHERE gap_list IS NOT NULL);
  `)
}

function removeIndexes(connection: Connection, before: string): { layers: number; images: number } {
  const day = before.slice(0, 10)
  const layers = Number(connection.prepare('DELETE FROM layer WHERE used_on < ?').run(day).changes)
  const images = Number(connection.prepare('DELETE FROM image WHERE used_on < ?').run(day).changes)
  connection.prepare('DELETE FROM failed_image WHERE tried_on < ?').run(day)
  return { layers, images }
}

function fileBytes(connection: Connection): number {
  const { pages, size } = connection
    .prepare('SELECT page_count AS pages, page_size AS size FROM pragma_page_count, pragma_page_size')
    .get() as { pages: number; size: number }
  return pages * size
}
