import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testFleetStore } from '../../../test/contract/fleet-store.ts'
import { testNotificationStore } from '../../../test/contract/notification-store.ts'
import { testStore } from '../../../test/contract/store.ts'
import { openStore } from '../open.ts'

async function inFile() {
  const directory = await mkdtemp(join(tmpdir(), 'chiaro-store-'))
  return {
    open: () => openStore(`sqlite:${join(directory, 'chiaro.db')}`),
    remove: () => rm(directory, { recursive: true }),
  }
}

async function inMemory() {
  return { open: () => openStore('sqlite::memory:'), remove: async () => {} }
}

testStore('a SQLite file', inFile, { several: true, sequences: 40 })
testStore('SQLite in memory', inMemory, { several: false, sequences: 40 })
testFleetStore('a SQLite file', inFile, true)
testFleetStore('SQLite in memory', inMemory, false)
testNotificationStore('a SQLite file', inFile, { several: true })
testNotificationStore('SQLite in memory', inMemory, { several: false })
