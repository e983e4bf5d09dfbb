import { ChiaroError } from '../core/errors.ts'
import type { Store } from '../core/store.ts'
import { openSqlite } from './sqlite/open.ts'

/** How a store is opened. */
export interface StoreOptions {
  /** Write nothing, not even a new database. */
  readonly readOnly?: boolean
  /** Ends the wait for other processes that are making the same database. */
  readonly signal?: AbortSignal
}

/**
 * Opens the store at `location`, or makes it: `sqlite:PATH`, `sqlite::memory:`, or a plain path. Directories are made with
 * access for the owner only. Throws `CONFIG_INVALID` for a location of another kind, `DATABASE_NEWER` for a database of a
 * later Chiaro, and `DATABASE_FAILED` for what is damaged, of another program, or cannot be opened.
 */
export async function openStore(location: string, options: StoreOptions = {}): Promise<Store> {
  const path = location.startsWith('sqlite:') ? location.slice('sqlite:'.length) : location
  if (path === '' || path.includes('\0') || /^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    throw new ChiaroError('CONFIG_INVALID', `${JSON.stringify(location)} is not a database that Chiaro can use`, {
      where: location,
      advice: 'Name a file: "sqlite:/path/to/chiaro.db", or just its path.',
    })
  }
  return openSqlite(path, options)
}
