import { cveId } from '../core/cve.ts'
import { compareText } from '../core/finding-order.ts'
import type { Match } from '../core/match.ts'
import type { IndexedPackage } from '../core/report.ts'
import type { VersionScheme } from '../core/versions.ts'

/** What one match says of one vulnerability: its own, or one of those that its advisory covers. */
export interface Claim {
  readonly match: Match
  readonly id: string
  /** Other ids of the same vulnerability. */
  readonly aliases: readonly string[]
  /** The advisory that brings the fix. */
  readonly advisory: string | undefined
}

/** One vulnerability of one package, whatever it is called by those who speak of it. */
export interface JoinedMatches {
  readonly pkg: number
  /** Its CVE id, where it has one. */
  readonly id: string
  /** What else it is called, and the advisories that cover it, sorted. */
  readonly aliases: readonly string[]
  /** All that is said of it; the first one counts. */
  readonly claims: readonly [Claim, ...Claim[]]
}

/** By what claims are weighed. */
export interface JoinOptions {
  readonly packages: readonly IndexedPackage[]
  readonly versions: VersionScheme
  /** The ids of the distribution's own feeds. */
  readonly ownFeeds: ReadonlySet<string>
}

/**
 * Joins the matches that are about the same vulnerability of the same package. An advisory stands for each vulnerability that it
 * covers. CVE ids tell vulnerabilities apart: whatever shares one is one, and nothing joins two of them. What has none
 * belongs to the vulnerabilities that it shares another id with. docs/severity.md has the rules; the order of `matches` does not
 * matter.
 */
export function joinMatches(matches: readonly Match[], options: JoinOptions): readonly JoinedMatches[] {
  const byPackage = Map.groupBy(matches, ({ pkg }) => identityOf(options.packages[pkg]!))
  return [...byPackage.values()].flatMap((own) => {
    const pkg = own.reduce((first, match) => Math.min(first, match.pkg), Number.POSITIVE_INFINITY)
    const groups = groupClaims(own.flatMap(claimsOf))
    return [...groups].map(([id, claims]) => ({
      pkg,
      id,
      aliases: aliasesOf(id, claims),
      claims: weigh(claims, options),
    }))
  })
}

/** What of a package has to be the same for two to be one: a database that lists a package twice does not have it twice. */
export function identityOf({ name, version, arch, path }: IndexedPackage): string {
  return `${name}\0${version}\0${arch}\0${path}`
}

function claimsOf(match: Match): readonly Claim[] {
  const { candidate, verdict } = match
  const { id, aliases, covers = [] } = candidate.vulnerability
  const advisory = (verdict.state === 'affected' ? verdict.advisory : undefined) ?? candidate.statement.advisory
  if (covers.length === 0) return [{ match, id, aliases, advisory }]
  // Its aliases are those of the advisory, and not of what it covers.
  return covers.map((covered) => ({ match, id: covered, aliases: [], advisory: advisory ?? id }))
}

function groupClaims(claims: readonly Claim[]): ReadonlyMap<string, readonly Claim[]> {
  const groups = new Map<string, Claim[]>()
  const add = (id: string, claim: Claim) => {
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [claim])
    else group.push(claim)
  }
  const nameless: Claim[] = []
  for (const claim of claims) {
    const cves = cvesOf(claim)
    if (cves.length === 0) nameless.push(claim)
    for (const cve of cves) add(cve, claim)
  }
  if (nameless.length === 0) return groups
  const ids = new JoinedIds()
  for (const claim of nameless) ids.join([claim.id, ...claim.aliases])
  const cves = new Map<string, Set<string>>()
  for (const claim of claims) {
    for (const id of [claim.id, ...claim.aliases]) {
      const root = ids.root(id)
      if (root === undefined) continue
      const known = cves.get(root) ?? new Set()
      cves.set(root, known)
      for (const cve of cvesOf(claim)) known.add(cve)
    }
  }
  const names = namesOf(nameless, ids)
  for (const claim of nameless) {
    const root = ids.root(claim.id)!
    const known = cves.get(root)!
    for (const id of known.size > 0 ? known : [names.get(root)!]) add(id, claim)
  }
  return groups
}

