// The floor under importing a feed: decompress its file and parse it, nothing else.
//   node bench/feed-floor.ts FILE…     prints milliseconds
import { openAsBlob } from 'node:fs'
import { decompress } from '../src/io/decompress.ts'
import { parseXml } from '../src/io/xml-stream.ts'

const started = performance.now()
for (const file of process.argv.slice(2)) {
  const blob = await openAsBlob(file)
  const content = decompress(chunks(blob.stream()), file)
  if (file.includes('.xml')) await parseXml(content, file, { onOpen() {}, onText() {}, onClose() {} })
  else JSON.parse(await text(content))
}
process.stdout.write(JSON.stringify({ ms: performance.now() - started }))

async function* chunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

async function text(content: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const chunk of content) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts).toString()
}
