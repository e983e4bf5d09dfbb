import type { AdvisoryKey } from '../core/advisory.ts'
import type { Ecosystem } from '../core/ecosystem.ts'
import { type FleetFinding, type FleetPackage, factScope, type Judgement, type NumberedPackage } from '../core/fleet.ts'
import type { Gap } from '../core/gap.ts'
import type { Release } from '../core/package.ts'
import { packageUrl } from '../core/purl.ts'
import type { IndexedPackage, IndexReport } from '../core/report.ts'
import type { AdvisoryStore } from '../core/store.ts'
import { assess } from '../scan/assess.ts'
import { type Judge, matchPackages, outcomesOf, packageKeys } from '../scan/match-packages.ts'

/** By what packages are judged. */
export interface JudgeOptions {
  readonly ecosystems: readonly Ecosystem[]
  readonly advisories: AdvisoryStore
}

/** Judges packages as matching judges those of an image: those of each release in one batch. Throws `DATABASE_FAILED` only. */
export async function judgePackages(
  packages: readonly NumberedPackage[],
  options: JudgeOptions,
): Promise<readonly Judgement[]> {
  const judged: Judgement[] = []
  const byRelease = Map.groupBy(packages, (one) => JSON.stringify(one.package.release))
  for (const own of byRelease.values()) judged.push(...(await judgeRelease(own, own[0]!.package.release, options)))
  return judged
}

async function judgeRelease(
  packages: readonly NumberedPackage[],
  release: Release,
  { ecosystems, advisories }: JudgeOptions,
): Promise<readonly Judgement[]> {
  const index = indexOf(packages, release)
  // When it is does not matter: it only makes gaps, which are an image's matter.
  const { ecosystem, coverage, packages: judged } = assess(index, ecosystems, new Date())
  if (ecosystem === undefined || coverage === undefined) return packages.map(({ number }) => nothing(number))
  const by = { ecosystem, coverage }
  const lookUp = { advisories, asOf: undefined }
  const keys = await packageKeys(judged, by, lookUp)
  const outcomes = outcomesOf(await matchPackages(keys, index, by, lookUp), index, by)
  const byPlace = Map.groupBy(outcomes, ({ pkg }) => pkg)
  return packages.map(({ number }, place) => {
    const pkg = index.packages[place]!
    const findings: FleetFinding[] = []
    const gaps: Gap[] = []
    for (const outcome of byPlace.get(place) ?? []) {
      if ('gap' in outcome) gaps.push(outcome.gap)
      // Where it lies here means nothing, and is not kept.
      else findings.push(outcome.finding)
    }
    return { number, findings, gaps, keys: allKeys(pkg, keys.get(pkg) ?? [], by) }
  })
}

function nothing(number: number): Judgement {
  return { number, findings: [], gaps: [], keys: [] }
}

/** An index of packages that have nothing to do with each other: each lies in a place of its own. */
function indexOf(packages: readonly NumberedPackage[], release: Release): IndexReport {
  return {
    image: {
      reference: '',
      tags: [],
      digest: undefined,
      configDigest: undefined,
      platform: { os: 'linux', architecture: '' },
      layers: [],
    },
    release,
    packages: packages.map((one, place) => indexedPackage(one.package, String(place))),
    gaps: [],
  }
}

function indexedPackage({ package: pkg, release, repositories }: FleetPackage, path: string): IndexedPackage {
  return {
    ...pkg,
    purl: packageUrl(pkg, release),
    path,
    layer: 0,
    ...(repositories.length === 0 ? {} : { repositories }),
  }
}

/** Its keys with the names of the facts that they are made with, and of those that name the advisories behind fixes. */
function allKeys(
  pkg: IndexedPackage,
  keys: readonly AdvisoryKey[],
  { ecosystem, coverage }: Judge,
): readonly AdvisoryKey[] {
  const facts = (ecosystem.facts?.([pkg]) ?? []).flatMap(({ feed, names }) =>
    names.map((name) => ({ scope: factScope(feed), name })),
  )
  const advisories = keys.flatMap((key) => {
    const name = ecosystem.advisoryFact?.(pkg, key)
    if (name === undefined) return []
    return (coverage.advisories ?? []).map(({ id }) => ({ scope: factScope(id), name }))
  })
  return [...keys, ...facts, ...advisories]
}
