import { styleText } from 'node:util'
import { printable } from '../core/errors.ts'

/** Text on a terminal: how wide it is, how it wraps, how it stands in columns. */

/** A colour or style, or several, in the words of `util.styleText`. */
export type Style = Parameters<typeof styleText>[0]

/** Puts a style on text that is already laid out. */
export type Paint = (style: Style | undefined, text: string) => string

/** Text with its style. */
export interface Part {
  readonly text: string
  readonly style?: Style | undefined
  /** Its `displayWidth`, where that was measured before: a long table is done sooner when each text is measured once. */
  readonly width?: number
}

/** What stands in one cell of a table: parts below each other. */
export type Cell = readonly Part[]

/** A column of a table. */
export interface Column {
  readonly title: string
  /** How narrow it may get before the table as a whole does not fit. */
  readonly min: number
  /** How narrow it should get only when nothing else helps. Default: `min`. */
  readonly good?: number
  readonly max: number
  readonly align?: 'right'
}

const gutter = '  '

/** A `Paint` that colours, or one that leaves text as it is. */
export function painter(color: boolean): Paint {
  if (!color) return (_, text) => text
  const codes = new Map<Style, readonly [string, string]>()
  return (style, text) => {
    if (style === undefined || text === '') return text
    let pair = codes.get(style)
    if (pair === undefined) {
      const [open = '', close = ''] = styleText(style, '|', { validateStream: false }).split('|')
      pair = [open, close]
      codes.set(style, pair)
    }
    return pair[0] + text + pair[1]
  }
}

/** Text from outside as one harmless line: no control characters, no lone surrogates. */
export function line(text: string): string {
  return plain.test(text) ? text : printable(text.toWellFormed())
}

/** Text from outside as a part of one line, cut to `most` columns. */
export function partOf(text: string, most: number, style?: Style): Part {
  if (text.length <= most && plain.test(text)) return { text, style, width: text.length }
  const shown = truncate(line(text), most)
  return { text: shown, style, width: displayWidth(shown) }
}

/** Characters that are one column wide each, whatever stands beside them: ASCII, Latin, and what reports are drawn with. */
const plain = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff…→█░]*$/
/** Made when they are needed: that takes longer than a small table. */
const zeroWidth = () => /^[\p{Mn}\p{Me}\p{Cf}]+$/u
/** Unicode Standard Annex 11, East Asian Wide and Fullwidth, and whatever is shown as an emoji. */
const wide = () =>
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\u3247\u3250-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u
let segmenter: Intl.Segmenter | undefined

/** The characters of `text` as people count them. The segmenter takes 15 ms to make, and plain text does not need it. */
function graphemes(text: string): Iterable<{ readonly segment: string }> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

/** How many columns a terminal needs for `text`, which must be one line without control characters. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment)
  return width
}

function widthOf({ text, width }: Part): number {
  return width ?? displayWidth(text)
}

function graphemeWidth(grapheme: string): number {
  if (wide().test(grapheme)) return 2
  return zeroWidth().test(grapheme) ? 0 : 1
}

/** `text` cut to `width` columns; an ellipsis says so. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  return `${take(text, Math.max(0, width - 1))}…`
}

/** As much from the start of `text` as fits into `width` columns. */
function take(text: string, width: number): string {
  if (plain.test(text)) return text.slice(0, width)
  let taken = ''
  let used = 0
  for (const { segment } of graphemes(text)) {
    used += graphemeWidth(segment)
    if (used > width) break
    taken += segment
  }
  return taken
}

/** `text` filled up with spaces to `width` columns. */
export function pad(text: string, width: number, align?: 'right'): string {
  const fill = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return align === 'right' ? fill + text : text + fill
}

/**
 * `text` in lines of at most `width` columns, broken between words; words that are too long are broken behind punctuation
 * where there is some, as in versions and paths. Always at least one line.
 */
export function wrap(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text]
  const lines: string[] = []
  let current = ''
  let used = 0
  for (const word of text.split(' ')) {
    for (const [index, piece] of pieces(word, width).entries()) {
      const size = displayWidth(piece)
      if (current !== '' && (index > 0 || used + 1 + size > width)) {
        lines.push(current)
        current = piece
        used = size
      } else {
        used += current === '' ? size : size + 1
        current = current === '' ? piece : `${current} ${piece}`
      }
    }
  }
  if (current !== '' || lines.length === 0) lines.push(current)
  return lines
}

function pieces(word: string, width: number): string[] {
  const found: string[] = []
  let rest = word
  while (displayWidth(rest) > width) {
    const most = take(rest, width) || [...graphemes(rest)][0]!.segment
    const point = breakPoint(most, rest[most.length])
    const piece = point > most.length / 3 ? most.slice(0, point) : most
    found.push(piece)
    rest = rest.slice(piece.length)
  }
  if (rest !== '' || found.length === 0) found.push(rest)
  return found
}

