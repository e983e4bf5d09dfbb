import type { AdvisoryKey, Candidate, Statement } from '../core/advisory.ts'
import { type Coverage, type Ecosystem, type Facts, noFacts } from '../core/ecosystem.ts'
import type { Gap } from '../core/gap.ts'
import { comparedVersion, judge } from '../core/judge.ts'
import type { Match } from '../core/match.ts'
import type { Finding, IndexedPackage, IndexReport, VulnerabilityReport } from '../core/report.ts'
import { type Rating, severityRank } from '../core/severity.ts'
import type { AdvisoryStore } from '../core/store.ts'
import type { Verdict } from '../core/verdict.ts'
import { assess } from './assess.ts'
import { dataGaps } from './data-gaps.ts'
import { type KeptMatches, knownMatches } from './known-matches.ts'

/** What matching needs beside the index report. */
export interface MatchOptions {
  readonly ecosystems: readonly Ecosystem[]
  readonly advisories: AdvisoryStore
  /** `undefined`: every image is matched each time. */
  readonly kept: KeptMatches | undefined
  /** Data checked longer ago than this, in milliseconds, is a gap. */
  readonly maxDataAge: number
  /** The data is asked for as it was at this time, ISO 8601, however old it is; now, if it is not given. */
  readonly asOf: string | undefined
  readonly now: Date
  /** The version of Chiaro, for the report. */
  readonly version: string
}

/**
 * Finds the known vulnerabilities of an indexed image: keys for every package, one look-up for all of them, one verdict for
 * each pair. What cannot be assessed becomes a gap. Throws `DATABASE_FAILED` only.
 */
export async function matchIndex(index: IndexReport, options: MatchOptions): Promise<VulnerabilityReport> {
  const { advisories, asOf } = options
  const assessment = assess(index, options.ecosystems, timeOf(options))
  const { ecosystem, coverage, packages } = assessment
  const gaps: Gap[] = [...index.gaps, ...assessment.gaps]
  const findings: Finding[] = []
  const all = coverage === undefined ? [] : await advisories.status(undefined, asOf)
  const feeds = (coverage?.feeds ?? []).flatMap(({ id }) => all.find(({ feed }) => feed === id) ?? [])
  if (ecosystem !== undefined && coverage !== undefined) {
    gaps.push(...(await dataGaps(coverage, feeds, options)))
    const match = async () => {
      const places = new Map(index.packages.map((pkg, place) => [pkg, place]))
      return lookUp(packages, places, ecosystem, coverage, { advisories, asOf })
    }
    // What is kept is about the data of now.
    for (const found of await knownMatches(index, all, asOf === undefined ? options.kept : undefined, match)) {
      const { verdict } = found
      if (verdict.state === 'unknown') gaps.push(unreadable(found, index))
      else findings.push(findingOf(found, verdict, index, ecosystem))
    }
  }
  return {
    schemaVersion: 1,
    generator: { name: 'chiaro', version: options.version },
    ...(asOf === undefined ? {} : { asOf }),
    image: index.image,
    release: index.release,
    packages: index.packages,
    findings: findings.sort(compareFindings),
    gaps,
    data: feeds.map(({ feed, url, generation, checkedAt, importedAt, dataTime, records, gaps }) => ({
      feed,
      url,
      generation,
      checkedAt,
      importedAt,
      dataTime,
      records,
      gaps,
    })),
  }
}

/** The time as of which an image is assessed. */
export function timeOf({ asOf, now }: Pick<MatchOptions, 'asOf' | 'now'>): Date {
  return asOf === undefined ? now : new Date(asOf)
}

/** Where to look, and as of when. */
interface LookUp {
  readonly advisories: AdvisoryStore
  readonly asOf: string | undefined
}

/** Looks up all packages in one batch, and judges. A vulnerability matches a package once, whatever its keys. */
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
  const matches = new Map<string, Match>()
  for (const candidate of candidates) {
    const { statement, vulnerability } = candidate
    const judged = verdicts.get(statement)!
    for (const [index, pkg] of byKey.get(keyText(statement.key))!.packages.entries()) {
      const verdict = judged[index]!
      if (verdict.state === 'clear') continue
      const identity = `${pkg.name}\0${pkg.version}\0${pkg.arch}\0${pkg.path}\0${vulnerability.id}`
      const other = matches.get(identity)
      if (other?.verdict.state === 'affected') continue
      matches.set(identity, { pkg: places.get(pkg)!, candidate, verdict })
    }
  }
  return [...matches.values()]
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

function unreadable({ pkg, candidate, verdict }: Match, { packages }: IndexReport): Gap {
  const where = `${packages[pkg]!.name} ${candidate.vulnerability.id}`
  return { code: 'version-unreadable', where, detail: `${verdict.because}.` }
}

function findingOf(
  { pkg: place, candidate }: Match,
  verdict: Extract<Verdict, { state: 'affected' }>,
  index: IndexReport,
  ecosystem: Ecosystem,
): Finding {
  const { statement, vulnerability, feed } = candidate
  const { key } = statement
  const pkg = index.packages[place]!
  const rating = pickRating(candidate)
  const layer = index.image.layers[pkg.layer]
  return {
    id: vulnerability.id,
    aliases: vulnerability.aliases,
    package: pkg.name,
    version: pkg.version,
    arch: pkg.arch,
    purl: pkg.purl,
    fixedIn: verdict.fixedIn ?? null,
    state: verdict.fix,
    severity: rating?.severity ?? 'unknown',
    severitySource: rating?.source ?? '',
    description: vulnerability.description,
    links: vulnerability.links,
    advisory: statement.advisory ?? null,
    note: statement.note ?? null,
    why: {
      feed,
      scope: key.scope,
      name: key.name,
      scheme: ecosystem.versions.id,
      compared: comparedVersion(pkg, key.name),
      because: verdict.because,
      path: pkg.path,
      layer: pkg.layer,
      layerDigest: layer?.digest,
      createdBy: layer?.createdBy ?? '',
    },
  }
}

/** The vendor's word for this package and release first, then for the vulnerability; one that rates before one that does not. */
function pickRating({ statement: { rating }, vulnerability: { ratings } }: Candidate): Rating | undefined {
  if (rating !== undefined && rating.severity !== 'unknown') return rating
  return ratings.find(({ severity }) => severity !== 'unknown') ?? rating ?? ratings[0]
}

/** Most severe first, then those with a fix, then by package, id, architecture and path. */
function compareFindings(left: Finding, right: Finding): number {
  return (
    severityRank(left.severity) - severityRank(right.severity) ||
    Number(left.state !== 'fixed') - Number(right.state !== 'fixed') ||
    compareText(left.package, right.package) ||
    compareText(left.id, right.id) ||
    compareText(left.arch, right.arch) ||
    compareText(left.why.path, right.why.path)
  )
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
