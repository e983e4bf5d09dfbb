import { type FeedRecord, qualifiedName, type Vulnerability } from '../../core/advisory.ts'
import type { Spool } from '../../core/feed.ts'
import { documentName } from '../../feeds/document.ts'
import { errataRatings } from '../../feeds/errata-severity.ts'
import { badRecord } from '../../feeds/gaps.ts'
import { detached, type OvalDefinition, readOval } from '../../feeds/oval.ts'
import { type RpmCriteria, RpmCriteriaReader, type VulnerableRpm } from '../../feeds/oval-rpm.ts'
import { statementsOf, type VulnerableRange } from '../../feeds/rpm-statements.ts'
import { rpm } from '../../versions/rpm.ts'
import { buildOf, nameOfBuild } from './builds.ts'
import { linkOf } from './links.ts'
import { isModular, modulesOf } from './modules.ts'
import { scopeOf } from './releases.ts'

/** What is kept of a definition until the tests that it names have been read. */
interface Entry {
  readonly erratum: Vulnerability
  readonly title: string
  readonly criteria: RpmCriteria
}

/** The errata of a year's OVAL document, once all of it has been read. */
export async function* readRecords(spool: Spool, signal: AbortSignal, url: string): AsyncGenerator<FeedRecord> {
  const reader = new RpmCriteriaReader()
  const document = await readOval(spool.read(documentName, signal), url, (definition) => entryOf(definition, reader))
  for (const { erratum, title, criteria } of document.definitions) {
    const { vulnerable, unread } = reader.read(criteria, document)
    for (const test of unread) yield badRecord(erratum.id, `its test ${test} cannot be read`)
    const unplaced = vulnerable.find(({ release }) => release === '')
    if (unplaced !== undefined) {
      yield badRecord(erratum.id, `it does not say for which release ${unplaced.name} is meant`)
      continue
    }
    yield { vulnerability: erratum, statements: statementsOf(rangesOf(vulnerable, title), rpm) }
  }
}

function entryOf(definition: OvalDefinition, reader: RpmCriteriaReader): Entry | undefined {
  const { criteria, title, references, description, severity, issued } = definition
  if (definition.class !== 'patch' || criteria === undefined) return undefined
  const elsa = references.find(({ source }) => source === 'elsa')
  const cves = references.filter(({ source }) => source === 'CVE').map(({ id }) => detached(id))
  const id = detached(elsa?.id || definition.id)
  const erratum: Vulnerability = {
    id,
    ...(cves.length === 0 ? {} : { covers: [...new Set(cves)] }),
    aliases: [],
    description: detached(description),
    ratings: errataRatings(detached(severity), 'oracle'),
    links: [linkOf(id)].filter((link) => link !== undefined),
    ...(issued === '' ? {} : { published: detached(issued) }),
  }
  return { erratum, title: detached(title), criteria: reader.keep(criteria) }
}

/** A package of a module is spoken of under each of the erratum's streams, whether the criteria place it in one or not. */
function rangesOf(vulnerable: readonly VulnerableRpm[], title: string): readonly VulnerableRange[] {
  const named = new Set(vulnerable.map(({ module }) => module).filter((module) => module !== ''))
  const modules = modulesOf(named, title)
  return vulnerable.flatMap(({ release, name, module, arches, range }) => {
    const version = range.fixed ?? range.lastAffected ?? ''
    const own = nameOfBuild(name, buildOf(version))
    const scope = scopeOf(release)
    if (module === '' && !isModular(version)) return [{ key: { scope, name: own }, arches, range }]
    return modules.map((stream) => ({ key: { scope, name: qualifiedName(own, { module: stream }) }, arches, range }))
  })
}
