import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'

/** A file of a ZIP archive to be written. What is given beside its content is written although it may not be so. */
export interface ZipFile {
  readonly name: string
  readonly content?: string | Uint8Array
  readonly method?: number
  readonly flags?: number
  readonly crc?: number
  readonly size?: number
  readonly compressedSize?: number
  /** What stands in the file, if that is not the content compressed. */
  readonly data?: Uint8Array
  /** The name in the file's own header. */
  readonly localName?: string
  /** Where the directory says that the file is. */
  readonly offset?: number
}

/** How to write the archive around them. */
export interface ZipOptions {
  /** Write sizes and places in the ZIP64 fields. */
  readonly zip64?: boolean
  /** How many entries the end record states. */
  readonly entries?: number
  readonly comment?: string
}

/** A ZIP archive with these files (APPNOTE 6.3). */
export function zipOf(files: readonly ZipFile[], { zip64 = false, entries, comment = '' }: ZipOptions = {}): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const file of files) {
    const content = Buffer.from(file.content ?? '')
    const method = file.method ?? 8
    const data = Buffer.from(file.data ?? (method === 8 ? deflateRawSync(content) : content))
    const size = file.size ?? content.length
    const compressedSize = file.compressedSize ?? data.length
    const fields = { method, flags: file.flags ?? 0, crc: file.crc ?? crc32(content), size, compressedSize }
    const local = localHeader(fields, file.localName ?? file.name)
    directory.push(directoryHeader(fields, file.name, file.offset ?? at, zip64))
    parts.push(local, data)
    at += local.length + data.length
  }
  const index = Buffer.concat(directory)
  const count = entries ?? files.length
  return Buffer.concat([
    ...parts,
    index,
    ...(zip64 ? end64(count, index.length, at) : []),
    end(count, index.length, at, zip64, comment),
  ])
}

interface Fields {
  readonly method: number
  readonly flags: number
  readonly crc: number
  readonly size: number
  readonly compressedSize: number
}

function localHeader({ method, flags, crc, size, compressedSize }: Fields, name: string): Buffer {
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(20, 4)
  header.writeUInt16LE(flags, 6)
  header.writeUInt16LE(method, 8)
  header.writeUInt32LE(crc, 14)
  header.writeUInt32LE(compressedSize, 18)
  header.writeUInt32LE(size, 22)
  header.writeUInt16LE(Buffer.byteLength(name), 26)
  return Buffer.concat([header, Buffer.from(name)])
}

function directoryHeader(fields: Fields, name: string, offset: number, zip64: boolean): Buffer {
  const { method, flags, crc, size, compressedSize } = fields
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(20, 6)
  header.writeUInt16LE(flags, 8)
  header.writeUInt16LE(method, 10)
  header.writeUInt32LE(crc, 16)
  header.writeUInt32LE(zip64 ? 0xffffffff : compressedSize, 20)
  header.writeUInt32LE(zip64 ? 0xffffffff : size, 24)
  header.writeUInt16LE(Buffer.byteLength(name), 28)
  header.writeUInt32LE(zip64 ? 0xffffffff : offset, 42)
  const extra = zip64 ? extra64([size, compressedSize, offset]) : Buffer.alloc(0)
  header.writeUInt16LE(extra.length, 30)
  return Buffer.concat([header, Buffer.from(name), extra])
}

/** Behind a field of another kind, as tools write them. */
function extra64(values: readonly number[]): Buffer {
  const head = Buffer.from([0x55, 0x54, 1, 0, 0, 1, 0, values.length * 8, 0])
  return Buffer.concat([head, ...values.map(long)])
}

function end64(count: number, bytes: number, offset: number): readonly Buffer[] {
  const record = Buffer.alloc(24)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeUInt32LE(44, 4)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(offset + bytes), 8)
  return [record, long(count), long(count), long(bytes), long(offset), locator]
}

function end(count: number, bytes: number, offset: number, zip64: boolean, comment: string): Buffer {
  const record = Buffer.alloc(22)
  record.writeUInt32LE(0x06054b50, 0)
  record.writeUInt16LE(zip64 ? 0xffff : count, 8)
  record.writeUInt16LE(zip64 ? 0xffff : count, 10)
  record.writeUInt32LE(zip64 ? 0xffffffff : bytes, 12)
  record.writeUInt32LE(zip64 ? 0xffffffff : offset, 16)
  record.writeUInt16LE(Buffer.byteLength(comment), 20)
  return Buffer.concat([record, Buffer.from(comment)])
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

/** A ZIP archive with the files of a folder, which has no others in it. */
export function zipFolder(folder: string): Buffer {
  return zipOf(
    readdirSync(folder)
      .sort()
      .map((name) => ({ name, content: readFileSync(join(folder, name)) })),
  )
}
