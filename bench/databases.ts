// The databases that the benchmark writes into: files, and those of a PostgreSQL server that it starts.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { startCluster } from '../test/support/postgres-cluster.ts'

/** A kind of database. */
export interface Databases extends AsyncDisposable {
  /** The address of a new one. */
  create(name: string): Promise<string>
  /** Its size in bytes, indexes and logs of its own included. */
  size(address: string): Promise<number>
}

/** Files in a folder. */
export function sqliteFiles(folder: string): Databases {
  return {
    create: async (name) => join(folder, `${name}.db`),
    size: async (address) =>
      [address, `${address}-wal`].filter(existsSync).reduce((sum, file) => sum + statSync(file).size, 0),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Databases of a PostgreSQL server with its default configuration, of which the tables of Chiaro are measured. */
export async function postgresServer(): Promise<Databases> {
  const cluster = await startCluster()
  return {
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
