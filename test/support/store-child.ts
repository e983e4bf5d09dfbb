// A process of its own on a database, for tests that need several, or one that is killed. Arguments: mode and path.
import { openStore } from '../../src/store/open.ts'
import { manyAdvisories, source } from './records.ts'

const [mode, path] = process.argv.slice(2)
const store = await openStore(path!)
const never = new AbortController().signal

if (mode === 'import-for-ever') {
  const [status] = await store.advisories.status()
  let version = Number(status?.fingerprint ?? 0)
  process.stdout.write('open\n')
  for (;;) {
    version++
    const records = manyAdvisories(3000, String(version))
    await store.advisories.import(source(records, { fingerprint: String(version) }), never)
  }
}

if (mode === 'import-once') {
  const id = `feed-${process.pid}`
  await store.advisories.import(source(manyAdvisories(100, '1'), { id }), never)
  await store[Symbol.asyncDispose]()
}
