import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'

/** A text as bytes, compressed. The same pieces give the same bytes. Throws what `text` throws. */
export async function* compressed(
  text: AsyncIterable<string>,
  compression: 'none' | 'gzip' | 'zstd',
): AsyncGenerator<Uint8Array> {
  if (compression === 'none') {
    for await (const piece of text) yield Buffer.from(piece)
    return
  }
  const compress = compression === 'gzip' ? createGzip() : createZstdCompress()
  const written = pipeline(Readable.from(text), compress)
  // Whoever reads what comes out is told as well, and first.
  written.catch(() => {})
  yield* compress as AsyncIterable<Buffer>
  await written
}
