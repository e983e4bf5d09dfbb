// The floor under importing a feed: decompress its file and parse it, nothing else.
//   node bench/feed-floor.ts FILE…     prints milliseconds
import { type FileHandle, open } from 'node:fs/promises'
import type { RandomAccess } from '../src/core/feed.ts'
import { decompress } from '../src/io/decompress.ts'
import { parseXml } from '../src/io/xml-stream.ts'
import { zipEntries } from '../src/io/zip.ts'

const started = performance.now()
for (const file of process.argv.slice(2)) {
  await using handle = await open(file)
  if (file.endsWith('.zip')) await parseArchive(await randomAccess(handle, file))
  else if (file.includes('.xml'))
    await parseXml(content(handle, file), file, { onOpen() {}, onText() {}, onClose() {} })
  else JSON.parse(await text(content(handle, file)))
}
process.stdout.write(JSON.stringify({ ms: performance.now() - started }))

function content(handle: FileHandle, file: string): AsyncIterable<Buffer> {
  return decompress(handle.createReadStream({ highWaterMark: 256 * 1024, autoClose: false }), file)
}

async function text(chunks: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts).toString()
}

async function randomAccess(handle: FileHandle, where: string): Promise<RandomAccess> {
  const { size } = await handle.stat()
  return {
    where,
    size,
    read: async (position, length) => {
      const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - position)))
      await handle.read(buffer, 0, buffer.length, position)
      return buffer
    },
  }
}

async function parseArchive(file: RandomAccess): Promise<void> {
  for await (const entry of zipEntries(file, new AbortController().signal)) {
    if ('content' in entry) JSON.parse(entry.content.toString())
  }
}
