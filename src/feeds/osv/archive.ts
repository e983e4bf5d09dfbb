import { messageOf } from '../../core/errors.ts'
import type { Spool } from '../../core/feed.ts'
import type { Gap } from '../../core/gap.ts'
import { zipEntries } from '../../io/zip.ts'
import { documentName } from '../document.ts'
import { badRecord } from '../gaps.ts'
import { checkRecord, type OsvRecord } from './schema.ts'

/** A record of an archive, or the gap that is left by one that cannot be read. */
export type ArchiveRecord = { readonly record: OsvRecord } | { readonly gap: Gap }

/**
 * The records of a fetched archive, `ECOSYSTEM/all.zip`: one JSON document a vulnerability. Withdrawn ones are left out, so that
 * they cease to be; one that cannot be read is a gap. Throws what `zipEntries` throws.
 */
export async function* readArchive(spool: Spool, signal: AbortSignal): AsyncGenerator<ArchiveRecord> {
  for await (const entry of zipEntries(await spool.random(documentName), signal)) {
    if (!entry.name.endsWith('.json')) continue
    const read = 'bad' in entry ? { problem: entry.bad } : recordOf(entry.content)
    if ('problem' in read) yield { gap: badRecord(entry.name, read.problem) }
    else if (!read.value.withdrawn) yield { record: read.value }
  }
}

function recordOf(content: Buffer): ReturnType<typeof checkRecord> {
  try {
    return checkRecord(JSON.parse(content.toString('utf8')))
  } catch (error) {
    return { problem: `it is no JSON: ${messageOf(error)}` }
  }
}
