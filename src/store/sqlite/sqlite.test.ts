import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testNotificationStore } from '../../../test/contract/notification-store.ts'
import { type StoreSample, testStore } from '../../../test/contract/store.ts'
import { openStore } from '../open.ts'

const file = async (): Promise<StoreSample> => {
  const directory = await mkdtemp(join(tmpdir(), 'chiaro-store-'))
  return {
    open: () => openStore(`sqlite:${join(directory, 'chiaro.db')}`),
    remove: () => rm(directory, { recursive: true }),
  }
}
const memory = async (): Promise<StoreSample> => ({
  open: () => openStore('sqlite::memory:'),
  remove: async () => {},
})

testStore('a SQLite file', file, { several: true, sequences: 40 })
testStore('SQLite in memory', memory, { several: false, sequences: 40 })
testNotificationStore('a SQLite file', file, { several: true })
testNotificationStore('SQLite in memory', memory, { several: false })
