// The numbers of docs/benchmarks.md, as ratios of medians; needs a built dist/ (npm run bench builds it).
//   CHIARO_CORPUS=… CHIARO_FEEDS=… npm run bench [-- --times 5 --minutes 10] [PART…]     all parts, if none is named
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fleet } from './fleet.ts'
import { imports } from './imports.ts'
import { indexing } from './indexing.ts'
import type { Part } from './part.ts'
import { Results, sectionOf, writeSection } from './results.ts'
import { server } from './server.ts'
import { serverMemory } from './server-memory.ts'
import { startUp } from './start-up.ts'
import { postgresUpdates, sqliteUpdates } from './updating.ts'

const parts: readonly Part[] = [startUp, indexing, imports, sqliteUpdates, postgresUpdates, fleet, server, serverMemory]
const page = join(import.meta.dirname, '..', 'docs', 'benchmarks.md')

const { values, positionals } = parseArgs({
  options: { times: { type: 'string', default: '5' }, minutes: { type: 'string', default: '10' } },
  allowPositionals: true,
})
const [times, minutes] = [Number(values.times), Number(values.minutes)]
const { CHIARO_CORPUS: corpus, CHIARO_FEEDS: feeds } = process.env
if (corpus === undefined || feeds === undefined) {
  process.stderr.write(
    'Set CHIARO_CORPUS to a folder with the image corpus, and CHIARO_FEEDS to a mirror of the feeds.\n',
  )
  process.exit(2)
}
const ids = parts.map(({ id }) => id)
const wanted = positionals.length === 0 ? ids : positionals
const unknown = wanted.filter((id) => !ids.includes(id))
if (unknown.length > 0) {
  process.stderr.write(`There is no part ${unknown.join(', ')}: name some of ${ids.join(', ')}.\n`)
  process.exit(2)
}
for (const part of parts.filter(({ id }) => wanted.includes(id))) {
  const folder = mkdtempSync(join(tmpdir(), 'chiaro-bench-'))
  const results = new Results()
  try {
    await part.measure({ corpus, feeds, folder, times, minutes, results })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  writeSection(page, ids, part.id, sectionOf(part, times, results))
}
