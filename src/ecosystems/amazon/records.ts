import { type Advisory, type FeedRecord, qualifiedName, type Statement } from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import { documentName } from '../../feeds/document.ts'
import { errataRatings } from '../../feeds/errata-severity.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { isDebugPackage } from '../../feeds/rpm-flavours.ts'
import { hasUpdateinfo } from '../../feeds/rpm-repository.ts'
import { readUpdateinfo, type Update } from '../../feeds/updateinfo.ts'
import { advisoryLink } from './links.ts'
import type { AmazonRelease } from './releases.ts'
import { lineOf } from './topics.ts'

/** Which repository is read. */
interface Repository {
  readonly url: string
  readonly release: AmazonRelease
  /** The topic of `amazon-linux-extras` that it is of. */
  readonly topic: string | undefined
}

/** The most characters of a description; those of kernels list dozens of vulnerabilities. */
const descriptionLength = 4000

export async function* readRecords(
  spool: Spool,
  signal: AbortSignal,
  repository: Repository,
): AsyncGenerator<FeedRecord> {
  if (!(await hasUpdateinfo(spool, repository.url, signal))) return
  let number = 0
  for await (const update of readUpdateinfo(spool.read(documentName, signal), repository.url)) {
    number++
    const problem = problemOf(update)
    if (problem !== undefined) {
      yield badRecord(update.id || `update ${number}`, problem)
      continue
    }
    const advisory = advisoryOf(update, repository)
    if (advisory !== undefined) yield advisory
  }
}

function problemOf({ id, packages }: Update): string | undefined {
  if (id === '') return 'it has no id'
  const strange = packages.find(({ name, arch, version }) => name === '' || arch === '' || version === '')
  return strange === undefined
    ? undefined
    : `the package ${JSON.stringify(strange.name)} has no name, version or architecture`
}

function advisoryOf(update: Update, repository: Repository): Advisory | undefined {
  const { id, references, description, issued, updated } = update
  const covers = new Set(
    references.filter(({ id: name }) => /^CVE-\d{4}-\d{4,}$/.test(name)).map(({ id: name }) => name),
  )
  if (covers.size === 0 && update.type !== 'security') return undefined
  const statements = statementsOf(update, repository)
  if (statements.length === 0) return undefined
  const others = references.filter(({ type, href }) => type !== 'cve' && /^https?:\/\//i.test(href))
  return {
    vulnerability: {
      id,
      ...(covers.size === 0 ? {} : { covers: [...covers] }),
      aliases: [],
      description:
        description.length > descriptionLength ? `${description.slice(0, descriptionLength)} …` : description,
      ratings: errataRatings(update.severity, 'amazon'),
      links: [advisoryLink(id), ...others.map(({ href }) => href)],
      ...timeOf('published', issued),
      ...timeOf('modified', updated),
    },
    statements,
  }
}

/** `2023-02-17 20:41:00`, which is UTC, in ISO 8601. */
function timeOf(name: 'published' | 'modified', text: string): { published?: string; modified?: string } {
  const parts = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?)/.exec(text)
  return parts === null ? {} : { [name]: `${parts[1]}T${parts[2]}Z` }
}

function statementsOf({ packages }: Update, repository: Repository): readonly Statement[] {
  const byName = new Map<string, Map<string, string>>()
  for (const { name, arch, version } of packages) {
    if (arch === 'src' || isDebugPackage(name)) continue
    const versions = byName.get(name) ?? new Map<string, string>()
    byName.set(name, versions.set(arch, version))
  }
  return [...byName].flatMap(([name, versions]) => statementsAbout(name, versions, repository))
}

/**
 * One statement, if a package is fixed in the same version on every architecture of the release; else one for each
 * architecture that the update names: on the others, there is nothing to be fixed.
 */
function statementsAbout(
  name: string,
  versions: ReadonlyMap<string, string>,
  { release, topic }: Repository,
): readonly Statement[] {
  const scope = `amazon:${release.number}`
  const [first] = versions.values()
  const everywhere = versions.has('noarch') || release.architectures.every((arch) => versions.has(arch))
  if (everywhere && [...versions.values()].every((version) => version === first)) {
    return [{ key: { scope, name }, ...fixOf(first!, topic) }]
  }
  return [...versions].map(([arch, version]) => ({
    key: { scope, name: qualifiedName(name, { arch }) },
    ...fixOf(version, topic),
  }))
}

/**
 * Nothing in a package says which repository it came from, and several have one of the same name: `postgresql` is 9.2 in the
 * main one, and 14 in the topic `postgresql14`. So a fix of a topic is one of the versions that the topic has.
 */
function fixOf(fixedIn: string, topic: string | undefined): Pick<Statement, 'fix' | 'fixedIn' | 'ranges'> {
  const [, epoch = '', version = ''] = /^(\d+:)?(.*)$/.exec(fixedIn)!
  const line = topic === undefined ? undefined : lineOf(topic, version.slice(0, version.lastIndexOf('-')))
  if (line === undefined) return { fix: 'fixed', fixedIn }
  return { fix: 'fixed', ranges: [{ introduced: `${epoch}${line}`, fixed: fixedIn }] }
}
