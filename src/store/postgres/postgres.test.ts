import { testStore } from '../../../test/contract/store.ts'
import { createPostgres } from '../../../test/support/postgres.ts'
import { openStore } from '../open.ts'

testStore(
  'PostgreSQL',
  async () => {
    const database = await createPostgres()
    return { open: () => openStore(database.address), remove: () => database.remove() }
  },
  { several: true, sequences: 10 },
)
