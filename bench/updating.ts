// What updates cost: all feeds from empty, the database after it, how it grows, a feed ten times as large, a batch of packages.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Databases, postgresServer, sqliteFiles } from './databases.ts'
import { changeSome, readTracker, writeEnlarged, writeTracker } from './generate-feed.ts'
import { inTurn, median, millisecondsOf, run } from './measure.ts'
import type { Part, PartOptions } from './part.ts'
import { servedFiles } from './served-files.ts'

/** What is measured with, and the most that a kind of database may need. */
interface UpdatingOptions extends PartOptions {
  readonly databases: Databases
  /** For all feeds from empty, as many times the floor. */
  readonly mostTimes: number
  /** For a batch of 1,000 packages, in milliseconds. */
  readonly mostBatch: number
}

const root = join(import.meta.dirname, '..')
const command = join(root, 'bin', 'chiaro.mjs')
const script = (name: string) => join(root, 'bench', `${name}.ts`)
const mebibyte = 2 ** 20
/** The mirror does not have every feed, and a feed that fails makes the exit code 2. */
const codes = [0, 2]

/** All feeds on SQLite. */
export const sqliteUpdates: Part = {
  id: 'sqlite',
  title: 'Updating on SQLite',
  measure: async (options) =>
    updating({ ...options, databases: sqliteFiles(options.folder), mostTimes: 3, mostBatch: 50 }),
}

/** All feeds on PostgreSQL. */
export const postgresUpdates: Part = {
  id: 'postgres',
  title: 'Updating on PostgreSQL',
  async measure(options) {
    await using databases = await postgresServer()
    await updating({ ...options, databases, mostTimes: 4, mostBatch: 100 })
  },
}

async function updating(options: UpdatingOptions): Promise<void> {
  options.results.note(options.databases.about)
  const database = await fromEmpty(options)
  await batch(database, options)
  await growth(options)
  await tenfold(options)
}

/** The database that the last of the updates made. */
async function fromEmpty({ feeds, folder, times, results, databases, mostTimes }: UpdatingOptions): Promise<string> {
  const update = (database: string, from: string, more: readonly string[] = []) =>
    run([command, 'update', '--mirror', from, '--db', database, ...more], { memory: true, codes })
  const files = await servedFiles(feeds, (url) => update(join(folder, 'served.db'), url))
  const list = join(folder, 'files')
  writeFileSync(list, files.join('\n'))
  let database = ''
  let round = 0
  const all = async () => {
    database = await databases.create(`all-${round++}`)
    return update(database, feeds, ['--offline'])
  }
  const floor = () => run([script('feed-floor')], { input: list })
  const [floors, runs] = await inTurn([floor, all], times)
  const what = `update all feeds from empty (${files.length} files)`
  const ms = runs!.map((each) => each.ms)
  results.times(what, ms, 'decompress and parse', floors!.map(millisecondsOf), String(mostTimes))
  results.memory('peak memory of it', runs!, '400 MiB')
  const compressed = files.reduce((sum, file) => sum + compressedSize(file), 0)
  const size = await databases.size(database)
  results.push({
    what: 'the database after it',
    ours: `${(size / mebibyte).toFixed(0)} MiB`,
    floor: `the feeds, compressed: ${(compressed / mebibyte).toFixed(0)} MiB`,
    ratio: (size / compressed).toFixed(2),
    target: '3',
  })
  return database
}

async function batch(database: string, { results, mostBatch }: UpdatingOptions): Promise<void> {
  const { stdout } = await run([script('match-batch'), database])
  const { ms, packages, findings } = JSON.parse(stdout) as { ms: number[]; packages: number; findings: number }
  results.push({
    what: `match ${packages} packages in one batch, warm (${findings} findings)`,
    ours: `${median(ms).toFixed(1)} ms`,
    floor: '',
    ratio: '',
    target: `${mostBatch} ms`,
  })
}

async function growth({ feeds, folder, results, databases }: UpdatingOptions): Promise<void> {
  const tracker = await readTracker(feeds)
  const changed = join(folder, 'changed')
  const database = await databases.create('changed')
  const update = async () => {
    await writeTracker(changed, tracker)
    await run([command, 'update', 'debian', '--mirror', changed, '--db', database, '--offline'], { codes })
    return databases.size(database)
  }
  const first = await update()
  let last = first
  for (let round = 1; round <= 20; round++) {
    changeSome(tracker, 100, round)
    last = await update()
  }
  results.push({
    what: 'the database of one feed after twenty updates that each change 1 %',
    ours: `${(last / mebibyte).toFixed(1)} MiB`,
    floor: `before: ${(first / mebibyte).toFixed(1)} MiB`,
    ratio: (last / first).toFixed(2),
    target: '1.2',
  })
}

async function tenfold({ feeds, folder, results, databases }: UpdatingOptions): Promise<void> {
  const large = join(folder, 'large')
  await writeEnlarged(large, await readTracker(feeds), 10)
  const args = [command, 'update', 'debian', '--mirror', large, '--db', await databases.create('large'), '--offline']
  const runs = [await run(args, { memory: true, codes })]
  if (!runs[0]!.stdout.includes('imported')) throw new Error(runs[0]!.stdout)
  results.memory('peak memory of updating the feed of Debian ten times as large', runs, '400 MiB')
}

function compressedSize(file: string): number {
  return /\.(?:gz|bz2|zst|xz|zip)$/.test(file) ? statSync(file).size : gzipSync(readFileSync(file)).length
}
