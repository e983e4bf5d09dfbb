import { createEngine } from '../../compose.ts'
import type { FeedOutcome } from '../../core/feed-outcome.ts'
import {
  type Cell,
  type Column,
  columnWidths,
  line,
  type Paint,
  painter,
  paragraph,
  tableLines,
} from '../../report/layout.ts'
import { counted, grouped } from '../../report/words.ts'
import type { FeedOptions, TerminalOptions } from '../commands/options.ts'
import { exitCodes } from '../exit.ts'
import { writeOut } from '../output.ts'
import { showProgress } from '../progress.ts'
import { wantsColor, widthOf } from '../terminal.ts'

/** What the options of `chiaro update` come to. */
export interface UpdateOptions extends FeedOptions, TerminalOptions {
  readonly force?: boolean
}

/** `chiaro update`: brings feeds up to date and says what that changed. */
export async function runUpdate(
  feeds: readonly string[],
  options: UpdateOptions,
  signal: AbortSignal,
): Promise<number> {
  const display = showProgress(process.stderr, options.progress && options.quiet !== true)
  let outcomes: readonly FeedOutcome[]
  try {
    await using engine = await createEngine({
      database: options.db,
      mirror: options.mirror,
      sources: options.source && Object.fromEntries(options.source),
      offline: options.offline === true,
    })
    outcomes = await engine.update(feeds, { force: options.force === true, signal, progress: display.report })
  } finally {
    display.stop()
  }
  signal.throwIfAborted()
  const color = wantsColor(options.color, process.stdout, process.env)
  await writeOut(updateText(outcomes, { width: widthOf(process.stdout), color }), signal)
  return outcomes.some(({ outcome }) => outcome === 'failed') ? exitCodes.failed : exitCodes.passed
}

const columns: readonly Column[] = [
  { title: 'FEED', min: 12, max: 40 },
  { title: 'OUTCOME', min: 9, max: 9 },
  { title: 'STATEMENTS', min: 10, max: 12, align: 'right' },
  { title: 'CHANGES', min: 12, max: 60 },
]

const styles = { imported: 'green', unchanged: undefined, fresh: undefined, failed: ['bold', 'red'] } as const

/** What an update did, feed by feed, and the errors in full. */
export function* updateText(outcomes: readonly FeedOutcome[], layout: Layout): Iterable<string> {
  const { width, color } = layout
  yield* outcomesTable(outcomes, layout)
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed')
  // In a pipe nothing is broken: a path or an address has to be found again as it is.
  yield* failures(failed, width ?? Number.POSITIVE_INFINITY, painter(color))
  yield `\n${summaryOf(outcomes.length, failed.length)}\n`
}

interface Layout {
  readonly width: number | undefined
  readonly color: boolean
}

/** What became of each feed, as a table. */
export function* outcomesTable(
  outcomes: readonly Pick<FeedOutcome, 'feed' | 'outcome' | 'result'>[],
  { width, color }: Layout,
): Iterable<string> {
  const rows = outcomes.map(({ feed, outcome, result }): readonly Cell[] => [
    [{ text: line(feed) }],
    [{ text: outcome, style: styles[outcome] }],
    [{ text: result === undefined ? '' : grouped(result.records) }],
    [{ text: result === undefined ? '' : changesOf(result) }],
  ])
  const widths = columnWidths(columns, rows, width) ?? columns.map(({ min }) => min)
  if (rows.length > 0) yield* tableLines(columns, rows, widths, painter(color))
}

/** Each error once, with the feeds that it stopped. */
function* failures(failed: readonly FeedOutcome[], width: number, paint: Paint): Iterable<string> {
  const reasons = Map.groupBy(failed, ({ error }) => `${error?.code ?? 'FEED_FAILED'}\0${error?.message ?? ''}`)
  if (reasons.size > 0) yield '\n'
  for (const [reason, own] of reasons) {
    const [code, message] = reason.split('\0')
    const title = `${line(code!)}:`
    const feeds = line(own.map(({ feed }) => feed).join(', '))
    yield paragraph(`${title} ${feeds}`, width, '', '  ').replace(title, paint(['bold', 'red'], title))
    yield paragraph(line(message || 'The reason is not known.'), width, '  ')
    if (own.length === 1) yield paragraph(line(own[0]!.url), width, '  ', '  ', (text) => paint('dim', text))
  }
}

function changesOf({ added, changed, closed, gaps }: NonNullable<FeedOutcome['result']>): string {
  const parts = [
    ...(added > 0 ? [`${grouped(added)} new`] : []),
    ...(changed > 0 ? [`${grouped(changed)} changed`] : []),
    ...(closed > 0 ? [`${grouped(closed)} withdrawn`] : []),
    ...(gaps.length > 0 ? [`${grouped(gaps.length)} unreadable`] : []),
  ]
  return parts.join(', ') || 'none'
}

function summaryOf(all: number, failed: number): string {
  if (failed === 0) return `${counted(all, 'feed is', 'feeds are')} up to date.`
  return `${grouped(failed)} of ${counted(all, 'feed')} failed; what was loaded before is still there.`
}
