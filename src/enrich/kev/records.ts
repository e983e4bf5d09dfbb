import type { FeedRecord } from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import { documentName } from '../../feeds/document.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { jsonElements } from '../../io/json-stream.ts'
import { checkEntry } from './schema.ts'

/** The document is `{ vulnerabilities: [{ cveID, dateAdded, dueDate, knownRansomwareCampaignUse }] }`. */
export async function* readRecords(spool: Spool, signal: AbortSignal, url: string): AsyncGenerator<FeedRecord> {
  const elements = jsonElements(spool.read(documentName, signal), { path: ['vulnerabilities'], where: url })
  for await (const element of elements) {
    const checked = 'bad' in element ? { problem: element.bad } : checkEntry(element.value)
    if ('problem' in checked) {
      const id = 'bad' in element ? undefined : (element.value as { cveID?: unknown } | null)?.cveID
      yield badRecord(typeof id === 'string' ? id : `vulnerability ${element.key}`, checked.problem)
      continue
    }
    const { cveID, dateAdded, dueDate, knownRansomwareCampaignUse } = checked.value
    yield { fact: cveID, value: [dateAdded, dueDate || null, knownRansomwareCampaignUse === 'Known'] }
  }
}
