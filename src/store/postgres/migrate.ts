import { ChiaroError } from '../../core/errors.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { lockUntilCommit } from './locks.ts'
import { migrations, schemaName, schemaVersion } from './schema.ts'

/** The oldest server that has all that is used here. */
const oldestServer = 13

/**
 * Makes or migrates the tables, once, however many processes start at the same time. Throws `DATABASE_NEWER` for those of a later
 * Chiaro, and `DATABASE_FAILED` for a server that cannot be used, tables of another program, and rights that are missing.
 */
export async function prepareSchema(database: Database, signal: AbortSignal | undefined): Promise<void> {
  const found = await database.read((connection) => readVersion(connection))
  if (found === schemaVersion) return
  if (database.readOnly) {
    const { where } = database
    throw new ChiaroError('DATABASE_FAILED', `${where} is empty or of an older Chiaro, and cannot be written`, {
      where,
      advice: 'Open it once with a command that may write, such as "chiaro update".',
    })
  }
  await database.import((connection) => migrate(connection, signal), signal)
}

async function migrate(connection: Connection, signal: AbortSignal | undefined): Promise<void> {
  await lockUntilCommit(connection, 'schema', schemaName, signal)
  const version = await readVersion(connection)
  if (version === schemaVersion) return
  if (version === undefined) {
    // Where it is there already, the right to make it is not needed.
    const row = await connection.row<{ there: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS there', [
      schemaName,
    ])
    if (row?.there !== true) await connection.exec(`CREATE SCHEMA ${schemaName}`)
    await connection.exec(
      'CREATE TABLE schema_version (version integer NOT NULL); INSERT INTO schema_version VALUES (0)',
    )
  }
  for (const step of migrations.slice(version ?? 0)) await connection.exec(step)
  await connection.run('UPDATE schema_version SET version = $1', [schemaVersion])
}

interface ServerRow {
  readonly server: number
  readonly encoding: string
  readonly known: boolean
  readonly tables: number
}

const serverSql = `SELECT current_setting('server_version_num')::integer / 10000 AS server,
    current_setting('server_encoding') AS encoding,
    EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relname = 'schema_version') AS known,
    (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'r') AS tables`

/** The version of the tables; `undefined` where there are none. */
async function readVersion(connection: Connection): Promise<number | undefined> {
  const { where } = connection
  const fail = (message: string, advice: string): never => {
    throw new ChiaroError('DATABASE_FAILED', message, { where, advice })
  }
  const { server, encoding, known, tables } = (await connection.row<ServerRow>(serverSql, [schemaName]))!
  if (server < oldestServer) {
    fail(`${where} is PostgreSQL ${server}`, `Chiaro needs PostgreSQL ${oldestServer} or newer.`)
  }
  if (encoding !== 'UTF8') {
    fail(
      `${where} keeps text as ${encoding}`,
      'Use a database that was made with "createdb --encoding=UTF8 --template=template0".',
    )
  }
  if (!known) {
    if (tables === 0) return undefined
    fail(`the schema ${schemaName} of ${where} is that of another program`, 'Name another database with --db.')
  }
  const row = await connection.row<{ version: number }>('SELECT version FROM schema_version')
  const version = row?.version ?? 0
  if (version <= schemaVersion) return version
  throw new ChiaroError('DATABASE_NEWER', `${where} was written by a newer Chiaro (schema ${version})`, {
    where,
    advice: `This Chiaro knows schemas up to ${schemaVersion}. Use the newer one, or another database with --db.`,
  })
}
