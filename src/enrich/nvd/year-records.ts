import { createHash } from 'node:crypto'
import { type FeedRecord, isRemoval } from '../../core/advisory.ts'
import { ChiaroError } from '../../core/errors.ts'
import type { Spool } from '../../core/feed.ts'
import { documentName } from '../../feeds/document.ts'
import { readMeta } from './meta.ts'
import { readRecords } from './records.ts'

/** The records of the file of a year. Throws `FEED_FAILED` at the end of a document that does not have its checksum. */
export async function* readYear(
  spool: Spool,
  signal: AbortSignal,
  { url, metaUrl }: { readonly url: string; readonly metaUrl: string },
): AsyncGenerator<FeedRecord> {
  const { sha256 } = await readMeta(spool, signal, metaUrl)
  for await (const record of readRecords(verified(spool.read(documentName, signal), sha256, url), url)) {
    // What was rejected is gone from a whole document when it is not in it.
    if (!isRemoval(record)) yield record
  }
}

async function* verified(chunks: AsyncIterable<Buffer>, sha256: string, where: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
  if (hash.digest('hex') === sha256) return
  throw new ChiaroError('FEED_FAILED', 'The document does not have the checksum that its .meta file states', {
    where,
    advice: 'Try again: it may have been replaced between the two. Behind a mirror, copy both files at once.',
  })
}
