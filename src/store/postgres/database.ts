import { Client, type ClientConfig, Pool, type PoolClient } from 'pg'
import { abortedError, throwIfAborted } from '../../core/abort.ts'
import { ChiaroError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { RowDamaged } from '../row-damaged.ts'
import { Connection } from './connection.ts'
import { databaseFailure } from './failure.ts'
import { schemaName } from './schema.ts'

/** How long connecting may take, in milliseconds. */
const connectTimeout = 30_000

/** Connections that answer questions at a time. */
const readers = 4

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

/** A PostgreSQL database: a few connections that answer and note, made when they are needed, and one of its own for what is long. */
export class Database {
  /** The database without its password, as errors name it. */
  readonly where: string
  readonly readOnly: boolean
  readonly #config: ClientConfig
  readonly #pool: Pool
  #last: Promise<unknown> = Promise.resolve()

  constructor(config: ClientConfig, where: string, options: { readonly readOnly: boolean }) {
    this.where = where
    this.readOnly = options.readOnly
    this.#config = { ...config, connectionTimeoutMillis: connectTimeout, application_name: 'chiaro', keepAlive: true }
    this.#pool = new Pool({ ...this.#config, max: readers, onConnect: setUp, allowExitOnIdle: true })
    // An idle connection that breaks is replaced when one is needed; if it cannot be, that is said.
    this.#pool.on('error', () => {})
  }

  /** Runs `work` on one state of the database. Throws `DATABASE_FAILED`. */
  read<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#pooled(beginReading, work)
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
    const client = await this.#connect()
    try {
      const connection = new Connection(client, this.where)
      await connection.exec(beginReading)
      yield* work(connection)
    } catch (error) {
      throw this.#failure(error)
    } finally {
      await end(client)
    }
  }

  /** Runs `work` on a connection of its own, outside of any transaction. `signal` breaks it. Throws `DATABASE_FAILED` and `ABORTED`. */
  async connected<T>(work: (connection: Connection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const client = await this.#connect()
    const stop = () => void this.#terminate(client)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await work(new Connection(client, this.where))
    } catch (error) {
      throw signal?.aborted ? abortedError(signal) : this.#failure(error)
    } finally {
      signal?.removeEventListener('abort', stop)
      await end(client)
    }
  }

  async close(): Promise<void> {
    await this.#last
    await this.#pool.end()
  }

  async #pooled<T>(begin: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    let client: PoolClient
    try {
      client = await this.#pool.connect()
    } catch (error) {
      throw databaseFailure(error, this.where)
    }
    let broken = false
    const breaks = () => {
      broken = true
    }
    client.on('error', breaks)
    const connection = new Connection(client, this.where)
    try {
      return await transaction(connection, begin, work)
    } catch (error) {
      throw this.#failure(error)
    } finally {
      client.off('error', breaks)
      client.release(broken || connection.isBroken)
    }
  }

  async #connect(): Promise<Client> {
    const client = new Client(this.#config)
    // Whatever runs on it, or is run next, fails and says so.
    client.on('error', () => {})
    try {
      await client.connect()
      await setUp(client)
      return client
    } catch (error) {
      await end(client)
      throw databaseFailure(error, this.where)
    }
  }

  /** Ends what runs on a connection: at once on the server, which would otherwise go on until it answers. */
  async #terminate(client: Client): Promise<void> {
    const { processID } = client as Client & { readonly processID: number | null }
    await this.#pool.query('SELECT pg_terminate_backend($1)', [processID]).catch(() => {})
    await end(client)
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

async function setUp(client: Pick<Client, 'query'>): Promise<void> {
  await client.query(settingsSql)
}

async function end(client: Client): Promise<void> {
  await client.end().catch(() => {})
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
