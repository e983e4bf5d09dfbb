import { ChiaroError, isChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { type TarEntry, TarWalker } from '../io/tar.ts'

/** A file of an archive: its content, or why it was not read. */
export type TarDocument =
  | { readonly path: string; readonly content: Buffer }
  | { readonly path: string; readonly bad: string }

/**
 * The files of a tar archive whose path is wanted, in its order, each as a whole; one larger than `limits.feedRecordBytes` is
 * bad. Throws `FEED_FAILED` for what is no sound archive or has no end mark, `LIMIT_EXCEEDED` beyond the limits. `where` is the
 * archive.
 */
export async function* tarDocuments(
  source: AsyncIterable<Buffer>,
  where: string,
  wants: (path: string) => boolean,
  maxBytes: number = limits.feedRecordBytes,
): AsyncGenerator<TarDocument> {
  const found: TarDocument[] = []
  const onEntry = ({ path, type, size }: TarEntry) => {
    if (type !== 'file' || !wants(path)) return 'skip'
    if (size <= maxBytes) return 'keep'
    found.push({ path, bad: `it is larger than ${maxBytes} bytes` })
    return 'skip'
  }
  const onBody = ({ path }: TarEntry, content: Buffer) => void found.push({ path, content })
  const walker = new TarWalker(where, onEntry, onBody, 'ARCHIVE_INVALID')
  try {
    for await (const chunk of source) {
      walker.push(chunk)
      yield* found.splice(0)
    }
    walker.end()
    if (!walker.ended) throw new ChiaroError('ARCHIVE_INVALID', 'it has no end: it is truncated')
  } catch (error) {
    if (!isChiaroError(error, 'ARCHIVE_INVALID')) throw error
    const advice = 'Fetch it again.'
    throw new ChiaroError('FEED_FAILED', `It cannot be read: ${messageOf(error)}`, { where, advice, cause: error })
  }
  yield* found.splice(0)
}
