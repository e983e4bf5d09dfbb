// Parses documents of feeds in every format, and does nothing else: the floor under importing them.
import { inflateRawSync } from 'node:zlib'
import { decompress } from '../src/io/decompress.ts'
import { parseXml } from '../src/io/xml-stream.ts'

/** Decompresses and parses a document: XML as a stream, members of archives one by one, JSON and text as a whole. */
export async function parseDocument(source: AsyncIterable<Buffer>, name: string): Promise<void> {
  const chunks = decompress(source, name)[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done) return
  const rest = { [Symbol.asyncIterator]: () => startingWith(first.value, chunks) }
  if (isXml(first.value)) await parseXml(rest, name, { onOpen() {}, onText() {}, onClose() {} })
  else await parseContent(await collect(rest), name)
}

async function parseContent(content: Buffer, name: string): Promise<void> {
  if (content.readUInt32BE(0) === 0x504b0304) for (const member of zipMembers(content)) await parseMember(member, name)
  else if (content.toString('latin1', 257, 262) === 'ustar')
    for (const member of tarMembers(content)) await parseMember(member, name)
  else await parseMember(content, name)
}

async function parseMember(content: Buffer, name: string): Promise<void> {
  if (isXml(content)) {
    const whole = async function* () {
      yield content
    }
    await parseXml(whole(), name, { onOpen() {}, onText() {}, onClose() {} })
  } else if (/^\s*[{[]\s*["{[\]}]/.test(content.toString('latin1', 0, 100))) JSON.parse(content.toString())
  else content.toString().split('\n')
}

function isXml(content: Buffer): boolean {
  return /^(?:\xef\xbb\xbf)?\s*</.test(content.toString('latin1', 0, 100))
}

/** The files of a zip archive, by its central directory (APPNOTE.TXT, 4.3); of less than 4 GiB. */
function* zipMembers(archive: Buffer): Iterable<Buffer> {
  const end = archive.lastIndexOf(Buffer.from('504b0506', 'hex'))
  let at = archive.readUInt32LE(end + 16)
  for (let count = archive.readUInt16LE(end + 10); count > 0; count--) {
    const method = archive.readUInt16LE(at + 10)
    const size = archive.readUInt32LE(at + 20)
    const local = archive.readUInt32LE(at + 42)
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const content = archive.subarray(start, start + size)
    if (size > 0) yield method === 0 ? content : inflateRawSync(content)
    at += 46 + archive.readUInt16LE(at + 28) + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
}

/** The plain files of a tar archive. */
function* tarMembers(archive: Buffer): Iterable<Buffer> {
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 135), 8) || 0
    const type = archive[at + 156]
    if (size > 0 && (type === 0 || type === 0x30)) yield archive.subarray(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
}

async function* startingWith(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

async function collect(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of content) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts)
}
