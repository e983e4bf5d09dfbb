import { afterEach, beforeEach, expect, it } from 'vitest'
import { createPostgres, type PostgresDatabase } from '../../../test/support/postgres.ts'
import { Database } from './database.ts'

let postgres: PostgresDatabase
let database: Database

beforeEach(async () => {
  postgres = await createPostgres()
  database = new Database({ connectionString: postgres.address }, 'postgres://test', { readOnly: false })
})

afterEach(async () => {
  await database.close()
  await postgres.remove()
})

/** What the client cannot even send, so that it throws before it asks the server. */
const unsendable = 1 as unknown as string

it('what cannot be sent fails at once, and leaves no connection waiting for an answer', async () => {
  const bytes = Buffer.from('1')
  // Reading has four connections, and importing one.
  for (let times = 0; times < 5; times++) {
    await expect(database.read((connection) => connection.copyOut(unsendable))).rejects.toBeInstanceOf(Error)
    await expect(database.write((connection) => connection.copy(unsendable, bytes))).rejects.toBeInstanceOf(Error)
    await expect(database.import((connection) => connection.copy(unsendable, bytes), undefined)).rejects.toBeInstanceOf(
      Error,
    )
  }
  const one = await database.read((connection) => connection.row<{ one: number }>('SELECT 1 AS one'))
  expect(one).toEqual({ one: 1 })
}, 20_000)
