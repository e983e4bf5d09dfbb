import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach } from 'vitest'
import type { FeedRecord } from '../../src/core/advisory.ts'
import { openStore } from '../../src/store/open.ts'
import { source } from './records.ts'

/** A path for a database in a directory of its own, anew for each test of the file that asks for it. */
export function databaseFile() {
  const file = {
    directory: '',
    path: '',

    /** Opens the store, imports, and closes it. */
    async import(records: Iterable<FeedRecord>, fingerprint = 'one'): Promise<void> {
      await using store = await openStore(file.path)
      await store.advisories.import(source(records, { fingerprint }), new AbortController().signal)
    },

    /** Runs SQL that gives rows, on the file itself. */
    query<T>(sql: string): readonly T[] {
      const database = new DatabaseSync(file.path, { readOnly: true })
      try {
        return database.prepare(sql).all() as T[]
      } finally {
        database.close()
      }
    },

    /** Runs SQL that changes the file, behind the store's back. */
    exec(sql: string): void {
      const database = new DatabaseSync(file.path, { enableForeignKeyConstraints: false })
      try {
        database.exec(sql)
      } finally {
        database.close()
      }
    },
  }

  beforeEach(async () => {
    file.directory = await mkdtemp(join(tmpdir(), 'chiaro-store-'))
    file.path = join(file.directory, 'chiaro.db')
  })

  afterEach(async () => {
    await rm(file.directory, { recursive: true })
  })

  return file
}
