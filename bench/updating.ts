// What updates cost: all feeds from empty, the database after it, how it grows, a feed ten times as large, a batch of packages.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { changeHundredth, readTracker, writeEnlarged, writeTracker } from './generate-feed.ts'
import { inTurn, median, type Run, run } from './measure.ts'
import { servedFiles } from './served-files.ts'

/** One line of the results. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly floor: string
  readonly ratio: string
  readonly target: string
}

/** Where to measure. */
export interface UpdatingOptions {
  /** The real feeds, as a mirror. */
  readonly mirror: string
  /** A folder for what is written. */
  readonly folder: string
  readonly times: number
  /** Takes a result as soon as it is there. */
  readonly push: (row: Row) => void
}

const root = join(import.meta.dirname, '..')
const command = join(root, 'bin', 'chiaro.mjs')
const script = (name: string) => join(root, 'bench', `${name}.ts`)
const mebibyte = 2 ** 20
/** The mirror does not have every feed, and a feed that fails makes the exit code 2. */
const codes = [0, 2]

/** Measures what updates cost. The built command must be there. */
export async function updating(options: UpdatingOptions): Promise<void> {
  const database = await fromEmpty(options)
  await batch(database, options)
  await growth(options)
  await tenfold(options)
}

async function fromEmpty({ mirror, folder, times, push }: UpdatingOptions): Promise<string> {
  const update = (database: string, from: string, more: readonly string[] = []) =>
    run([command, 'update', '--mirror', from, '--db', database, ...more], { memory: true, codes })
  const files = await servedFiles(mirror, (url) => update(join(folder, 'served.db'), url))
  const list = join(folder, 'files')
  writeFileSync(list, files.join('\n'))
  let round = 0
  const database = () => join(folder, `all-${round}.db`)
  const all = () => {
    round++
    return update(database(), mirror, ['--offline'])
  }
  const floor = () => run([script('feed-floor')], { input: list, memory: true })
  const [floors, runs] = (await inTurn([floor, all], Math.min(times, 3))) as [readonly Run[], readonly Run[]]
  const ours = median(runs.map(({ ms }) => ms))
  const least = median(floors.map(({ stdout }) => (JSON.parse(stdout) as { ms: number }).ms))
  push({
    what: `update all feeds from empty (${files.length} files)`,
    ours: `${ours.toFixed(0)} ms`,
    floor: `decompress and parse: ${least.toFixed(0)} ms`,
    ratio: (ours / least).toFixed(2),
    target: '3',
  })
  push(memoryRow('peak memory of it', runs, '400 MiB'))
  const compressed = files.reduce((sum, file) => sum + compressedSize(file), 0)
  push({
    what: 'the database after it',
    ours: `${(sizeOf(database()) / mebibyte).toFixed(0)} MiB`,
    floor: `the feeds, compressed: ${(compressed / mebibyte).toFixed(0)} MiB`,
    ratio: (sizeOf(database()) / compressed).toFixed(2),
    target: '3',
  })
  return database()
}

async function batch(database: string, { push }: UpdatingOptions): Promise<void> {
  const { stdout } = await run([script('match-batch'), database])
  const { ms, packages, findings } = JSON.parse(stdout) as { ms: number[]; packages: number; findings: number }
  push({
    what: `match ${packages} packages in one batch, warm (${findings} findings)`,
    ours: `${median(ms).toFixed(1)} ms`,
    floor: '',
    ratio: '',
    target: '50 ms',
  })
}

async function growth({ mirror, folder, push }: UpdatingOptions): Promise<void> {
  const tracker = await readTracker(mirror)
  const changed = join(folder, 'changed')
  const database = join(folder, 'changed.db')
  const update = async () => {
    await writeTracker(changed, tracker)
    await run([command, 'update', 'debian', '--mirror', changed, '--db', database, '--offline'], { codes })
    return sizeOf(database)
  }
  const first = await update()
  let last = first
  for (let round = 1; round <= 20; round++) {
    changeHundredth(tracker, round)
    last = await update()
  }
  push({
    what: 'the database of one feed after twenty updates that each change 1 %',
    ours: `${(last / mebibyte).toFixed(1)} MiB`,
    floor: `before: ${(first / mebibyte).toFixed(1)} MiB`,
    ratio: (last / first).toFixed(2),
    target: '1.2',
  })
}

async function tenfold({ mirror, folder, push }: UpdatingOptions): Promise<void> {
  const large = join(folder, 'large')
  await writeEnlarged(large, await readTracker(mirror), 10)
  const args = [command, 'update', 'debian', '--mirror', large, '--db', join(folder, 'large.db'), '--offline']
  const runs = [await run(args, { memory: true, codes })]
  if (!runs[0]!.stdout.includes('imported')) throw new Error(runs[0]!.stdout)
  push(memoryRow('peak memory of updating the feed of Debian ten times as large', runs, '400 MiB'))
}

function memoryRow(what: string, runs: readonly Run[], target: string): Row {
  return { what, ours: `${Math.max(...runs.map(({ mib }) => mib)).toFixed(0)} MiB`, floor: '', ratio: '', target }
}

/** The size of a database, with its log where there is one. */
function sizeOf(database: string): number {
  return [database, `${database}-wal`].filter(existsSync).reduce((sum, file) => sum + statSync(file).size, 0)
}

function compressedSize(file: string): number {
  return /\.(?:gz|bz2|zst|xz|zip)$/.test(file) ? statSync(file).size : gzipSync(readFileSync(file)).length
}
