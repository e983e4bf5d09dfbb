import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An empty database for tests of whole commands. */
export interface TestDatabase extends AsyncDisposable {
  /** What `--db` takes. */
  readonly location: string
}

/** The databases that whole commands are tested with, one line each. */
export const databases: readonly { readonly name: string; create(): Promise<TestDatabase> }[] = [
  { name: 'SQLite', create: createSqlite },
]

async function createSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-database-'))
  return {
    location: join(folder, 'chiaro.db'),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
