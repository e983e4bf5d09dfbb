import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testStore } from '../../../test/contract/store.ts'
import { openStore } from '../open.ts'

testStore(
  'a SQLite file',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'chiaro-store-'))
    return {
      open: () => openStore(`sqlite:${join(directory, 'chiaro.db')}`),
      remove: () => rm(directory, { recursive: true }),
    }
  },
  { several: true, sequences: 40 },
)

testStore('SQLite in memory', async () => ({ open: () => openStore('sqlite::memory:'), remove: async () => {} }), {
  several: false,
  sequences: 40,
})
