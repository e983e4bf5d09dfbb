/** The signature, flags and extension length that binary data for COPY begins with. */
const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')

const firstBytes = 64 * 1024

/**
 * Rows in the binary format of COPY (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"), field by field:
 * what would have to be escaped in its text format, and is quicker to write and to read.
 */
export class CopyRows {
  #buffer = Buffer.allocUnsafe(firstBytes)
  #length = 0
  #rows = 0

  /** Bytes so far. */
  get size(): number {
    return this.#length
  }

  get isEmpty(): boolean {
    return this.#rows === 0
  }

  /** Begins a row of so many fields, which have to follow. */
  row(fields: number): void {
    if (this.#rows++ === 0) this.#begin()
    this.#reserve(2)
    this.#length = this.#buffer.writeInt16BE(fields, this.#length)
  }

  integer(value: number | null): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeInt32BE(value === null ? -1 : 4, this.#length)
    if (value !== null) this.#length = this.#buffer.writeInt32BE(value, this.#length)
  }

  bigint(value: number): void {
    this.#reserve(12)
    this.#length = this.#buffer.writeInt32BE(8, this.#length)
    this.#length = this.#buffer.writeBigInt64BE(BigInt(value), this.#length)
  }

  text(value: string | null): void {
    this.#reserve(4 + (value?.length ?? 0) * 3)
    const bytes = value === null ? 0 : this.#buffer.write(value, this.#length + 4, 'utf8')
    this.#length = this.#buffer.writeInt32BE(value === null ? -1 : bytes, this.#length) + bytes
  }

  bytes(value: Uint8Array): void {
    this.#reserve(4 + value.length)
    this.#length = this.#buffer.writeInt32BE(value.length, this.#length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
  }

  /** The rows so far, after which it begins anew. */
  take(): Buffer {
    this.#reserve(2)
    this.#length = this.#buffer.writeInt16BE(-1, this.#length)
    const content = this.#buffer.subarray(0, this.#length)
    this.#buffer = Buffer.allocUnsafe(firstBytes)
    this.#length = 0
    this.#rows = 0
    return content
  }

  #begin(): void {
    this.#reserve(header.length)
    this.#buffer.set(header, this.#length)
    this.#length += header.length
  }

  #reserve(bytes: number): void {
    const wanted = this.#length + bytes
    if (wanted <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.#buffer.length * 2))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}

/** The fields of the rows that a `COPY … TO STDOUT` in the binary format gave, one after the other; none of them is null. */
export function* copiedFields(content: Buffer): Generator<Buffer> {
  let at = header.length
  for (;;) {
    const fields = content.readInt16BE(at)
    at += 2
    if (fields < 0) return
    for (let field = 0; field < fields; field++) {
      const start = at + 4
      at = start + content.readInt32BE(at)
      yield content.subarray(start, at)
    }
  }
}