/** The CVE ids that a claim is about. A CVE id of its own counts alone. */
function cvesOf({ id, aliases }: Claim): readonly string[] {
  return cveId.test(id) ? [id] : [...new Set(aliases.filter((alias) => cveId.test(alias)))]
}

/** By what to call vulnerabilities without a CVE id: the first of the ids that those who speak of it have themselves. */
function namesOf(claims: readonly Claim[], ids: JoinedIds): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const { id } of claims) {
    const root = ids.root(id)!
    const known = names.get(root)
    if (known === undefined || id < known) names.set(root, id)
  }
  return names
}

/** Sets of ids that mean the same (union-find). */
class JoinedIds {
  readonly #parents = new Map<string, string>()

  join(ids: readonly string[]): void {
    for (const id of ids) {
      if (!this.#parents.has(id)) this.#parents.set(id, id)
      this.#parents.set(this.root(id)!, this.root(ids[0]!)!)
    }
  }

  /** The id that stands for the whole set; `undefined` for an id that is in none. */
  root(id: string): string | undefined {
    let current = id
    for (;;) {
      const parent = this.#parents.get(current)
      if (parent === undefined || parent === current) return parent
      this.#parents.set(current, this.#parents.get(parent)!)
      current = parent
    }
  }
}

/** What a vulnerability is called beside `id`. Of other CVE ids only those that the CVE's own record gives for aliases. */
function aliasesOf(id: string, claims: readonly Claim[]): readonly string[] {
  const names = new Set<string>()
  for (const claim of claims) {
    for (const name of [claim.id, ...claim.aliases]) if (claim.id === id || !cveId.test(name)) names.add(name)
    // Of what a vulnerability is known by, the records always are: that one changed is seen by it (fleet/judge-changes.ts).
    names.add(claim.match.candidate.vulnerability.id)
  }
  names.delete(id)
  return [...names].sort(compareText)
}

/** The states of a fix, the one that counts first: a fix that there is has to be seen, whatever others say. */
const states = ['fixed', 'open', 'deferred', 'will-not-fix', 'end-of-life', 'undetermined'] as const

/**
 * All claims, the one that counts first: a verdict before none, the distribution's own feeds before others, a fix before none,
 * and of fixes the last, which has all of them. The rest of the order only makes it always the same.
 */
function weigh(claims: readonly Claim[], { versions, ownFeeds }: JoinOptions): readonly [Claim, ...Claim[]] {
  if (claims.length === 1) return [claims[0]!]
  const weightOf = ({ match: { candidate, verdict } }: Claim) =>
    (verdict.state === 'affected' ? states.indexOf(verdict.fix) : states.length) +
    (verdict.state === 'affected' && ownFeeds.has(candidate.feed) ? 0 : 10)
  const weighed = claims
    .map((claim) => ({ claim, weight: weightOf(claim), text: textOf(claim) }))
    .sort((left, right) => left.weight - right.weight || compareText(left.text, right.text))
  let best = weighed[0]!
  for (const other of weighed) {
    if (other.weight > best.weight) break
    const [fix, otherFix] = [fixedInOf(best.claim), fixedInOf(other.claim)]
    if (fix !== undefined && otherFix !== undefined && versions.compare(otherFix, fix) === 1) best = other
  }
  return [best.claim, ...weighed.filter((other) => other !== best).map(({ claim }) => claim)]
}

function fixedInOf({ match: { verdict } }: Claim): string | undefined {
  return verdict.state === 'affected' ? verdict.fixedIn : undefined
}

/** A text that tells claims apart; one that names its advisory is before one that does not. */
function textOf({ match: { candidate, verdict }, advisory }: Claim): string {
  const { statement, vulnerability, feed } = candidate
  const { scope, name } = statement.key
  const named = advisory === undefined ? '1' : `0${advisory}`
  return [named, feed, scope, name, vulnerability.id, JSON.stringify(verdict), JSON.stringify(candidate)].join('\0')
}
