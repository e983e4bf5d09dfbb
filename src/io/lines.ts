import { ChiaroError } from '../core/errors.ts'

const lineFeed = 0x0a

/**
 * The lines of a text, as bytes without their line feed. A last line without one counts; an empty one at the end does not.
 * Throws `LIMIT_EXCEEDED` for a line of more than `maxBytes`. `where` names the text in errors.
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  where: string,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let length = 0
  const keep = (part: Buffer) => {
    length += part.length
    if (length > maxBytes) throw new ChiaroError('LIMIT_EXCEEDED', `A line is longer than ${maxBytes} bytes`, { where })
    parts.push(part)
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      keep(chunk.subarray(start, end))
      yield parts.length === 1 ? parts[0]! : Buffer.concat(parts)
      parts = []
      length = 0
      start = end + 1
    }
    // The chunk is valid until the next one is asked for.
    if (start < chunk.length) keep(Buffer.from(chunk.subarray(start)))
  }
  if (length > 0) yield Buffer.concat(parts)
}
