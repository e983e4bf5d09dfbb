// The databases that the benchmark writes into: files, and those of a PostgreSQL server that it starts.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { startCluster } from '../test/support/postgres-cluster.ts'

/** A kind of database. */
export interface Databases extends AsyncDisposable {
  /** What it is, and what its size is. */
  readonly about: string
  /** The address of a new one. */
  create(name: string): Promise<string>
  /** Its size in bytes, indexes and logs of its own included. */
  size(address: string): Promise<number>
}

/** Files in a folder. */
export function sqliteFiles(folder: string): Databases {
  return {
    about: `SQLite ${process.versions.sqlite}. The size is that of the file and its log.`,
    create: async (name) => join(folder, `${name}.db`),
    size: async (address) =>
      [address, `${address}-wal`].filter(existsSync).reduce((sum, file) => sum + statSync(file).size, 0),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Databases of a PostgreSQL server with its default configuration, of which the tables of Chiaro are measured. */
export async function postgresServer(): Promise<Databases> {
  const cluster = await startCluster(true)
  const [version] = await ask<{ server_version: string }>(cluster.address('postgres'), 'SHOW server_version')
  return {
    about: `PostgreSQL ${version!.server_version} with its default configuration, on the same cores; memory is that of Chiaro's
process alone. The size is that of the tables with their indexes, as the updates left them and autovacuum found time for: neither
VACUUM nor \`chiaro data gc\` ran.`,
    async create(name) {
      const database = name.replaceAll(/\W/g, '_')
      await ask(cluster.address('postgres'), `CREATE DATABASE ${database}`)
      return cluster.address(database)
    },
    async size(address) {
      const sql = `SELECT sum(pg_total_relation_size(pg_class.oid)) AS bytes
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = 'chiaro' AND relkind = 'r'`
      const [row] = await ask<{ bytes: string }>(address, sql)
      return Number(row!.bytes)
    },
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}

async function ask<Answer>(address: string, sql: string): Promise<readonly Answer[]> {
  const client = new Client(address)
  await client.connect()
  try {
    return (await client.query(sql)).rows as Answer[]
  } finally {
    await client.end()
  }
}
