import { type ClientBase, type ClientConfig, Pool, type PoolClient } from 'pg'
import { abortedError, throwIfAborted } from '../../core/abort.ts'
import { ChiaroError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { RowDamaged } from '../row-damaged.ts'
import { Connection } from './connection.ts'
import { databaseFailure } from './failure.ts'
import { schemaName } from './schema.ts'

/** How long connecting may take, in milliseconds. */
const connectTimeout = 30_000

/** Connections that answer and note at a time. */
const shortConnections = 4

/**
 * What every connection starts with: our tables, however the user's path is set; none of the limits in time that are set for
 * other kinds of programs; and no compiling of queries, which takes longer than running them.
 */
const settingsSql = `SELECT set_config(wanted.name, setting, false)
  FROM (VALUES ('search_path', '${schemaName}'), ('jit', 'off'), ('statement_timeout', '0'),
    ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'), ('transaction_timeout', '0')
  ) AS wanted (name, setting)
  WHERE wanted.name IN (SELECT name FROM pg_settings)`

const beginReading = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
const beginWriting = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE'

/** A PostgreSQL database: a few connections that answer and note, and others for what is long, made when they are needed. */
export class Database {
  /** The database without its password, as errors name it. */
  readonly where: string
  readonly readOnly: boolean
  readonly #short: Pool
  /** As many as are wanted: what holds a lock may wait for what wants one of them. */
  readonly #long: Pool
  #last: Promise<unknown> = Promise.resolve()

  constructor(config: ClientConfig, where: string, options: { readonly readOnly: boolean }) {
    this.where = where
    this.readOnly = options.readOnly
    this.#short = createPool(config, shortConnections)
    this.#long = createPool(config, Number.POSITIVE_INFINITY)
  }

  /** Runs `work` on one state of the database. Throws `DATABASE_FAILED`. */
  read<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#pooled(beginReading, work)
  }

  /** Runs `work`, which asks one thing only: it needs no transaction to be of one state. Throws `DATABASE_FAILED`. */
  single<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#pooled(undefined, work)
  }

  /**
   * Runs `work`, which is short, as one transaction. What it throws undoes it. Throws `DATABASE_FAILED`, also when another
   * transaction has what it writes for longer than `wait` milliseconds.
   */
  async write<T>(work: (connection: Connection) => Promise<T>, wait: number = limits.databaseWait): Promise<T> {
    this.#refuseReadOnly()
    return this.#pooled(`${beginWriting}; SET LOCAL lock_timeout = ${wait}`, work)
  }

  /**
   * Runs `work` as one transaction on a connection of its own, after those before it in this process. What it throws, and
   * `signal`, undo it. Throws `DATABASE_FAILED` and `ABORTED`.
   */
  import<T>(work: (connection: Connection) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const turn = this.#last.then(async () => {
      if (signal !== undefined) throwIfAborted(signal)
      this.#refuseReadOnly()
      return this.connected((connection) => transaction(connection, beginWriting, work), signal)
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  /** What `work` gives, one by one, all of it of one state of the database. Throws `DATABASE_FAILED`. */
  async *stream<T>(work: (connection: Connection) => AsyncIterable<T>): AsyncGenerator<T> {
    using lease = await this.#lease(this.#long)
    const { connection } = lease
    lease.isUsable = false
    try {
      await connection.exec(beginReading)
      yield* work(connection)
      await connection.exec('COMMIT')
      lease.isUsable = true
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /**
   * Runs `work` on a connection that nothing else uses meanwhile, outside of any transaction. `signal` breaks it. Throws
   * `DATABASE_FAILED` and `ABORTED`.
   */
  async connected<T>(work: (connection: Connection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    using lease = await this.#lease(this.#long)
    const stop = () => {
      lease.isUsable = false
      void this.#terminate(lease.client)
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await work(lease.connection)
    } catch (error) {
      throw signal?.aborted ? abortedError(signal) : this.#failure(error)
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    await this.#last
    await Promise.all([this.#short.end(), this.#long.end()])
  }

  async #pooled<T>(begin: string | undefined, work: (connection: Connection) => Promise<T>): Promise<T> {
    using lease = await this.#lease(this.#short)
    try {
      const { connection } = lease
      return await (begin === undefined ? work(connection) : transaction(connection, begin, work))
    } catch (error) {
      throw this.#failure(error)
    }
  }

  async #lease(pool: Pool): Promise<Lease> {
    try {
      return new Lease(await pool.connect(), this.where)
    } catch (error) {
      throw databaseFailure(error, this.where)
    }
  }

  /** Ends what runs on a connection: at once on the server, which would otherwise go on until it answers. */
  async #terminate(client: PoolClient): Promise<void> {
    const { processID } = client as PoolClient & { readonly processID: number | null }
    await this.#short.query('SELECT pg_terminate_backend($1)', [processID]).catch(() => {})
    await client.end().catch(() => {})
  }

  /** What the connection threw says already what failed, and what the work threw by itself is not ours. */
  #failure(error: unknown): unknown {
    return error instanceof RowDamaged ? databaseFailure(error, this.where) : error
  }

  #refuseReadOnly(): void {
    if (!this.readOnly) return
    throw new ChiaroError('DATABASE_FAILED', `${this.where} was opened for reading only`, { where: this.where })
  }
}

/** A connection of a pool while it is used. It is closed afterwards if it broke, or is not to be used again. */
class Lease implements Disposable {
  readonly client: PoolClient
  readonly connection: Connection
  isUsable = true
  readonly #breaks = () => {
    this.isUsable = false
  }

  constructor(client: PoolClient, where: string) {
    this.client = client
    this.connection = new Connection(client, where)
    client.on('error', this.#breaks)
  }

  [Symbol.dispose](): void {
    this.client.off('error', this.#breaks)
    this.client.release(!this.isUsable || this.connection.isBroken)
  }
}

function createPool(config: ClientConfig, max: number): Pool {
  const pool = new Pool({
    ...config,
    max,
    connectionTimeoutMillis: connectTimeout,
    application_name: 'chiaro',
    keepAlive: true,
    allowExitOnIdle: true,
    onConnect: setUp,
  })
  // An idle connection that breaks is replaced when one is needed; if it cannot be, that is said.
  pool.on('error', () => {})
  return pool
}

async function setUp(client: ClientBase): Promise<void> {
  await client.query(settingsSql)
}

async function transaction<T>(
  connection: Connection,
  begin: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  await connection.exec(begin)
  try {
    const result = await work(connection)
    await connection.exec('COMMIT')
    return result
  } catch (error) {
    await connection.exec('ROLLBACK').catch(() => {})
    throw error
  }
}
