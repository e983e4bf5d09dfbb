import { ChiaroError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { isRefusal } from './failure.ts'

/** Writes what can be done without: not at all where nothing can be written, or while others write the same for long. */
export async function keep(database: Database, work: (connection: Connection) => Promise<unknown>): Promise<void> {
  if (database.readOnly) return
  try {
    await database.write(work, limits.databaseCacheWait)
  } catch (error) {
    if (!(error instanceof ChiaroError && isRefusal(error.cause))) throw error
  }
}
