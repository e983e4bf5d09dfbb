import type { Advisory, FeedRecord, Statement } from '../core/advisory.ts'
import { limits } from '../core/limits.ts'
import type { VersionScheme } from '../core/versions.ts'
import { badRecord } from '../feeds/gaps.ts'
import { issuesOf, type NamedIssue } from './clair-bundle-names.ts'
import { type ClairLine, type ClairVulnerability, checkVulnerability } from './clair-bundle-schema.ts'
import { statementOf } from './clair-bundle-statement.ts'

/** How versions in a scope are ordered, where that is known. */
export type VersionsOf = (scope: string) => VersionScheme | undefined

/**
 * The records that lines of one updater's vulnerabilities make. What is said of one package and vulnerability in several lines
 * is joined: they follow each other, as all of one package or all of one vulnerability do.
 */
export async function* vulnerabilityRecords(
  lines: AsyncIterable<ClairLine>,
  versions: VersionsOf,
): AsyncGenerator<FeedRecord> {
  let run = new Run(versions)
  for await (const { Vuln, Updater } of lines) {
    const checked = checkVulnerability(Vuln)
    if ('problem' in checked) {
      const name = (Vuln as { name?: unknown } | null | undefined)?.name
      yield badRecord(typeof name === 'string' ? name : Updater, checked.problem)
      continue
    }
    const vulnerability = checked.value
    if (!run.takes(vulnerability)) {
      yield* run.records()
      run = new Run(versions)
    }
    const problem = run.add(vulnerability, Updater)
    if (problem !== undefined) yield badRecord(`${vulnerability.name} ${vulnerability.package.name}`, problem)
  }
  yield* run.records()
}

/** What is held of a line beside its texts, about. */
const lineBytes = 500

/** Lines that follow each other and are all about one package, or all about one vulnerability. */
class Run {
  readonly #versions: VersionsOf
  readonly #advisories = new Map<
    string,
    { issue: NamedIssue; said: ClairVulnerability; statements: Map<string, Statement> }
  >()
  #name: string | undefined
  #package: string | undefined
  /** Bytes, about. */
  #held = 0

  constructor(versions: VersionsOf) {
    this.#versions = versions
  }

  takes({ name, package: pkg }: ClairVulnerability): boolean {
    if (this.#held === 0) return true
    return this.#held < limits.feedRecordBytes && (name === this.#name || pkg.name === this.#package)
  }

  /** Adds a line; returns what is wrong with it, if it is. */
  add(said: ClairVulnerability, updater: string): string | undefined {
    if (this.#held === 0) {
      this.#name = said.name
      this.#package = said.package.name
    }
    this.#held += lineBytes + said.name.length + (said.description ?? '').length + (said.links ?? '').length
    if (said.name !== this.#name) this.#name = undefined
    if (said.package.name !== this.#package) this.#package = undefined
    const statement = statementOf(said, updater)
    if (statement === undefined) return undefined
    if ('problem' in statement) return statement.problem
    const isErratum = said.distribution != null
    for (const issue of issuesOf(said, isErratum)) this.#join(issue, said, statement)
    return undefined
  }

  *records(): Generator<Advisory> {
    for (const { issue, said, statements } of this.#advisories.values()) {
      yield { vulnerability: describe(issue, said), statements: [...statements.values()] }
    }
  }

  #join(issue: NamedIssue, said: ClairVulnerability, statement: Statement): void {
    const known = this.#advisories.get(issue.id) ?? { issue, said, statements: new Map<string, Statement>() }
    this.#advisories.set(issue.id, known)
    const { scope, name } = statement.key
    const place = `${scope}\0${name}`
    const other = known.statements.get(place)
    known.statements.set(place, other === undefined ? statement : joined(other, statement, this.#versions(scope)))
  }
}

/** Both statements: affected is what one of them says is affected. */
function joined(left: Statement, right: Statement, versions: VersionScheme | undefined): Statement {
  if (left.fix === 'not-affected') return right
  if (right.fix === 'not-affected') return left
  for (const statement of [left, right]) if (isOpen(statement)) return statement
  const order =
    left.fixedIn === undefined || right.fixedIn === undefined
      ? undefined
      : versions?.compare(left.fixedIn, right.fixedIn)
  if (order !== undefined) return order < 0 ? right : left
  const { fixedIn: _, ...rest } = left
  const ranges = [...rangesOf(left), ...rangesOf(right)]
  return { ...rest, fix: [left, right].some(({ fix }) => fix === 'fixed') ? 'fixed' : left.fix, ranges }
}

function isOpen({ fix, ranges }: Statement): boolean {
  return fix !== 'fixed' && ranges === undefined
}

function rangesOf({ ranges, fixedIn }: Statement): NonNullable<Statement['ranges']> {
  return ranges ?? [{ fixed: fixedIn! }]
}

function describe({ id, aliases, covers }: NamedIssue, said: ClairVulnerability): Advisory['vulnerability'] {
  const published = timeOf(said.issued)
  return {
    id,
    ...(covers.length === 0 ? {} : { covers }),
    aliases,
    description: said.description ?? '',
    ratings: [],
    links: [...new Set((said.links ?? '').split(/\s+/).filter((link) => /^https?:\/\//.test(link)))],
    ...(published === undefined ? {} : { published }),
  }
}

/** A time of Go's in ISO 8601; its zero, the year 1, is none. */
export function timeOf(text: string | undefined): string | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) || time < 0 ? undefined : new Date(time).toISOString()
}
