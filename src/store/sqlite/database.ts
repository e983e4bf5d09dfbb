import { throwIfAborted } from '../../core/abort.ts'
import { ChiaroError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { Connection } from './connection.ts'
import { databaseFailure, isBusy } from './failure.ts'

/** How long a write may wait for the lock, and what ends the wait. */
export interface WriteOptions {
  readonly signal?: AbortSignal
  /** Milliseconds; `limits.databaseWait` if not given. */
  readonly wait?: number
}

/** What kind of database it is. */
export interface DatabaseOptions {
  readonly inMemory: boolean
  readonly writable: boolean
  /** Another connection that reads the same file. */
  reopen(): Connection
}

/**
 * An open database file: one connection that reads, and, from the first write on, one that writes, so that readers see
 * the last committed state while an import runs. A database in memory has but one connection, and its readers wait.
 */
export class Database {
  /** The file, as errors name it. */
  readonly path: string
  /** Whether writes are possible at all. */
  readonly writable: boolean
  readonly #reader: Connection
  readonly #inMemory: boolean
  readonly #reopen: () => Connection
  #writer: Connection | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, reader: Connection, options: DatabaseOptions) {
    this.path = path
    this.writable = options.writable
    this.#reader = reader
    this.#inMemory = options.inMemory
    this.#reopen = options.reopen
  }

  /** Runs `work` on one state of the database. Throws `DATABASE_FAILED`. */
  async read<T>(work: (connection: Connection) => T): Promise<T> {
    if (this.#inMemory) return this.#alone(async () => work(this.#reader))
    try {
      return snapshot(this.#reader, work)
    } catch (error) {
      throw databaseFailure(error, this.path)
    }
  }

  /** What `work` gives, one by one, all of it of one state of the database, while others read and write. Throws `DATABASE_FAILED`. */
  async *stream<T>(work: (connection: Connection) => Iterable<T>): AsyncGenerator<T> {
    if (this.#inMemory) {
      yield* await this.read((connection) => [...work(connection)])
      return
    }
    const connection = this.#reopen()
    try {
      connection.exec('BEGIN')
      yield* work(connection)
    } catch (error) {
      throw databaseFailure(error, this.path)
    } finally {
      connection.close()
    }
  }

  /**
   * Runs `work` as one transaction, after those before it in this process and when no other process writes. What it
   * throws undoes it. Throws `DATABASE_FAILED`, also when the lock is not to be had in time, and `ABORTED`.
   */
  async write<T>(work: (connection: Connection) => T | Promise<T>, options: WriteOptions = {}): Promise<T> {
    return this.#alone(async () => {
      const connection = this.#writing()
      await begin(connection, options)
      try {
        const result = await work(connection)
        connection.exec('COMMIT')
        return result
      } catch (error) {
        if (connection.inTransaction) connection.exec('ROLLBACK')
        throw error
      }
    })
  }

  /** Runs `work` outside of any transaction on the connection that writes; again while another process holds a lock. */
  async maintain<T>(work: (connection: Connection) => T): Promise<T> {
    return this.#alone(async () => {
      const connection = this.#writing()
      return retryWhileBusy(() => work(connection), { signal: undefined, wait: limits.databaseWait })
    })
  }

  async close(): Promise<void> {
    await this.#last
    this.#reader.close()
    this.#writer?.close()
  }

  #writing(): Connection {
    if (!this.writable) {
      throw new ChiaroError('DATABASE_FAILED', `${this.path} cannot be written`, {
        where: this.path,
        advice: 'Make the file and its directory writable, or use another database with --db.',
      })
    }
    if (this.#inMemory) return this.#reader
    this.#writer ??= openWriter(this.path)
    return this.#writer
  }

  /** Runs `work` when everything asked for before it is done. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work).catch((error: unknown) => {
      throw databaseFailure(error, this.path)
    })
    this.#last = turn.catch(() => {})
    return turn
  }
}

/** A connection that writes: it waits for locks in `begin`, where the wait can be aborted, and hardly inside SQLite. */
export function openWriter(path: string): Connection {
  const connection = new Connection(path, { busyTimeout: 100 })
  try {
    connection.exec('PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 8388608')
  } catch (error) {
    connection.close()
    throw error
  }
  return connection
}

/** Starts a transaction that writes. Throws the error of SQLite when the lock is not to be had in time, and `ABORTED`. */
async function begin(connection: Connection, { signal, wait = limits.databaseWait }: WriteOptions): Promise<void> {
  await retryWhileBusy(() => connection.exec('BEGIN IMMEDIATE'), { signal, wait })
}

/** Runs `work`, again and again while another process holds a lock that it needs. */
export async function retryWhileBusy<T>(
  work: () => T,
  { signal, wait }: { readonly signal: AbortSignal | undefined; readonly wait: number },
): Promise<T> {
  const deadline = performance.now() + wait
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    if (signal !== undefined) throwIfAborted(signal)
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
    }
    const { setTimeout: sleep } = await import('node:timers/promises')
    await sleep(pause, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

function snapshot<T>(connection: Connection, work: (connection: Connection) => T): T {
  connection.exec('BEGIN')
  try {
    return work(connection)
  } finally {
    if (connection.inTransaction) connection.exec('COMMIT')
  }
}
