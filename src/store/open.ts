import { isAddress, printableLocation } from '../core/database-location.ts'
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
 * Opens the store at `location`, or makes it: `sqlite:PATH`, `sqlite::memory:`, a plain path, or `postgres://…` (also
 * `postgresql://…`), where the database itself has to be there. Directories are made with access for the owner only. Throws
 * `CONFIG_INVALID` for a location of another kind, `DATABASE_NEWER` for a database of a later Chiaro, and `DATABASE_FAILED` for
 * what is damaged, of another program, or cannot be opened.
 */
export async function openStore(location: string, options: StoreOptions = {}): Promise<Store> {
  if (/^postgres(?:ql)?:\/\//i.test(location)) {
    const { openPostgres } = await import('./postgres/open.ts')
    return openPostgres(location, options)
  }
  const path = location.startsWith('sqlite:') ? location.slice('sqlite:'.length) : location
  if (path === '' || path.includes('\0') || isAddress(path)) {
    const where = printableLocation(location)
    throw new ChiaroError('CONFIG_INVALID', `${JSON.stringify(where)} is not a database that Chiaro can use`, {
      where,
      advice:
        'Name a file, "sqlite:/path/to/chiaro.db" or just its path, or a server: "postgres://user@host/database".',
    })
  }
  return openSqlite(path, options)
}
