import { createEngine, type LeftOut } from '../../compose.ts'
import { encode } from '../../report/json.ts'
import { type Column, columnWidths, line, painter, paragraph, tableLines } from '../../report/layout.ts'
import { counted, grouped } from '../../report/words.ts'
import { exitCodes } from '../exit.ts'
import { writeOut } from '../output.ts'
import { wantsColor, widthOf } from '../terminal.ts'
import type { DataOptions } from './data.ts'

/** `chiaro data gaps`: the records of feeds that could not be read. */
export async function runGaps(feeds: readonly string[], options: DataOptions, signal: AbortSignal): Promise<number> {
  await using engine = await createEngine({ database: options.db, mirror: undefined, offline: true })
  const leftOut = await engine.leftOut(feeds)
  const color = wantsColor(options.color, process.stdout, process.env)
  const text =
    options.format === 'json' ? gapLines(leftOut) : gapsText(leftOut, { width: widthOf(process.stdout), color })
  await writeOut(text, signal)
  return exitCodes.passed
}

/** One JSON object a line for every record. */
function* gapLines(leftOut: readonly LeftOut[]): Iterable<string> {
  for (const { feed, gaps } of leftOut) {
    for (const { code, where, detail } of gaps) yield `${encode({ feed, code, where, detail })}\n`
  }
}

const columns: readonly Column[] = [
  { title: 'FEED', min: 12, max: 40 },
  { title: 'RECORD', min: 16, max: 60 },
  { title: 'WHAT', min: 30, max: 160 },
]

/** A table of the records, and how many there are of each feed. */
export function* gapsText(
  leftOut: readonly LeftOut[],
  { width, color }: { readonly width: number | undefined; readonly color: boolean },
): Iterable<string> {
  if (leftOut.length === 0) {
    yield 'Every record could be read.\n'
    return
  }
  const rows = leftOut.flatMap(({ feed, gaps }) =>
    gaps.map(({ where, detail }) => [[{ text: line(feed) }], [{ text: line(where) }], [{ text: line(detail) }]]),
  )
  const widths = columnWidths(columns, rows, width) ?? columns.map(({ min }) => min)
  yield* tableLines(columns, rows, widths, painter(color))
  yield '\n'
  for (const { feed, records, gaps } of leftOut) {
    const rest = records > gaps.length ? `, of which the first ${grouped(gaps.length)} are kept` : ''
    const text = `${line(feed)}: ${counted(records, 'record')} could not be read and ${records === 1 ? 'was' : 'were'} left out${rest}.`
    yield paragraph(text, width ?? Number.POSITIVE_INFINITY)
  }
}
