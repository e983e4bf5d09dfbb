import type { NarrowedKey, Statement } from '../core/advisory.ts'
import { keyText } from '../core/advisory-keys.ts'
import { type Coverage, type Ecosystem, type Facts, noFacts } from '../core/ecosystem.ts'
import type { Gap } from '../core/gap.ts'
import { comparedVersion, judge } from '../core/judge.ts'
import type { Match } from '../core/match.ts'
import type { Finding, IndexedPackage, IndexReport } from '../core/report.ts'
import type { AdvisoryStore } from '../core/store.ts'
import type { Verdict } from '../core/verdict.ts'
import { findingOf } from './findings.ts'
import { type JoinedMatches, joinMatches } from './join-matches.ts'
import { nameAdvisories } from './name-advisories.ts'

/** By what the packages of one release are judged. */
export interface Judge {
  readonly ecosystem: Ecosystem
  readonly coverage: Coverage
}

/** Where to look, and as of when. */
export interface LookUp {
  readonly advisories: AdvisoryStore
  readonly asOf: string | undefined
}

/**
 * Packages, each with the keys under which statements about it are found. Where those of one are narrowed and those of another of
 * the same name are not, both are matched with all that either asks for.
 */
export type PackageKeys = ReadonlyMap<IndexedPackage, readonly NarrowedKey[]>

/** The keys of packages, after one look-up of the facts that they are made with. */
export async function packageKeys(
  packages: readonly IndexedPackage[],
  { ecosystem, coverage }: Judge,
  lookUp: LookUp,
): Promise<PackageKeys> {
  const facts = await lookUpFacts(packages, ecosystem, lookUp)
  return new Map(packages.map((pkg) => [pkg, ecosystem.keys(pkg, coverage, facts)]))
}

/** Looks up all packages of an index that have keys in one batch, judges, and names advisories. */
export async function matchPackages(
  keys: PackageKeys,
  { packages }: IndexReport,
  by: Judge,
  lookUp: LookUp,
): Promise<readonly Match[]> {
  const places = new Map(packages.map((pkg, place) => [pkg, place]))
  return nameAdvisories(await match(keys, places, by.ecosystem, lookUp), packages, by, lookUp)
}

/** What matches come to in one package: a vulnerability, or a version that could not be compared. */
export type Outcome = { readonly pkg: number } & ({ readonly finding: Finding } | { readonly gap: Gap })

/** What matches come to, in no particular order. */
export function outcomesOf(matches: readonly Match[], index: IndexReport, by: Judge): readonly Outcome[] {
  const { ecosystem, coverage } = by
  const ownFeeds = new Set(coverage.feeds.map(({ id }) => id))
  return joinMatches(matches, { packages: index.packages, versions: ecosystem.versions, ownFeeds }).map((joined) => {
    const { verdict } = joined.claims[0].match
    const { pkg } = joined
    if (verdict.state === 'unknown') return { pkg, gap: unreadable(joined, verdict.because, index) }
    return { pkg, finding: findingOf(joined, verdict, index, ecosystem) }
  })
}

async function match(
  keys: PackageKeys,
  places: ReadonlyMap<IndexedPackage, number>,
  ecosystem: Ecosystem,
  { advisories, asOf }: LookUp,
): Promise<readonly Match[]> {
  const byKey = new Map<string, IndexedPackage[]>()
  for (const [pkg, own] of keys) {
    for (const key of own) {
      const known = byKey.get(keyText(key))
      if (known === undefined) byKey.set(keyText(key), [pkg])
      else known.push(pkg)
    }
  }
  const verdicts = new Map<Statement, readonly Verdict[]>()
  // Most statements clear every package: the store then does not even read what they are about.
  const concerned = (statement: Statement) => {
    const judged = judgeAll(byKey.get(keyText(statement.key))!, statement, ecosystem)
    if (judged.every(({ state }) => state === 'clear')) return false
    verdicts.set(statement, judged)
    return true
  }
  const candidates = await advisories.candidates([...keys.values()].flat(), {
    wanted: concerned,
    ...(asOf === undefined ? {} : { asOf }),
  })
  const matches: Match[] = []
  for (const candidate of candidates) {
    const { statement } = candidate
    const judged = verdicts.get(statement)!
    for (const [index, pkg] of byKey.get(keyText(statement.key))!.entries()) {
      const verdict = judged[index]!
      if (verdict.state !== 'clear') matches.push({ pkg: places.get(pkg)!, candidate, verdict })
    }
  }
  return matches
}

/** What the ecosystem has to know before it can make keys. */
async function lookUpFacts(
  packages: readonly IndexedPackage[],
  ecosystem: Ecosystem,
  { advisories, asOf }: LookUp,
): Promise<Facts> {
  const requests = ecosystem.facts?.(packages) ?? []
  if (requests.length === 0) return noFacts
  const found = await Promise.all(
    requests.map(async ({ feed, names }) => [feed, await advisories.facts(feed, names, asOf)] as const),
  )
  const byFeed = new Map(found)
  return (feed, name) => byFeed.get(feed)?.get(name)
}

/** A verdict for each package; one for all that stand one behind the other with the same version, as those of one source do. */
function judgeAll(packages: readonly IndexedPackage[], statement: Statement, ecosystem: Ecosystem): readonly Verdict[] {
  let version: string | undefined
  let verdict: Verdict | undefined
  return packages.map((pkg) => {
    if (ecosystem.judge !== undefined) return ecosystem.judge(pkg, statement)
    const compared = comparedVersion(pkg, statement.key.name)
    if (verdict === undefined || compared !== version) verdict = judge(compared, statement, ecosystem.versions)
    version = compared
    return verdict
  })
}

function unreadable({ pkg, id }: JoinedMatches, because: string, { packages }: IndexReport): Gap {
  return { code: 'version-unreadable', where: `${packages[pkg]!.name} ${id}`, detail: `${because}.` }
}
