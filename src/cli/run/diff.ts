import { createEngine, type FeedChanges } from '../../compose.ts'
import type { Statement } from '../../core/advisory.ts'
import type { Rating } from '../../core/severity.ts'
import type { FactChange, Generation, StatementChange } from '../../core/store.ts'
import { encode } from '../../report/json.ts'
import { type Cell, type Column, columnWidths, line, painter, paragraph, tableLines } from '../../report/layout.ts'
import { grouped } from '../../report/words.ts'
import { exitCodes } from '../exit.ts'
import { writeOut } from '../output.ts'
import { wantsColor, widthOf } from '../terminal.ts'
import type { DataOptions } from './data.ts'

/** What the options of `chiaro data diff` come to. */
export type DiffOptions = DataOptions

/** Changes that are laid out in one go: the columns are as wide as the first of them need. */
const pageSize = 1000

/** `chiaro data diff`: what changed in a feed between two states, numbers of generations or times. */
export async function runDiff(
  feed: string,
  from: number | string | undefined,
  to: number | string | undefined,
  options: DiffOptions,
  signal: AbortSignal,
): Promise<number> {
  await using engine = await createEngine({ database: options.db, mirror: undefined, offline: true })
  const changes = await engine.changes(feed, from, to)
  const color = wantsColor(options.color, process.stdout, process.env)
  const text =
    options.format === 'json' ? diffLines(changes) : diffText(changes, { width: widthOf(process.stdout), color })
  for await (const part of text) await writeOut([part], signal)
  return exitCodes.passed
}

const words = { added: 'added', changed: 'changed', closed: 'withdrawn' } as const
const styles = { added: 'green', changed: 'yellow', closed: 'red' } as const

/** One JSON object a line for every change; `before` and `after` are what was said, or null. */
async function* diffLines({ statements, facts }: FeedChanges): AsyncIterable<string> {
  const said = (statement: Statement | undefined) => {
    if (statement === undefined) return null
    const { key: _, ...rest } = statement
    return rest
  }
  for await (const { change, key, vulnerability, before, after } of statements) {
    const object = { change: words[change], scope: key.scope, package: key.name, vulnerability }
    yield `${encode({ ...object, before: said(before), after: said(after) })}\n`
  }
  for await (const { change, name, before = null, after = null } of facts) {
    yield `${encode({ change: words[change], fact: name, before, after })}\n`
  }
}

const statementColumns: readonly Column[] = [
  { title: 'CHANGE', min: 9, max: 9 },
  { title: 'SCOPE', min: 8, max: 30 },
  { title: 'PACKAGE', min: 10, max: 50 },
  { title: 'VULNERABILITY', min: 13, max: 30 },
  { title: 'BEFORE', min: 10, max: 80 },
  { title: 'AFTER', min: 10, max: 80 },
]

const factColumns: readonly Column[] = [
  { title: 'CHANGE', min: 9, max: 9 },
  { title: 'FACT', min: 13, max: 60 },
  { title: 'BEFORE', min: 10, max: 80 },
  { title: 'AFTER', min: 10, max: 80 },
]

/** How something is printed. */
interface Print {
  readonly width: number | undefined
  readonly color: boolean
}

/** A table of the changed statements, one of the changed facts, and their numbers. */
export async function* diffText(
  { feed, from, to, statements, facts }: FeedChanges,
  print: Print,
): AsyncIterable<string> {
  const counted = { statements: new Map<Change, number>(), facts: new Map<Change, number>() }
  yield* changeTable(statements, { columns: statementColumns, rowOf: statementRow, counts: counted.statements }, print)
  yield* changeTable(facts, { columns: factColumns, rowOf: factRow, counts: counted.facts }, print)
  const numbers = [numbersOf(counted.statements), numbersOf(counted.facts, 'facts: ')].filter((text) => text !== '')
  const what = numbers.length === 0 ? 'no statement and no fact changed' : numbers.join('; ')
  const text = `${line(feed)}, ${from === undefined ? 'from nothing' : stateOf(from)} to ${stateOf(to)}: ${what}.`
  yield paragraph(text, print.width ?? Number.POSITIVE_INFINITY)
}

type Change = keyof typeof words

/** How changes of one kind are shown; `counts` grows as they are. */
interface ChangeTable<Item> {
  readonly columns: readonly Column[]
  readonly rowOf: (item: Item) => readonly Cell[]
  readonly counts: Map<Change, number>
}

/** A table of changes with an empty line behind it; nothing, if there are none. */
async function* changeTable<Item extends { readonly change: Change }>(
  items: AsyncIterable<Item>,
  { columns, rowOf, counts }: ChangeTable<Item>,
  { width, color }: Print,
): AsyncIterable<string> {
  let widths: readonly number[] | undefined
  for await (const page of pages(items)) {
    for (const { change } of page) counts.set(change, (counts.get(change) ?? 0) + 1)
    const rows = page.map(rowOf)
    const first = widths === undefined
    widths ??= columnWidths(columns, rows, width) ?? columns.map(({ min }) => min)
    const lines = [...tableLines(columns, rows, widths, painter(color))]
    yield lines.slice(first ? 0 : 1).join('')
  }
  if (widths !== undefined) yield '\n'
}

function numbersOf(counts: ReadonlyMap<Change, number>, prefix = ''): string {
  const numbers = (Object.keys(words) as Change[]).flatMap((change) => {
    const count = counts.get(change)
    return count === undefined ? [] : [`${grouped(count)} ${words[change]}`]
  })
  return numbers.length === 0 ? '' : `${prefix}${numbers.join(', ')}`
}

async function* pages<Item>(items: AsyncIterable<Item>): AsyncIterable<readonly Item[]> {
  let page: Item[] = []
  for await (const item of items) {
    page.push(item)
    if (page.length < pageSize) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

function factRow({ change, name, before, after }: FactChange): readonly Cell[] {
  const value = (json: FactChange['before']): Cell => [{ text: json === undefined ? '' : encode(json) }]
  return [[{ text: words[change], style: styles[change] }], [{ text: line(name) }], value(before), value(after)]
}

function statementRow({ change, key, vulnerability, before, after }: StatementChange): readonly Cell[] {
  return [
    [{ text: words[change], style: styles[change] }],
    [{ text: line(key.scope) }],
    [{ text: line(key.name) }],
    [{ text: line(vulnerability) }],
    [{ text: statementText(before) }],
    [{ text: statementText(after) }],
  ]
}

/** All that a statement says, so that two that differ read differently. */
function statementText(statement: Statement | undefined): string {
  if (statement === undefined) return ''
  const { fix, fixedIn, ranges, rating, advisory, note } = statement
  const affected = ranges?.map(({ introduced, fixed, lastAffected }) => {
    const end = fixed === undefined ? (lastAffected === undefined ? ')' : `${lastAffected}]`) : `${fixed})`
    return `[${introduced ?? ''},${end}`
  })
  const parts = [
    fixedIn === undefined ? fix : `${fix} in ${fixedIn}`,
    ...(affected === undefined ? [] : [`affected ${affected.join(' ')}`]),
    ...(rating === undefined ? [] : [ratingText(rating)]),
    ...(advisory === undefined ? [] : [advisory]),
    ...(note === undefined ? [] : [note]),
  ]
  return line(parts.join(', '))
}

function ratingText({ severity, original, score, vector }: Rating): string {
  const word = original === undefined || original === severity ? severity : `${severity} (${original})`
  return [word, score, vector].filter((part) => part !== undefined).join(' ')
}

function stateOf({ number, importedAt }: Generation): string {
  return `generation ${number} (${line(importedAt)})`
}
