import type { FeedRecord } from '../../core/advisory.ts'
import type { Feed, Spool } from '../../core/feed.ts'
import { documentName, fetchDocument } from '../../feeds/document.ts'
import { badRecord } from '../../feeds/gaps.ts'
import type { UbuntuRelease } from './releases.ts'

/**
 * The security notices (USN) of a release: which of them brought which fix. A fact is named by the binary package, and its value
 * lists `[notice, …vulnerabilities]`.
 */
export function noticesOf({ codename }: UbuntuRelease): Feed {
  const url = `https://security-metadata.canonical.com/oval/com.ubuntu.${codename}.usn.oval.xml.bz2`
  return {
    id: `ubuntu-${codename}-usn`,
    url,
    version: 1,
    scopes: [],
    // A release that is young has no notices yet.
    mayBeEmpty: true,
    fetch: fetchDocument(url),
    parse: async (spool, signal) => readNotices(spool, signal, url),
  }
}

interface Notice {
  readonly id: string
  readonly vulnerabilities: readonly string[]
  readonly packages: readonly string[]
}

/** `libssl3t64 - 3.0.13-0ubuntu3.1`, one behind the other in the update instructions. */
const packageAndVersion = /(?<=\s)([a-z0-9][a-z0-9+.-]+) - \d\S*/g

async function* readNotices(spool: Spool, signal: AbortSignal, url: string): AsyncGenerator<FeedRecord> {
  const { detached, readOval } = await import('../../feeds/oval.ts')
  const { definitions } = await readOval(spool.read(documentName, signal), url, (definition): Notice | undefined => {
    if (definition.class !== 'patch') return undefined
    const ids = (source: string) =>
      definition.references.filter((reference) => reference.source === source).map(({ id }) => detached(id))
    const [, instructions = ''] = definition.description.split('Update Instructions:')
    return {
      id: ids('USN')[0] ?? '',
      vulnerabilities: ids('CVE'),
      packages: [...new Set([...instructions.matchAll(packageAndVersion)].map((match) => detached(match[1]!)))],
    }
  })
  const byPackage = new Map<string, string[][]>()
  for (const { id, vulnerabilities, packages } of definitions) {
    if (id === '') yield badRecord(url, 'a notice has no number')
    if (id === '' || vulnerabilities.length === 0) continue
    for (const name of packages) byPackage.set(name, [[id, ...vulnerabilities], ...(byPackage.get(name) ?? [])])
  }
  for (const [fact, value] of byPackage) yield { fact, value }
}
