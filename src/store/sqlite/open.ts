import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { throwIfAborted } from '../../core/abort.ts'
import { ChiaroError, messageOf } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Store } from '../../core/store.ts'
import type { StoreOptions } from '../open.ts'
import { createAdvisoryStore } from './advisories.ts'
import { Connection } from './connection.ts'
import { Database, openWriter, retryWhileBusy } from './database.ts'
import { databaseFailure, isUnwritable } from './failure.ts'
import { createFleetStore } from './fleet.ts'
import { createJobStore } from './jobs.ts'
import { createIndexStore } from './layers.ts'
import { createNotificationStore } from './notifications.ts'
import { applicationId, migrations, schemaVersion } from './schema.ts'

/** How long opening may wait for another process inside SQLite: for its recovery or its first steps, all short. */
const openTimeout = 5000

/** The store in the SQLite database at `path`. */
export async function openSqlite(path: string, options: StoreOptions): Promise<Store> {
  const database = await openDatabase(path, options)
  return {
    advisories: createAdvisoryStore(database),
    index: createIndexStore(database),
    fleet: createFleetStore(database),
    notifications: createNotificationStore(database),
    jobs: createJobStore(database),
    verify: async () => (await import('./verify.ts')).verify(database),
    lock: async (_, signal, work) => {
      throwIfAborted(signal)
      return work()
    },
    gc: async (before) => (await import('./gc.ts')).gc(database, before),
    [Symbol.asyncDispose]: () => database.close(),
  }
}

/** Opens the database at `path`, or makes it. `:memory:` is one of its own that ends when it is closed. */
export async function openDatabase(path: string, options: StoreOptions): Promise<Database> {
  return path === ':memory:' ? openInMemory() : openFile(resolve(path), options)
}

function openInMemory(): Database {
  const connection = new Connection(':memory:', { busyTimeout: 0 })
  migrate(connection, ':memory:')
  return new Database(':memory:', connection, { inMemory: true, writable: true, reopen: () => connection })
}

async function openFile(path: string, options: StoreOptions): Promise<Database> {
  const readOnly = options.readOnly ?? false
  prepareFile(path, readOnly)
  try {
    const hasLog = existsSync(`${path}-wal`)
    const { reader, writable, location } = openReader(path, readOnly)
    try {
      if (isCurrent(reader, path)) refuseTruncated(reader, path, hasLog)
      else await create(path, writable, options.signal)
    } catch (error) {
      reader.close()
      throw error
    }
    const reopen = () => new Connection(location, { readOnly: true, busyTimeout: openTimeout })
    return new Database(path, reader, { inMemory: false, writable, reopen })
  } catch (error) {
    throw databaseFailure(error, path)
  }
}

/** Makes the directory for a new database. Throws `DATABASE_FAILED` when nothing at `path` can become one. */
function prepareFile(path: string, readOnly: boolean): void {
  const fail = (message: string, advice: string, cause?: unknown): never => {
    throw new ChiaroError('DATABASE_FAILED', message, { where: path, advice, cause })
  }
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isFile()) return
    if (found !== undefined) fail(`${path} is not a file`, 'Name a file with --db, such as one in that directory.')
    if (readOnly)
      fail(`there is no database at ${path}`, 'Load the data with "chiaro update", or name another with --db.')
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  } catch (error) {
    if (error instanceof ChiaroError) throw error
    fail(`${path} cannot be opened: ${messageOf(error)}`, 'Name another database with --db.', error)
  }
}

/**
 * A connection that reads. In a directory that cannot be written, SQLite cannot make the files it needs beside a database
 * in WAL mode; nobody else can write there either, so the file is then opened as one that does not change.
 */
function openReader(path: string, readOnly: boolean): { reader: Connection; writable: boolean; location: string } {
  let reader: Connection | undefined
  try {
    reader = new Connection(path, { readOnly, busyTimeout: openTimeout })
    reader.prepare('PRAGMA schema_version').get()
    return { reader, writable: !readOnly, location: path }
  } catch (error) {
    reader?.close()
    if (!isUnwritable(error) || !existsSync(path) || existsSync(`${path}-wal`)) throw error
    const location = `${pathToFileURL(path).href}?immutable=1`
    return { reader: new Connection(location, { readOnly: true, busyTimeout: openTimeout }), writable: false, location }
  }
}

/** Whether the schema is the one of this Chiaro. Throws `DATABASE_NEWER` for a later one, `DATABASE_FAILED` for a foreign one. */
function isCurrent(connection: Connection, path: string): boolean {
  const { version, application } = connection
    .prepare(
      'SELECT user_version AS version, application_id AS application FROM pragma_user_version, pragma_application_id',
    )
    .get() as { version: number; application: number }
  if (application === applicationId) {
    if (version > schemaVersion) {
      throw new ChiaroError('DATABASE_NEWER', `${path} was written by a newer Chiaro (schema ${version})`, {
        where: path,
        advice: `This Chiaro knows schemas up to ${schemaVersion}. Use the newer one, or another database with --db.`,
      })
    }
    return version === schemaVersion
  }
  const tables = connection.prepare('SELECT count(*) AS count FROM sqlite_schema').get() as { count: number }
  if (application === 0 && version === 0 && tables.count === 0) return false
  throw new ChiaroError('DATABASE_FAILED', `${path} is the database of another program`, {
    where: path,
    advice: 'Name another path with --db.',
  })
}

/** Makes or migrates the schema, once, however many processes start at the same time. */
async function create(path: string, writable: boolean, signal: AbortSignal | undefined): Promise<void> {
  if (!writable) {
    throw new ChiaroError('DATABASE_FAILED', `${path} is empty or of an older Chiaro, and cannot be written`, {
      where: path,
      advice: 'Open it once with a command that may write, such as "chiaro update".',
    })
  }
  refuseFragment(path)
  const connection = openWriter(path)
  try {
    await retryWhileBusy(() => migrate(connection, path), { signal, wait: limits.databaseWait })
  } finally {
    connection.close()
  }
}

/**
 * SQLite notices by itself that whole pages are missing at the end of a file, but not that the last one is cut. While there
 * is a write-ahead log, another process may be at work on the file, or it is still to be recovered.
 */
function refuseTruncated(connection: Connection, path: string, hasLog: boolean): void {
  if (hasLog) return
  const { page_size: pageSize } = connection.prepare('PRAGMA page_size').get() as { page_size: number }
  if (statSync(path).size % pageSize === 0) return
  throw new ChiaroError('DATABASE_FAILED', `${path} is cut off`, {
    where: path,
    advice: 'Move the file away. Chiaro makes a new one and loads the data again.',
  })
}

/** SQLite takes a file shorter than its smallest page for an empty one, and would write over it. */
function refuseFragment(path: string): void {
  const { size } = statSync(path)
  if (size === 0 || size >= 512) return
  throw new ChiaroError('DATABASE_FAILED', `${path} is not a database`, {
    where: path,
    advice: 'Name another path with --db, or move the file away.',
  })
}

/** All steps from the version found, in one transaction. The first three settings take effect in an empty file only. */
function migrate(connection: Connection, path: string): void {
  connection.exec('PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL')
  connection.exec('BEGIN IMMEDIATE')
  try {
    if (!isCurrent(connection, path)) {
      const { user_version: version } = connection.prepare('PRAGMA user_version').get() as { user_version: number }
      for (const step of migrations.slice(version)) connection.exec(step)
      connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`)
    }
    connection.exec('COMMIT')
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK')
    throw error
  }
}
