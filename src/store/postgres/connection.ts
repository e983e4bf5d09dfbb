import { type ClientBase, type QueryConfig, type QueryResult, types } from 'pg'
import { from, to } from 'pg-copy-streams'
import { databaseFailure } from './failure.ts'
import { decodeText, encodeText } from './text.ts'

/** What a parameter of a query can be. */
export type Value = string | number | null | Uint8Array | readonly (string | null)[] | readonly number[]

/** Rows of one batch. */
const rowsAtOnce = 1000

/** Oids of types (https://www.postgresql.org/docs/current/datatype-oid.html). Counts are `bigint`, and far below 2^53. */
const oids = { bigint: 20, text: 25 } as const

const parsers = {
  getTypeParser: (oid: number) => {
    if (oid === oids.bigint) return Number
    return oid === oids.text ? decodeText : types.getTypeParser(oid)
  },
}

/** One connection to a PostgreSQL database. Every method throws `DATABASE_FAILED`. */
export class Connection {
  /** The database, as errors name it. */
  readonly where: string
  readonly #client: ClientBase
  #failure: unknown

  constructor(client: ClientBase, where: string) {
    this.#client = client
    this.where = where
  }

  /** Whether it is of no use any more. */
  get isBroken(): boolean {
    return this.#failure !== undefined
  }

  /** The rows of a query, as objects. */
  async rows<Row>(sql: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    return (await this.#query({ text: sql, values: values.map(encode) })).rows as Row[]
  }

  /** The first row of a query. */
  async row<Row>(sql: string, values: readonly Value[] = []): Promise<Row | undefined> {
    return (await this.rows<Row>(sql, values))[0]
  }

  /** The rows of a query, as arrays, which are quicker. */
  async arrays<Row>(sql: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    return (await this.#query({ text: sql, values: values.map(encode), rowMode: 'array' })).rows as Row[]
  }

  /** `arrays` of a query that is asked often: the database keeps its plan under a name that is this query's alone. */
  async prepared<Row>(name: string, sql: string, values: readonly Value[]): Promise<readonly Row[]> {
    return (await this.#query({ name, text: sql, values: values.map(encode), rowMode: 'array' })).rows as Row[]
  }

  /**
   * The rows of a query, as objects, some at a time: for what is too large to hold. Inside a transaction; `name` is one that no
   * other query has that is read at the time.
   */
  async *batches<Row>(name: string, sql: string, values: readonly Value[]): AsyncGenerator<readonly Row[]> {
    await this.run(`DECLARE ${name} NO SCROLL CURSOR FOR ${sql}`, values)
    for (;;) {
      const rows = await this.rows<Row>(`FETCH ${rowsAtOnce} FROM ${name}`)
      if (rows.length === 0) break
      yield rows
    }
    await this.exec(`CLOSE ${name}`)
  }

  /** Runs a statement, and tells how many rows it wrote. */
  async run(sql: string, values: readonly Value[] = []): Promise<number> {
    return (await this.#query({ text: sql, values: values.map(encode) })).rowCount ?? 0
  }

  /** Runs statements without parameters. */
  async exec(sql: string): Promise<void> {
    await this.#query({ text: sql })
  }

  /** Runs a `COPY … FROM STDIN` with these bytes. */
  async copy(sql: string, content: Buffer): Promise<void> {
    const stream = from(sql)
    await new Promise<void>((resolve, reject) => {
      stream.once('error', (error) => reject(databaseFailure(error, this.where)))
      stream.once('finish', resolve)
      this.#send(() => this.#client.query(stream))
      stream.end(content)
    })
  }

  /** What a `COPY … TO STDOUT` gives. It takes no parameters. */
  async copyOut(sql: string): Promise<Buffer> {
    const chunks: Buffer[] = []
    const stream = to(sql)
    stream.once('error', () => {}) // for what comes when it is not read
    this.#send(() => this.#client.query(stream))
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
    } catch (error) {
      throw databaseFailure(error, this.where)
    }
    return Buffer.concat(chunks)
  }

  #query(
    query: QueryConfig & { readonly rowMode?: 'array' },
  ): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }> {
    return new Promise((resolve, reject) => {
      const answered = (error: Error | null, result: QueryResult) => {
        if (error) reject(databaseFailure(error, this.where))
        else resolve(result)
      }
      this.#send(() => this.#client.query({ ...query, types: parsers }, answered))
    })
  }

  /**
   * A client that throws, and so has sent no query or not all of it, waits for the answer for ever, and what is asked later waits
   * behind that. So nothing is asked of it any more, and whoever has it closes it.
   */
  #send(query: () => void): void {
    if (this.#failure !== undefined) throw this.#failure
    try {
      query()
    } catch (error) {
      this.#failure = databaseFailure(error, this.where)
      throw this.#failure
    }
  }
}

function encode(value: Value): unknown {
  if (typeof value === 'string') return encodeText(value)
  if (Array.isArray(value)) return value.map((item: unknown) => (typeof item === 'string' ? encodeText(item) : item))
  return value
}
