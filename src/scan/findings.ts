import { cvssVersion } from '../core/cvss.ts'
import type { Ecosystem } from '../core/ecosystem.ts'
import { comparedVersion } from '../core/judge.ts'
import type { CvssScore, Finding, IndexReport } from '../core/report.ts'
import { setAsideReason } from '../core/set-aside.ts'
import type { Rating } from '../core/severity.ts'
import type { Verdict } from '../core/verdict.ts'
import type { Claim, JoinedMatches } from './join-matches.ts'

/** The finding that joined matches are: what the first claim says counts, the others add what it does not say. */
export function findingOf(
  { pkg: place, id, aliases, claims }: JoinedMatches,
  verdict: Extract<Verdict, { state: 'affected' }>,
  index: IndexReport,
  ecosystem: Ecosystem,
): Finding {
  const { match, advisory } = claims[0]
  const { statement, feed } = match.candidate
  const { scope, name } = statement.key
  const pkg = index.packages[place]!
  const ratings = claims.flatMap(ratingsOf)
  const rating = pickRating(ratings)
  const vulnerabilities = claims.map((claim) => claim.match.candidate.vulnerability)
  const layer = index.image.layers[pkg.layer]
  return {
    id,
    aliases,
    package: pkg.name,
    version: pkg.version,
    arch: pkg.arch,
    purl: pkg.purl,
    fixedIn: verdict.fixedIn ?? null,
    state: verdict.fix,
    severity: rating?.severity ?? 'unknown',
    severitySource: rating?.source ?? '',
    cvss: cvssScores(ratings),
    weaknesses: distinct(vulnerabilities.flatMap(({ weaknesses = [] }) => weaknesses)),
    epss: null,
    kev: null,
    risk: null,
    description: vulnerabilities.find(({ description }) => description !== '')?.description ?? '',
    links: distinct(vulnerabilities.flatMap(({ links }) => links)),
    advisory: advisory ?? null,
    advisoryLink: advisoryLink(claims[0], ecosystem),
    note: statement.note ?? null,
    setAside: setAsideReason(pkg),
    why: {
      feed,
      scope,
      name,
      scheme: ecosystem.versions.id,
      compared: comparedVersion(pkg, name),
      because: verdict.because,
      path: pkg.path,
      layer: pkg.layer,
      layerDigest: layer?.digest,
      createdBy: layer?.createdBy ?? '',
    },
  }
}

/** Severities are the vendor's word for this package and release first, then that for the vulnerability. */
function ratingsOf({ match: { candidate } }: Claim): readonly Rating[] {
  const { statement, vulnerability } = candidate
  return statement.rating === undefined ? vulnerability.ratings : [statement.rating, ...vulnerability.ratings]
}

/** The first rating that rates; where there is none, the first that says so. */
export function pickRating(ratings: readonly Rating[]): Rating | undefined {
  return ratings.find(({ severity }) => severity !== 'unknown') ?? ratings[0]
}

/** The CVSS scores among ratings, each once. */
export function cvssScores(ratings: readonly Rating[]): readonly CvssScore[] {
  const scores = new Map<string, CvssScore>()
  for (const { source, vector, score = null } of ratings) {
    const version = vector === undefined ? undefined : cvssVersion(vector)
    if (version === undefined || scores.has(`${source}\0${vector}`)) continue
    scores.set(`${source}\0${vector}`, { source, version, vector: vector!, score })
  }
  return [...scores.values()]
}

/** Where the vendor has the advisory, or else the feed's own link to it. */
function advisoryLink({ match: { candidate }, advisory }: Claim, ecosystem: Ecosystem): string | null {
  if (advisory === undefined) return null
  const { statement, vulnerability } = candidate
  const own = ecosystem.advisoryLink?.(advisory, statement.key.scope)
  return own ?? vulnerability.links.find((link) => link.includes(advisory)) ?? null
}

function distinct(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)]
}
