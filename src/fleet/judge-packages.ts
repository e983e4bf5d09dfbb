import type { AdvisoryKey } from '../core/advisory.ts'
import type { Ecosystem } from '../core/ecosystem.ts'
import { type FleetFinding, type FleetPackage, factScope, type Judgement, type NumberedPackage } from '../core/fleet.ts'
import type { Gap } from '../core/gap.ts'
import type { Release } from '../core/package.ts'
import { packageUrl } from '../core/purl.ts'
import type { IndexedPackage, IndexReport } from '../core/report.ts'
import type { AdvisoryStore } from '../core/store.ts'
import { assess } from '../scan/assess.ts'
import {
  type Judge,
  type LookUp,
  matchPackages,
  type Outcome,
  outcomesOf,
  type PackageKeys,
  packageKeys,
} from '../scan/match-packages.ts'

/** By what packages are judged. */
export interface JudgeOptions {
  readonly ecosystems: readonly Ecosystem[]
  readonly advisories: AdvisoryStore
}

/** Packages of one release with the keys that they are looked up under, by their places. */
export interface Batch {
  readonly packages: readonly NumberedPackage[]
  readonly index: IndexReport
  readonly by: Judge
  readonly lookUp: LookUp
  readonly keys: PackageKeys
}

/** Judges packages as matching judges those of an image: those of each release in one batch. Throws `DATABASE_FAILED` only. */
export async function judgePackages(
  packages: readonly NumberedPackage[],
  options: JudgeOptions,
): Promise<readonly Judgement[]> {
  const judged: Judgement[] = []
  for (const own of byRelease(packages)) {
    const batch = await prepareBatch(own, options)
    judged.push(...(batch === undefined ? own.map(({ number }) => nothing(number)) : await judgeBatch(batch)))
  }
  return judged
}

export function byRelease(packages: readonly NumberedPackage[]): readonly (readonly NumberedPackage[])[] {
  return [...Map.groupBy(packages, (one) => JSON.stringify(one.package.release)).values()]
}

/** A batch of packages of one release; `undefined` where nobody can judge them. */
export async function prepareBatch(
  packages: readonly NumberedPackage[],
  { ecosystems, advisories }: JudgeOptions,
): Promise<Batch | undefined> {
  const index = indexOf(packages, packages[0]!.package.release)
  // When it is does not matter: it only makes gaps, which are an image's matter.
  const { ecosystem, coverage, packages: judged } = assess(index, ecosystems, new Date())
  if (ecosystem === undefined || coverage === undefined) return undefined
  const by = { ecosystem, coverage }
  const lookUp = { advisories, asOf: undefined }
  return { packages, index, by, lookUp, keys: await packageKeys(judged, by, lookUp) }
}

async function judgeBatch(batch: Batch): Promise<readonly Judgement[]> {
  const { keys, index, by, lookUp, packages } = batch
  const byPlace = outcomesByPlace(outcomesOf(await matchPackages(keys, index, by, lookUp), index, by))
  return packages.map(({ number }, place) => ({ number, ...byPlace(place), keys: allKeys(batch, place) }))
}

/** What outcomes come to in the package of each place. */
export function outcomesByPlace(
  outcomes: readonly Outcome[],
): (place: number) => { readonly findings: readonly FleetFinding[]; readonly gaps: readonly Gap[] } {
  const byPlace = Map.groupBy(outcomes, ({ pkg }) => pkg)
  return (place) => {
    const findings: FleetFinding[] = []
    const gaps: Gap[] = []
    for (const outcome of byPlace.get(place) ?? []) {
      if ('gap' in outcome) gaps.push(outcome.gap)
      // Where it lies here means nothing, and is not kept.
      else findings.push(outcome.finding)
    }
    return { findings, gaps }
  }
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

/** A package's keys with the names of the facts that they are made with, and of those that name the advisories behind fixes. */
export function allKeys(
  { index, keys: known, by: { ecosystem, coverage } }: Batch,
  place: number,
): readonly AdvisoryKey[] {
  const pkg = index.packages[place]!
  const keys = known.get(pkg) ?? []
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
