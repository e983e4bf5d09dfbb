import { Client } from 'pg'
import { printableLocation } from '../../core/database-location.ts'
import { ChiaroError } from '../../core/errors.ts'
import type { Store } from '../../core/store.ts'
import type { StoreOptions } from '../open.ts'
import { createAdvisoryStore } from './advisories.ts'
import { Database } from './database.ts'
import { createFleetStore } from './fleet.ts'
import { createJobStore } from './jobs.ts'
import { createIndexStore } from './layers.ts'
import { locked } from './locks.ts'
import { prepareSchema } from './migrate.ts'
import { createNotificationStore } from './notifications.ts'

/**
 * The store in the PostgreSQL database at `location`, an address as of libpq
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING). What it does not say is taken from the
 * environment (`PGPASSWORD` and so on) and the password file.
 */
export async function openPostgres(location: string, options: StoreOptions): Promise<Store> {
  const where = printableLocation(location)
  const config = { connectionString: location }
  try {
    new Client(config) // reads the address, and connects to nothing
  } catch {
    throw new ChiaroError('CONFIG_INVALID', `${where} is not an address of a PostgreSQL database`, {
      where,
      advice:
        'It looks like "postgres://user@host:5432/database". What is special in a password has to be percent-encoded.',
    })
  }
  const database = new Database(config, where, { readOnly: options.readOnly ?? false })
  try {
    await prepareSchema(database, options.signal)
  } catch (error) {
    await database.close()
    throw error
  }
  return {
    advisories: createAdvisoryStore(database),
    index: createIndexStore(database),
    fleet: createFleetStore(database),
    notifications: createNotificationStore(database),
    jobs: createJobStore(database),
    verify: async () => (await import('./verify.ts')).verify(database),
    lock: (name, signal, work) => locked(database, name, signal, work),
    gc: async (before) => (await import('./gc.ts')).gc(database, before),
    [Symbol.asyncDispose]: () => database.close(),
  }
}
