import { DamagedError } from './header.ts'

/** A number of up to nine bytes, seven bits a byte, highest first. What is above 2^53 is not exact, and never needed. */
export function varintAt(bytes: Buffer, from: number, end: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let i = 0; i < 9; i += 1) {
    const at = from + i
    if (at >= end) break
    const byte = bytes[at]!
    if (i === 8) return { value: value * 256 + byte, end: at + 1 }
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, end: at + 1 }
  }
  throw new DamagedError('it has a number without an end')
}

/** The blob of a row of `Packages`: its second column, behind the row id which is stored as NULL. */
export function blobOf(record: Buffer): Buffer | DamagedError {
  try {
    const { type, from, end } = columnsOf(record)[1] ?? { type: 0, from: 0, end: 0 }
    if (type < 12 || type % 2 !== 0) return new DamagedError('a row has no blob')
    return record.subarray(from, end)
  } catch (error) {
    if (error instanceof DamagedError) return error
    throw error
  }
}

/** The root page, if this row of `sqlite_schema` (type, name, tbl_name, rootpage, sql) is that of the table called `name`. */
export function schemaRowOf(record: Buffer, name: string): number | undefined {
  try {
    const columns = columnsOf(record)
    const text = (i: number) => record.toString('utf8', columns[i]?.from, columns[i]?.end)
    if (columns.length < 5 || text(0) !== 'table' || text(1) !== name) return undefined
    return integerOf(record, columns[3]!)
  } catch (error) {
    if (error instanceof DamagedError) return undefined
    throw error
  }
}

interface Column {
  readonly type: number
  readonly from: number
  readonly end: number
}

/** Of a record with more columns than these the rest is left out: rpm's tables have fewer. */
const MOST_COLUMNS = 8

/** The size of the header, the serial type of each column, then their values ("Record Format"). */
function columnsOf(record: Buffer): readonly Column[] {
  const head = varintAt(record, 0, record.length)
  if (head.value > record.length) throw new DamagedError('a row is shorter than it says')
  const columns: Column[] = []
  let from = head.value
  for (let at = head.end; at < head.value && columns.length < MOST_COLUMNS; ) {
    const type = varintAt(record, at, head.value)
    const end = from + bytesOf(type.value)
    if (end > record.length) throw new DamagedError('a row is shorter than it says')
    columns.push({ type: type.value, from, end })
    from = end
    at = type.end
  }
  return columns
}

function bytesOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2)
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][type]!
}

function integerOf(record: Buffer, { type, from, end }: Column): number | undefined {
  if (type === 9) return 1
  return type >= 1 && type <= 4 ? record.readUIntBE(from, end - from) : undefined
}
