import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import type { PostgresAddresses } from './postgres-setup.ts'

/** A database of its own for a test, on the server of the run, of a user who is no superuser. */
export interface PostgresDatabase {
  readonly name: string
  /** Its address, with the password. */
  readonly address: string
  /** Its address for the superuser. */
  readonly adminAddress: string
  /** Runs SQL behind the store's back, as the superuser; the tables of Chiaro are found without their schema. */
  query<Row>(sql: string): Promise<readonly Row[]>
  remove(): Promise<void>
}

export async function createPostgres(): Promise<PostgresDatabase> {
  const response = await fetch(inject('postgres'))
  if (!response.ok) throw new Error(await response.text())
  const { admin, chiaro } = (await response.json()) as PostgresAddresses
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await ask(chiaro, `CREATE DATABASE ${name}`)
  const [address, adminAddress] = [chiaro, admin].map((server) => server.replace(/\/postgres$/, `/${name}`))
  return {
    name,
    address: address!,
    adminAddress: adminAddress!,
    query: (sql) => ask(adminAddress!, `SET search_path = chiaro, public; ${sql}`),
    remove: async () => {
      // Its vacuum is the superuser's, and only he can end that.
      await ask(admin, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

/** The rows of the last of the statements. */
async function ask<Row>(address: string, sql: string): Promise<readonly Row[]> {
  const client = new Client(address)
  await client.connect()
  try {
    const results = (await client.query(sql)) as unknown as { rows: Row[] } | { rows: Row[] }[]
    return Array.isArray(results) ? results.at(-1)!.rows : results.rows
  } finally {
    await client.end()
  }
}
