import { testNotificationStore } from '../../../test/contract/notification-store.ts'
import { type StoreSample, testStore } from '../../../test/contract/store.ts'
import { createPostgres } from '../../../test/support/postgres.ts'
import { openStore } from '../open.ts'

const server = async (): Promise<StoreSample> => {
  const database = await createPostgres()
  return { open: () => openStore(database.address), remove: () => database.remove() }
}

testStore('PostgreSQL', server, { several: true, sequences: 10 })
testNotificationStore('PostgreSQL', server, { several: true })
