import { ChiaroError } from '../../core/errors.ts'
import type { Spool } from '../../core/feed.ts'
import type { Gap } from '../../core/gap.ts'
import { limits } from '../../core/limits.ts'
import { badRecord } from '../../feeds/gaps.ts'

/** A document that changed or was deleted. */
export interface ListEntry {
  /** `2024/cve-2024-0727.json`. */
  readonly path: string
  /** Milliseconds since 1970. */
  readonly time: number
}

/** `changes.csv` or `deletions.csv`: a path and a time a line, both in quotes. What is no such line is a gap. */
export interface ChangeList {
  readonly entries: readonly ListEntry[]
  readonly gaps: readonly Gap[]
}

/** Whether a path in a list or an archive is that of a document. */
export const documentPath = /(?:^|\/)(\d{4}\/cve-\d{4}-\d{4,19}\.json)$/i

/** Reads a list that was fetched under `name`. Throws `LIMIT_EXCEEDED` if it is too large to be held. */
export async function readList(spool: Spool, name: string, signal: AbortSignal): Promise<ChangeList> {
  const entries: ListEntry[] = []
  const gaps: Gap[] = []
  for (const [index, line] of (await readText(spool, name, signal)).split(/\r?\n/).entries()) {
    if (line === '') continue
    const [, path, stamp] = /^"?([^",]+)"?,"?([^",]+)"?$/.exec(line) ?? []
    const time = Date.parse(stamp ?? '')
    if (path === undefined || !documentPath.test(path) || Number.isNaN(time)) {
      gaps.push(badRecord(`${name} line ${index + 1}`, 'it is not the path of a document and a time'))
    } else {
      entries.push({ path: documentPath.exec(path)![1]!, time })
    }
  }
  return { entries, gaps }
}

/** A text that was fetched under `name`. Throws `LIMIT_EXCEEDED` beyond `limits.feedRecordBytes`. */
export async function readText(spool: Spool, name: string, signal: AbortSignal): Promise<string> {
  return (await readBytes(spool, name, signal)).toString('utf8')
}

/** What was fetched under `name`, as a whole. Throws `LIMIT_EXCEEDED` beyond `limits.feedRecordBytes`. */
export async function readBytes(spool: Spool, name: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of spool.read(name, signal)) {
    size += chunk.length
    if (size > limits.feedRecordBytes) {
      throw new ChiaroError('LIMIT_EXCEEDED', `It is larger than ${limits.feedRecordBytes} bytes`, { where: name })
    }
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}
