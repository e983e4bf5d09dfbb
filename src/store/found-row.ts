import type { Finding, FindingDetails, Found, Reason } from '../core/report.ts'
import { RowDamaged } from './row-damaged.ts'

/**
 * What was found in an image, as the table `image` has it: by columns, since findings have most of what they say in common, and
 * each value is written once. Reasons are rows of their own, as the findings of a package mostly have the same one.
 */
interface Content {
  /** Its column `why` has places only. */
  readonly findings: Table<Omit<Finding, keyof FindingDetails>>
  readonly reasons: Table<ReasonRow>
  readonly gaps: Found['gaps']
}

/**
 * The details of findings: the first line of their text. What follows it are the descriptions, as most of the bytes are in them,
 * and parsing them out of JSON takes longer than everything else. They are ASCII, which is read several times as quickly as what
 * is not.
 */
interface Details {
  /** Its column `description` has places only. */
  readonly columns: Columns<FindingDetails>
  /** Of the descriptions, in their order. */
  readonly lengths: readonly number[]
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
  /** Not there: it was not read. */
  readonly details?: string
}

export function encodeFound({ findings, gaps }: Found): Required<FoundRow> {
  const { count, columns } = tableOf(findings)
  const { cvss, weaknesses, description, links, ...others } = columns
  const why = { values: [], places: columns.why?.places ?? [] }
  const reasons = (columns.why?.values ?? []).map((reason): ReasonRow => {
    return { ...reason, layerDigest: reason.layerDigest ?? null }
  })
  const content: Content = { findings: { count, columns: { ...others, why } }, reasons: tableOf(reasons), gaps }
  const descriptions = (description?.values ?? []).map(escapeText)
  const details: Details = {
    columns: { cvss, weaknesses, description: { values: [], places: description?.places ?? [] }, links },
    lengths: descriptions.map(({ length }) => length),
  }
  return { found: JSON.stringify(content), details: `${JSON.stringify(details)}\n${descriptions.join('')}` }
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

/** Throws when it is not what `encodeFound` gave. Details that were not read are empty. */
export function decodeFound(row: FoundRow): Found {
  const { findings, reasons, gaps } = JSON.parse(row.found) as Content
  const { columns, count } = findings
  if (count === 0) return { findings: [], gaps }
  const why = { values: rowsOf(reasons, reasonAt), places: columns.why.places }
  const details = row.details === undefined ? noDetails : decodeDetails(row.details)
  return { findings: rowsOf({ count, columns: { ...columns, ...details, why } }, findingAt), gaps }
}

const noDetails: Columns<FindingDetails> = {
  cvss: { values: [[]], places: [] },
  weaknesses: { values: [[]], places: [] },
  description: { values: [''], places: [] },
  links: { values: [[]], places: [] },
}

function decodeDetails(text: string): Columns<FindingDetails> {
  const end = text.indexOf('\n')
  const { columns, lengths } = JSON.parse(text.slice(0, end)) as Details
  const description = { values: slices(text.slice(end + 1), lengths), places: columns.description.places }
  return { ...columns, description }
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
