import { limits } from '../../core/limits.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { isRefusal } from './failure.ts'

/** What is kept for speed only: when the database cannot be written, or the disk is full, it is not kept. */

/** Writes what can be done without: not at all where nothing can be written, or while others write for long. */
export async function keep(database: Database, work: (connection: Connection) => void): Promise<void> {
  if (!database.writable) return
  try {
    await database.write(work, { wait: limits.databaseCacheWait })
  } catch (error) {
    if (!(error instanceof Error && isRefusal(error.cause))) throw error
  }
}
