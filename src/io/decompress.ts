import { ChiaroError, isChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { createBunzip } from './bzip2.ts'
import { createInflater, detectCompression, type Inflater } from './inflate.ts'

/** What is pushed into an inflater at once: what comes out is held until it is read, up to 30,000 times as much. */
const pieceBytes = 2 * 1024
/** What is collected before it is handed on. */
const batchBytes = 128 * 1024

/**
 * The content of a document: decompressed as its first bytes say (gzip, zstd, bzip2), else as it is. Chunks are valid until
 * the next one is asked for. Throws `FEED_FAILED` for damaged data, for data behind the compressed data and for xz;
 * `LIMIT_EXCEEDED` beyond `maxBytes`. `where` is the document, for messages.
 */
export async function* decompress(
  source: AsyncIterable<Buffer>,
  where: string,
  maxBytes: number = limits.feedContentBytes,
): AsyncGenerator<Buffer> {
  let total = 0
  for await (const chunk of decompressed(source, where, maxBytes)) {
    total += chunk.length
    if (total > maxBytes) {
      const message = `The content is larger than ${maxBytes} bytes`
      throw new ChiaroError('LIMIT_EXCEEDED', message, { where })
    }
    yield chunk
  }
}

async function* decompressed(source: AsyncIterable<Buffer>, where: string, maxBytes: number): AsyncGenerator<Buffer> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) return
  const kind = detectCompression(first.value)
  const chunks = { [Symbol.asyncIterator]: () => startingWith(first.value, iterator) }
  if (kind === 'none') yield* chunks
  else if (kind === 'bzip2') yield* bunzip(chunks, where)
  else if (kind === 'xz') throw xzRefused(where)
  else yield* inflate(chunks, createInflater(kind, where, maxBytes), where)
}

async function* startingWith(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

async function* bunzip(source: AsyncIterable<Buffer>, where: string): AsyncGenerator<Buffer> {
  const decoder = createBunzip(where)
  for await (const chunk of source) yield* decoder.push(chunk)
  yield* decoder.end()
}

async function* inflate(source: AsyncIterable<Buffer>, inflater: Inflater, where: string): AsyncGenerator<Buffer> {
  let batch: Buffer[] = []
  let size = 0
  const sink = (chunk: Buffer) => {
    batch.push(Buffer.from(chunk))
    size += chunk.length
  }
  const take = () => {
    const taken = batch
    batch = []
    size = 0
    return taken.length === 1 ? taken[0]! : Buffer.concat(taken)
  }
  try {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; at += pieceBytes) {
        inflater.push(chunk.subarray(at, at + pieceBytes), sink)
        if (size >= batchBytes) yield take()
      }
    }
    inflater.end(sink)
  } catch (error) {
    if (!isChiaroError(error, 'LAYER_INVALID')) throw error
    throw damaged(messageOf(error), where, error)
  }
  if (size > 0) yield take()
  if (inflater.trailing) throw damaged('something follows the compressed data', where)
}

function damaged(what: string, where: string, cause?: unknown): ChiaroError {
  return new ChiaroError('FEED_FAILED', `It cannot be decompressed: ${what}`, {
    where,
    advice: 'Fetch it again.',
    ...(cause === undefined ? {} : { cause }),
  })
}

function xzRefused(where: string): ChiaroError {
  return new ChiaroError('FEED_FAILED', 'It is compressed with xz, which Chiaro cannot read', {
    where,
    advice: 'Offer it as it is, or compressed with gzip, bzip2 or zstd.',
  })
}
