import { testFleetStore } from '../../../test/contract/fleet-store.ts'
import { testNotificationStore } from '../../../test/contract/notification-store.ts'
import { testStore } from '../../../test/contract/store.ts'
import { createPostgres } from '../../../test/support/postgres.ts'
import { openStore } from '../open.ts'

async function inDatabase() {
  const database = await createPostgres()
  return { open: () => openStore(database.address), remove: () => database.remove() }
}

testStore('PostgreSQL', inDatabase, { several: true, sequences: 10 })
testFleetStore('PostgreSQL', inDatabase, true)
testNotificationStore('PostgreSQL', inDatabase, { several: true })
