import type { FeedRecord } from '../../core/advisory.ts'
import { ChiaroError, isChiaroError, messageOf } from '../../core/errors.ts'
import type { Spool } from '../../core/feed.ts'
import { readCsaf } from '../../feeds/csaf.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { tarDocuments } from '../../feeds/tar-documents.ts'
import { vexUrl } from './feed.ts'
import { advisoriesOf } from './statements.ts'
import { archiveName } from './vex-fetch.ts'
import { documentPath, readBytes } from './vex-lists.ts'
import { planOf } from './vex-plan.ts'

/** The records of what was fetched: documents, one after the other, removals, and gaps for what cannot be read. */
export async function* readVex(spool: Spool, signal: AbortSignal): AsyncGenerator<FeedRecord> {
  const { documents, removed, archive, gaps } = planOf(spool)
  yield* gaps
  for (const path of removed) yield { removed: idOf(path) }
  for (const path of documents) yield* await readDocument(spool, path, signal)
  if (archive !== undefined) yield* readArchive(spool, archive.without, signal)
}

async function readDocument(spool: Spool, path: string, signal: AbortSignal): Promise<readonly FeedRecord[]> {
  try {
    return recordsOf(path, await readBytes(spool, path, signal))
  } catch (error) {
    if (!isChiaroError(error, 'LIMIT_EXCEEDED')) throw error
    return [badRecord(path, messageOf(error))]
  }
}

/** The documents of the archive that are not in `without`, a path each. Throws `FEED_FAILED` if it is damaged, or has none. */
async function* readArchive(
  spool: Spool,
  without: ReadonlySet<string>,
  signal: AbortSignal,
): AsyncGenerator<FeedRecord> {
  let found = false
  const documents = tarDocuments(spool.read(archiveName, signal), vexUrl, (path) => documentPath.test(path))
  for await (const document of documents) {
    found = true
    const path = documentPath.exec(document.path)![1]!
    if (without.has(path)) continue
    if ('bad' in document) yield badRecord(path, document.bad)
    else yield* recordsOf(path, document.content)
  }
  if (!found) throw new ChiaroError('FEED_FAILED', 'There is no document in the archive', { where: vexUrl })
}

function recordsOf(path: string, bytes: Buffer): readonly FeedRecord[] {
  const where = idOf(path)
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    return [badRecord(where, messageOf(error))]
  }
  const document = readCsaf(json)
  if ('problem' in document) return [badRecord(where, document.problem)]
  if (document.value.vulnerabilities.length === 0) return [badRecord(where, 'it is about no vulnerability')]
  return advisoriesOf(document.value)
}

/** `CVE-2024-0727` of `2024/cve-2024-0727.json`. */
function idOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1, -'.json'.length).toUpperCase()
}
