import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPostgres } from './postgres.ts'

/** An empty database for tests of whole commands. */
export interface TestDatabase extends AsyncDisposable {
  /** What `--db` takes. */
  readonly location: string
}

/** The databases that whole commands are tested with, one line each. */
export const databases: readonly { readonly name: string; create(): Promise<TestDatabase> }[] = [
  { name: 'SQLite', create: createSqlite },
  { name: 'PostgreSQL', create: createPostgreSql },
]

async function createSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-database-'))
  return {
    location: join(folder, 'chiaro.db'),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function createPostgreSql(): Promise<TestDatabase> {
  const { address, remove } = await createPostgres()
  return { location: address, [Symbol.asyncDispose]: remove }
}
