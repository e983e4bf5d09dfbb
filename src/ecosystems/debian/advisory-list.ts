import type { FeedRecord } from '../../core/advisory.ts'
import type { Feed, Spool } from '../../core/feed.ts'
import { limits } from '../../core/limits.ts'
import { documentName, fetchDocument } from '../../feeds/document.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { readLines } from '../../io/lines.ts'
import { scopeOfCodename } from './releases.ts'

/**
 * The lists of Debian's security advisories (DSA) and of those of long-term support (DLA). The tracker says what is fixed in which
 * version; these say which advisory brought it. A fact is named by scope and source package, `debian:12 openssl`, and its
 * value lists `[advisory, …vulnerabilities]`, the newest first.
 */
export const advisoryLists: readonly Feed[] = ['DSA', 'DLA'].map((kind): Feed => {
  const url = `https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/${kind}/list`
  return {
    id: `debian-${kind.toLowerCase()}`,
    url,
    version: 1,
    scopes: [],
    fetch: fetchDocument(url),
    parse: async (spool, signal) => readAdvisoryList(spool, signal, url),
  }
})

/** The name of the fact about a source package. */
export function advisoryFact(scope: string, source: string): string {
  return `${scope} ${source}`
}

const title = /^\[\d\d \w{3} \d{4}\] (D[SL]A-\d+(?:-\d+)?)\s/
const ids = /^\s+\{([^}]*)\}/
const fixed = /^\s+\[([a-z]+)\] - (\S+) ([^\s<]\S*)/

/**
 * An advisory is a line of its date, number and title, one of its vulnerabilities in braces, and one for each release and
 * package (security-tracker, `doc/security_tracker`, "Advisory lists"). Notes and whatever else is indented are passed over.
 */
async function* readAdvisoryList(spool: Spool, signal: AbortSignal, url: string): AsyncGenerator<FeedRecord> {
  const byPackage = new Map<string, string[][]>()
  let advisory = ''
  let vulnerabilities: readonly string[] = []
  for await (const bytes of readLines(spool.read(documentName, signal), url, limits.feedRecordBytes)) {
    const text = bytes.toString('utf8')
    const begun = title.exec(text)
    const listed = ids.exec(text)
    const fix = fixed.exec(text)
    if (begun !== null) {
      advisory = begun[1]!
      vulnerabilities = []
    } else if (listed !== null) {
      vulnerabilities = listed[1]!.split(/\s+/).filter(Boolean)
    } else if (fix !== null && vulnerabilities.length > 0) {
      const name = advisoryFact(scopeOfCodename(fix[1]!), fix[2]!)
      const list = byPackage.get(name) ?? []
      list.push([advisory, ...vulnerabilities])
      byPackage.set(name, list)
    } else if (/^\S/.test(text)) {
      yield badRecord(text.slice(0, 100), 'it is not the title of an advisory')
    }
  }
  for (const [fact, value] of byPackage) yield { fact, value }
}