/** Where `text` is best broken before `next`: in front of `+` and `~`, behind other punctuation. */
function breakPoint(text: string, next: string | undefined): number {
  if (next === '+' || next === '~') return text.length
  const front = text.search(/[+~][^+~]*$/)
  return front > text.length / 3 ? front : text.search(/[-.:/_@,=][^-.:/_@,=]*$/) + 1
}

/** Prose: wrapped to `width` columns in all, each line behind its indent and with a line end. `style` is for each line. */
export function paragraph(
  text: string,
  width: number,
  indent = '',
  hanging = indent,
  style: (text: string) => string = (part) => part,
): string {
  return wrap(text, Math.max(1, width - hanging.length))
    .map((part, index) => `${index === 0 ? indent : hanging}${style(part)}\n`)
    .join('')
}

/**
 * The widths in which the columns fit into `width`: the widest give way first, down to their `min`. `undefined` when
 * that is not enough. Without a `width` every column gets what it needs, up to its `max`.
 */
export function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number | undefined,
): number[] | undefined {
  const widths = columns.map((column, index) => widestOf(column, index, rows))
  if (width === undefined) return widths
  const room = width - gutter.length * (columns.length - 1)
  const good = columns.map((column) => Math.max(column.min, column.good ?? 0))
  if (shrink(widths, good, room)) return widths
  const least = columns.map(({ min }) => min)
  return shrink(widths, least, room) ? widths : undefined
}

/** How wide a column has to be for the widest text in it, its `max` at the most. */
function widestOf({ title, max }: Column, index: number, rows: readonly (readonly Cell[])[]): number {
  let widest = displayWidth(title)
  for (let at = 0; at < rows.length && widest < max; at++) {
    const cell = rows[at]![index]!
    for (let part = 0; part < cell.length; part++) widest = Math.max(widest, widthOf(cell[part]!))
  }
  return Math.min(widest, max)
}

/** Takes from the widest until all fit into `room`, or nothing can be taken any more. */
function shrink(widths: number[], least: readonly number[], room: number): boolean {
  let excess = widths.reduce((sum, value) => sum + value, 0) - room
  while (excess > 0) {
    let widest = -1
    for (const [index, value] of widths.entries()) {
      if (value > least[index]! && (widest < 0 || value > widths[widest]!)) widest = index
    }
    if (widest < 0) return false
    widths[widest]! -= 1
    excess -= 1
  }
  return true
}

/** The table in columns of these widths, a line of titles first. */
export function* tableLines(
  columns: readonly Column[],
  rows: Iterable<readonly Cell[]>,
  widths: readonly number[],
  paint: Paint,
): Iterable<string> {
  const titles = columns.map(({ title }): Cell => [{ text: title, style: 'dim' }])
  yield rowLine(titles, 0, columns, widths, paint)
  for (const row of rows) {
    if (isOneLine(row, widths)) {
      yield rowLine(row, 0, columns, widths, paint)
      continue
    }
    const cells = row.map((cell, index) => wrapCell(cell, widths[index]!))
    const height = cells.reduce((most, { length }) => Math.max(most, length), 0)
    for (let at = 0; at < height; at++) yield rowLine(cells, at, columns, widths, paint)
  }
}

/** Most rows are, and a long table is done sooner when nothing is made for those. */
function isOneLine(row: readonly Cell[], widths: readonly number[]): boolean {
  for (let index = 0; index < row.length; index++) {
    const cell = row[index]!
    if (cell.length !== 1 || widthOf(cell[0]!) > widths[index]!) return false
  }
  return true
}

/** The lines of a cell. */
function wrapCell(cell: Cell, width: number): Cell {
  if (cell.length === 1 && widthOf(cell[0]!) <= width) return cell
  return cell.flatMap(({ text, style }) => wrap(text, width).map((part) => ({ text: part, style })))
}

function rowLine(
  cells: readonly Cell[],
  at: number,
  columns: readonly Column[],
  widths: readonly number[],
  paint: Paint,
): string {
  let text = ''
  let column = 0
  let used = 0
  for (let index = 0; index < cells.length; index++) {
    const part = cells[index]![at]
    if (part !== undefined && part.text !== '') {
      const width = widthOf(part)
      const start = columns[index]!.align === 'right' ? column + widths[index]! - width : column
      text += spaces(start - used) + paint(part.style, part.text)
      used = start + width
    }
    column += widths[index]! + gutter.length
  }
  return `${text}\n`
}

/** Each is made once: a long table needs thousands, of a few lengths. */
const madeSpaces: string[] = []
function spaces(count: number): string {
  if (count <= 0) return ''
  madeSpaces[count] ??= ' '.repeat(count)
  return madeSpaces[count]
}
