import { createEngine, type Engine } from '../../compose.ts'
import { printableLocation } from '../../core/database-location.ts'
import type { FeedStatus } from '../../core/store.ts'
import { type Cell, type Column, columnWidths, line, painter, paragraph, tableLines } from '../../report/layout.ts'
import { ago, counted, grouped } from '../../report/words.ts'
import type { DatabaseOptions } from '../commands/options.ts'
import { exitCodes } from '../exit.ts'
import { writeOut } from '../output.ts'
import { bytes } from '../progress.ts'
import { type ColorChoice, wantsColor, widthOf } from '../terminal.ts'

/** What the options of `chiaro data` come to. */
export interface DataOptions extends DatabaseOptions {
  readonly format: 'table' | 'json'
  readonly color: ColorChoice
}

/** What the options of `chiaro data gc` come to. */
export interface GcOptions extends DatabaseOptions {
  readonly keep: number
}

/** `chiaro data`: what is loaded. */
export async function runData(options: DataOptions): Promise<number> {
  await using engine = await open(options)
  const feeds = await engine.store.advisories.status()
  const loaded = new Set(feeds.filter(({ generation }) => generation > 0).map(({ feed }) => feed))
  const notLoaded = engine.feedIds().filter((feed) => !loaded.has(feed))
  if (options.format === 'json') {
    await writeOut([
      `${JSON.stringify({ schemaVersion: 1, database: printableLocation(options.db), feeds: feeds.map(feedJson), notLoaded }, null, 2)}\n`,
    ])
    return exitCodes.passed
  }
  const color = wantsColor(options.color, process.stdout, process.env)
  await writeOut(
    dataText(
      { feeds, notLoaded, database: printableLocation(options.db) },
      { width: widthOf(process.stdout), color, now: new Date() },
    ),
  )
  return exitCodes.passed
}

/** `chiaro data verify`: whether the database is sound. */
export async function runVerify(options: DatabaseOptions): Promise<number> {
  await using engine = await open(options)
  const problems = await engine.store.verify()
  if (problems.length === 0) {
    await writeOut([`The database is sound: ${line(printableLocation(options.db))}\n`])
    return exitCodes.passed
  }
  await writeOut([
    `The database is damaged: ${line(printableLocation(options.db))}\n`,
    ...problems.map((problem) => `  - ${line(problem)}\n`),
  ])
  await writeOut(['Remove it and run "chiaro update": everything in it can be fetched again.\n'])
  return exitCodes.failed
}

/** `chiaro data gc`: removes what is no longer needed. */
export async function runGc(options: GcOptions): Promise<number> {
  await using engine = await open(options)
  const before = new Date(Date.now() - options.keep * 86_400_000).toISOString()
  const { statements, layers, images, bytes: freed } = await engine.store.gc(before)
  const parts = `${counted(statements, 'statement')}, ${counted(layers, 'layer')} and ${counted(images, 'image')}`
  await writeOut([`Removed ${parts}; ${bytes(freed)} given back.\n`])
  return exitCodes.passed
}

/** None of these commands needs a feed, so none may use the network. */
async function open({ db }: DatabaseOptions): Promise<Engine> {
  return createEngine({ database: db, mirror: undefined, offline: true })
}

function feedJson(feed: FeedStatus) {
  const { feed: id, url, generation, checkedAt, importedAt, dataTime, records, gaps, lastError } = feed
  return { feed: id, url, generation, checkedAt, importedAt, dataTime, records, gaps, lastError: lastError ?? null }
}

const columns: readonly Column[] = [
  { title: 'FEED', min: 12, max: 40 },
  { title: 'CHECKED', min: 8, max: 24 },
  { title: 'CHANGED', min: 8, max: 24 },
  { title: 'STATEMENTS', min: 10, max: 12, align: 'right' },
  { title: 'GAPS', min: 4, max: 8, align: 'right' },
]

/** What `chiaro data` shows. */
interface LoadedData {
  readonly database: string
  /** Every feed that was ever tried. */
  readonly feeds: readonly FeedStatus[]
  /** The feeds that there are beside the loaded ones. */
  readonly notLoaded: readonly string[]
}

/** What is loaded, feed by feed, the last errors in full, and what else there is. */
export function* dataText(
  { feeds, notLoaded, database }: LoadedData,
  { width, color, now }: { readonly width: number | undefined; readonly color: boolean; readonly now: Date },
): Iterable<string> {
  const paint = painter(color)
  // In a pipe a path or an address is not broken: it has to be found again as it is.
  const room = width ?? Number.POSITIVE_INFINITY
  yield paragraph(`Database: ${line(database)}`, room)
  if (feeds.length === 0) {
    yield '\nNo data is loaded. A scan loads what it needs; "chiaro update" loads everything.\n'
  } else {
    yield '\n'
    const rows = feeds.map((feed) => rowOf(feed, now))
    yield* tableLines(columns, rows, columnWidths(columns, rows, width) ?? columns.map(({ min }) => min), paint)
  }
  for (const { feed, lastError } of feeds) {
    if (lastError === undefined) continue
    yield `\n${paint(['bold', 'red'], `${line(feed)}: ${line(lastError.code)}`)} ${line(ago(lastError.at, now))}\n`
    yield paragraph(line(lastError.message), room, '  ')
  }
  if (notLoaded.length > 0) {
    yield '\n'
    yield paragraph(`Not loaded: ${line(notLoaded.join(', '))}`, width ?? 100, '', '  ', (text) => paint('dim', text))
  }
}

function rowOf(feed: FeedStatus, now: Date): readonly Cell[] {
  const time = (text: string | null): Cell => [
    text === null ? { text: 'never', style: 'red' } : { text: line(ago(text, now)) },
  ]
  return [
    [{ text: line(feed.feed), style: feed.lastError === undefined ? undefined : 'red' }],
    time(feed.generation === 0 ? null : feed.checkedAt),
    time(feed.generation === 0 ? null : feed.importedAt),
    [{ text: grouped(feed.records) }],
    [{ text: grouped(feed.gaps), style: feed.gaps === 0 ? undefined : 'yellow' }],
  ]
}
