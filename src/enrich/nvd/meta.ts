import { ChiaroError } from '../../core/errors.ts'
import type { Spool } from '../../core/feed.ts'
import { limits } from '../../core/limits.ts'
import { readLines } from '../../io/lines.ts'
import { timeOf } from './times.ts'

/** The name under which the file of a year's checksum is spooled. */
export const metaName = 'meta'

/** What a `.meta` file says of the file of a year. */
export interface Meta {
  /** Of the decompressed document, in lower case. */
  readonly sha256: string
  readonly lastModified: string | undefined
}

/** Reads lines of `name:value`. Throws `FEED_FAILED` if there is no checksum. */
export async function readMeta(spool: Spool, signal: AbortSignal, url: string): Promise<Meta> {
  let lastModified: string | undefined
  for await (const bytes of readLines(spool.read(metaName, signal), url, limits.feedRecordBytes)) {
    const [, name, value] = /^(\w+):(.*?)\s*$/.exec(bytes.toString('utf8')) ?? []
    if (name === 'lastModifiedDate') lastModified = timeOf(value)
    if (name === 'sha256' && /^[0-9a-f]{64}$/i.test(value!)) return { sha256: value!.toLowerCase(), lastModified }
  }
  throw new ChiaroError('FEED_FAILED', 'It does not state a SHA-256 checksum', { where: url })
}
