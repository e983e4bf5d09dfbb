import type { AdvisoryKey, Statement } from '../core/advisory.ts'
import { type Coverage, type Ecosystem, type Facts, noFacts } from '../core/ecosystem.ts'
import { type Enricher, isFeedOf } from '../core/enricher.ts'
import { bySeverity } from '../core/finding-order.ts'
import type { Gap } from '../core/gap.ts'
import { comparedVersion, judge } from '../core/judge.ts'
import type { Match } from '../core/match.ts'
import type { Finding, Found, IndexedPackage, IndexReport, VulnerabilityReport } from '../core/report.ts'
import type { AdvisoryStore, FeedStatus } from '../core/store.ts'
import type { Verdict } from '../core/verdict.ts'
import { type Assessment, assess, timeOf } from './assess.ts'
import { findingOf } from './findings.ts'
import { type JoinedMatches, joinMatches } from './join-matches.ts'
import type { KeptResults } from './known-findings.ts'
import { knownMatches } from './known-matches.ts'
import { makeReport, type ReportOptions } from './make-report.ts'
import { nameAdvisories } from './name-advisories.ts'

/** What matching needs beside the index report. */
export interface MatchOptions extends ReportOptions {
  readonly ecosystems: readonly Ecosystem[]
  /** Their feeds say nothing of packages, so that what is kept stays good when they change. */
  readonly enrichers: readonly Enricher[]
  /** `undefined`: every image is matched each time. */
  readonly kept: KeptResults | undefined
}

/**
 * Finds the known vulnerabilities of an indexed image: keys for every package, one look-up for all of them, one verdict for
 * each pair. What cannot be assessed becomes a gap. Throws `DATABASE_FAILED` only.
 */
export async function matchIndex(index: IndexReport, options: MatchOptions): Promise<VulnerabilityReport> {
  const assessment = assess(index, options.ecosystems, timeOf(options))
  const statuses = await options.advisories.status(undefined, options.asOf)
  const found = await find(index, assessment, statuses, options)
  return makeReport(index, assessment, statuses, found, options)
}

async function find(
  index: IndexReport,
  { ecosystem, coverage, packages }: Assessment,
  statuses: readonly FeedStatus[],
  { advisories, asOf, enrichers, kept }: MatchOptions,
): Promise<Found> {
  const gaps: Gap[] = []
  const findings: Finding[] = []
  if (ecosystem === undefined || coverage === undefined) return { findings, gaps }
  const match = async () => {
    const places = new Map(index.packages.map((pkg, place) => [pkg, place]))
    const found = await lookUp(packages, places, ecosystem, coverage, { advisories, asOf })
    return nameAdvisories(found, index.packages, { ecosystem, coverage }, { advisories, asOf })
  }
  const basis = statuses.filter(({ feed }) => !enrichers.some((enricher) => isFeedOf(enricher, feed)))
  // What is kept is about the data of now.
  const matches = await knownMatches(index, basis, asOf === undefined ? kept : undefined, match)
  const ownFeeds = new Set(coverage.feeds.map(({ id }) => id))
  for (const joined of joinMatches(matches, { packages: index.packages, versions: ecosystem.versions, ownFeeds })) {
    const { verdict } = joined.claims[0].match
    if (verdict.state === 'unknown') gaps.push(unreadable(joined, verdict.because, index))
    else findings.push(findingOf(joined, verdict, index, ecosystem))
  }
  return { findings: findings.sort(bySeverity), gaps }
}

/** Where to look, and as of when. */
interface LookUp {
  readonly advisories: AdvisoryStore
  readonly asOf: string | undefined
}

/** Looks up all packages in one batch, and judges. */
async function lookUp(
  packages: readonly IndexedPackage[],
  places: ReadonlyMap<IndexedPackage, number>,
  ecosystem: Ecosystem,
  coverage: Coverage,
  { advisories, asOf }: LookUp,
): Promise<readonly Match[]> {
  const facts = await lookUpFacts(packages, ecosystem, { advisories, asOf })
  const byKey = new Map<string, { readonly key: AdvisoryKey; readonly packages: IndexedPackage[] }>()
  for (const pkg of packages) {
    for (const key of ecosystem.keys(pkg, coverage, facts)) {
      const known = byKey.get(keyText(key))
      if (known === undefined) byKey.set(keyText(key), { key, packages: [pkg] })
      else known.packages.push(pkg)
    }
  }
  const verdicts = new Map<Statement, readonly Verdict[]>()
  // Most statements clear every package: the store then does not even read what they are about.
  const concerned = (statement: Statement) => {
    const judged = judgeAll(byKey.get(keyText(statement.key))!.packages, statement, ecosystem)
    if (judged.every(({ state }) => state === 'clear')) return false
    verdicts.set(statement, judged)
    return true
  }
  const candidates = await advisories.candidates(
    [...byKey.values()].map(({ key }) => key),
    { wanted: concerned, ...(asOf === undefined ? {} : { asOf }) },
  )
  const matches: Match[] = []
  for (const candidate of candidates) {
    const { statement } = candidate
    const judged = verdicts.get(statement)!
    for (const [index, pkg] of byKey.get(keyText(statement.key))!.packages.entries()) {
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

function keyText(key: AdvisoryKey): string {
  return `${key.scope}\0${key.name}`
}

function unreadable({ pkg, id }: JoinedMatches, because: string, { packages }: IndexReport): Gap {
  return { code: 'version-unreadable', where: `${packages[pkg]!.name} ${id}`, detail: `${because}.` }
}
