// Imports feeds with the built library, after it was loaded: the floor loads nothing while it measures either.
//   node bench/import-feed.ts DATABASE MIRROR FEED…     prints milliseconds and what was written

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [database, mirror, ...feeds] = process.argv.slice(2)
const library = pathToFileURL(join(import.meta.dirname, '..', 'dist', 'index.js')).href
const { update } = (await import(library)) as typeof import('../src/index.ts')
const sample = join(import.meta.dirname, '..', 'examples', 'feeds')
await update(['kev'], { database: 'sqlite::memory:', mirror: sample, offline: true })
const started = performance.now()
const outcomes = await update(feeds, { database: database!, mirror: mirror!, offline: true, force: true })
const ms = performance.now() - started
const results = outcomes.map(({ feed, outcome, result }) => ({
  feed,
  outcome,
  records: result?.records ?? 0,
  written: (result?.added ?? 0) + (result?.changed ?? 0) + (result?.closed ?? 0),
}))
process.stdout.write(JSON.stringify({ ms, results }))
