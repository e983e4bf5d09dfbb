import type { Finding, Found, Reason } from '../core/report.ts'
import { RowDamaged } from './row-damaged.ts'

/**
 * What was found in an image, as the table `image` has it: by columns, since findings have most of what they say in common, and
 * each value is written once. Reasons are rows of their own, as the findings of a package mostly have the same one. Most of the
 * bytes are descriptions: they are one text, of which each is a slice, since parsing them out of JSON takes longer than
 * everything else. It is ASCII, which is read several times as quickly as what is not.
 */
interface Content {
  /** Its columns `description` and `why` have places only. */
  readonly findings: Table<Finding>
  readonly reasons: Table<ReasonRow>
  /** Of the descriptions, in their order. */
  readonly lengths: readonly number[]
  readonly gaps: Found['gaps']
}

/** JSON has no `undefined`. */
type ReasonRow = Omit<Reason, 'layerDigest'> & { layerDigest: Reason['layerDigest'] | null }

interface Table<Row> {
  readonly count: number
  readonly columns: Columns<Row>
}

type Columns<Row> = { readonly [Name in keyof Row]: Column<Row[Name]> }

/** The values of a column, and the place among them for each row; none is 0 for all. */
interface Column<Value> {
  readonly values: readonly Value[]
  readonly places: readonly number[]
}

/** The two texts of what was found in an image. */
export interface FoundRow {
  readonly found: string
  readonly descriptions: string
}

export function encodeFound({ findings, gaps }: Found): FoundRow {
  const { count, columns } = tableOf(findings)
  const descriptions = (columns.description?.values ?? []).map(escapeText)
  const reasons = columns.why?.values ?? []
  const description = { values: [], places: columns.description?.places ?? [] }
  const why = { values: [], places: columns.why?.places ?? [] }
  const content: Content = {
    findings: { count, columns: { ...columns, description, why } },
    reasons: tableOf(reasons.map((why): ReasonRow => ({ ...why, layerDigest: why.layerDigest ?? null }))),
    lengths: descriptions.map(({ length }) => length),
    gaps,
  }
  return { found: JSON.stringify(content), descriptions: descriptions.join('') }
}

/** The columns of rows that all have the same properties; of no rows, no columns. */
function tableOf<Row extends object>(rows: readonly Row[]): Table<Row> {
  const names = Object.keys(rows[0] ?? {}) as (keyof Row)[]
  const columns = names.map((name) => [name, columnOf(rows.map((row) => row[name]))])
  return { count: rows.length, columns: Object.fromEntries(columns) as Columns<Row> }
}

function columnOf<Value>(all: readonly Value[]): Column<Value> {
  const known = new Map<string, number>()
  const values: Value[] = []
  const places = all.map((value) => {
    const text = JSON.stringify(value)
    const place = known.get(text) ?? values.push(value) - 1
    known.set(text, place)
    return place
  })
  return { values, places: values.length === 1 ? [] : places }
}

/** Throws when it is not what `encodeFound` gave. */
export function decodeFound(row: FoundRow): Found {
  const { findings, reasons, lengths, gaps } = JSON.parse(row.found) as Content
  if (findings.count === 0) return { findings: [], gaps }
  const { columns, count } = findings
  const description = { values: slices(row.descriptions, lengths), places: columns.description.places }
  const why = { values: rowsOf(reasons, reasonAt), places: columns.why.places }
  return { findings: rowsOf({ count, columns: { ...columns, description, why } }, findingAt), gaps }
}

function rowsOf<Row, Value>(
  { count, columns }: Table<Row>,
  rowAt: (columns: Columns<Row>, index: number) => Value,
): readonly Value[] {
  const firsts = new Array<number>(count).fill(0)
  const filled: Record<string, Column<unknown>> = {}
  for (const [name, { values, places }] of Object.entries<Column<unknown>>(columns)) {
    filled[name] = { values, places: places.length === 0 ? firsts : places }
  }
  return firsts.map((_, index) => rowAt(filled as unknown as Columns<Row>, index))
}

function slices(text: string, lengths: readonly number[]): readonly string[] {
  let end = 0
  const parts = lengths.map((length) => {
    end += length
    return unescapeText(text.slice(end - length, end))
  })
  if (end !== text.length) throw new RowDamaged('descriptions are cut off')
  return parts
}

/** `text` in ASCII: what is not is written as JSON can write it, and so is the backslash. */
function escapeText(text: string): string {
  return text.replace(/[\\\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function unescapeText(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function findingAt(columns: Columns<Finding>, index: number): Finding {
  return {
    id: at(columns.id, index),
    aliases: at(columns.aliases, index),
    package: at(columns.package, index),
    version: at(columns.version, index),
    arch: at(columns.arch, index),
    purl: at(columns.purl, index),
    fixedIn: at(columns.fixedIn, index),
    state: at(columns.state, index),
    severity: at(columns.severity, index),
    severitySource: at(columns.severitySource, index),
    cvss: at(columns.cvss, index),
    weaknesses: at(columns.weaknesses, index),
    epss: at(columns.epss, index),
    kev: at(columns.kev, index),
    risk: at(columns.risk, index),
    description: at(columns.description, index),
    links: at(columns.links, index),
    advisory: at(columns.advisory, index),
    advisoryLink: at(columns.advisoryLink, index),
    note: at(columns.note, index),
    setAside: at(columns.setAside, index),
    why: at(columns.why, index),
  }
}

function reasonAt(columns: Columns<ReasonRow>, index: number): Reason {
  return {
    feed: at(columns.feed, index),
    scope: at(columns.scope, index),
    name: at(columns.name, index),
    scheme: at(columns.scheme, index),
    compared: at(columns.compared, index),
    because: at(columns.because, index),
    path: at(columns.path, index),
    layer: at(columns.layer, index),
    layerDigest: at(columns.layerDigest, index) ?? undefined,
    createdBy: at(columns.createdBy, index),
  }
}

function at<Value>({ values, places }: Column<Value>, index: number): Value {
  const value = values[places[index]!]
  if (value === undefined) throw new RowDamaged('a part of a finding is missing')
  return value
}
