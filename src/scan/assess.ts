import type { Coverage, Ecosystem, Foreign } from '../core/ecosystem.ts'
import type { Gap } from '../core/gap.ts'
import { limits } from '../core/limits.ts'
import { releaseName } from '../core/package.ts'
import type { IndexedPackage, IndexReport } from '../core/report.ts'

/** What of an image can be assessed, by whom, and what cannot. */
export interface Assessment {
  readonly ecosystem: Ecosystem | undefined
  readonly coverage: Coverage | undefined
  /** The packages that the ecosystem judges. */
  readonly packages: readonly IndexedPackage[]
  readonly gaps: readonly Gap[]
}

/** Finds the ecosystem for an image, and names every reason why its packages, or some, cannot be assessed. Pure. */
export function assess(index: IndexReport, ecosystems: readonly Ecosystem[], now: Date): Assessment {
  const { release, packages } = index
  const nothing = { ecosystem: undefined, coverage: undefined, packages: [] }
  if (packages.length === 0) {
    const detail =
      'No package database was found, so there was nothing to assess. That does not mean that there is nothing vulnerable.'
    return { ...nothing, gaps: [{ code: 'no-packages', where: index.image.reference, detail }] }
  }
  if (release === undefined) {
    const detail = `No release file (os-release) says which distribution it is: ${count(packages.length)} not assessed.`
    return { ...nothing, gaps: [{ code: 'distribution-unknown', where: index.image.reference, detail }] }
  }
  for (const ecosystem of ecosystems) {
    const coverage = ecosystem.coverage(release)
    if (coverage === undefined) continue
    const judged = packages.filter((pkg) => ecosystem.packageTypes.includes(pkg.type))
    const name = releaseName(release)
    const gaps = [
      ...approximate(name, coverage),
      ...endOfLife(name, coverage, now),
      ...strangers(packages, ecosystem),
      ...thirdParties(judged, ecosystem),
      ...foreignRepositories(judged, ecosystem, coverage),
    ]
    return { ecosystem, coverage, packages: judged, gaps }
  }
  const name = releaseName(release)
  const detail = `There is no vulnerability data for ${name}: ${count(packages.length)} not assessed.`
  return { ...nothing, gaps: [{ code: 'distribution-unsupported', where: name, detail }] }
}

/** The time as of which an image is assessed. */
export function timeOf({ asOf, now }: { readonly asOf: string | undefined; readonly now: Date }): Date {
  return asOf === undefined ? now : new Date(asOf)
}

function approximate(where: string, { approximate: detail }: Coverage): readonly Gap[] {
  return detail === undefined ? [] : [{ code: 'distribution-approximate', where, detail }]
}

function endOfLife(name: string, coverage: Coverage, now: Date): readonly Gap[] {
  const { endOfLife } = coverage
  if (endOfLife === undefined || now < new Date(endOfLife)) return []
  const detail = `It has had no free security updates since ${endOfLife}: vulnerabilities found after that may be missing here.`
  return [{ code: 'distribution-end-of-life', where: name, detail }]
}

/** Packages of a kind that this distribution does not have, such as rpm packages in a Debian image. */
function strangers(packages: readonly IndexedPackage[], ecosystem: Ecosystem): readonly Gap[] {
  const paths = new Map<string, number>()
  for (const pkg of packages) {
    if (!ecosystem.packageTypes.includes(pkg.type)) paths.set(pkg.path, (paths.get(pkg.path) ?? 0) + 1)
  }
  return [...paths].map(([where, number]) => ({
    code: 'distribution-unsupported' as const,
    where,
    detail: `${ecosystem.title} has no data for packages of this kind: ${count(number)} not assessed.`,
  }))
}

/**
 * Packages that the distribution did not make: what its data says is not meant for them, even where it has one of the same name.
 * A gap for each third party, and one for all beyond the limit.
 */
function thirdParties(packages: readonly IndexedPackage[], { vendors, title }: Ecosystem): readonly Gap[] {
  if (vendors === undefined) return []
  const byVendor = new Map<string, Set<string>>()
  for (const { vendor, name } of packages) {
    if (vendor === undefined || vendors.test(vendor)) continue
    const where = byVendor.has(vendor) || byVendor.size < limits.thirdParties ? vendor : 'other third parties'
    byVendor.set(where, (byVendor.get(where) ?? new Set()).add(name))
  }
  return [...byVendor].map(([where, names]) => {
    const detail = `It made ${listOf([...names])}. The data for ${title} does not cover what others made.`
    return { code: 'vendor-unsupported' as const, where, detail }
  })
}

/**
 * Packages that may have come from a repository which the data does not cover, as their layer names it. A gap for each, and one for
 * all beyond the limit.
 */
function foreignRepositories(
  packages: readonly IndexedPackage[],
  { foreign }: Ecosystem,
  coverage: Coverage,
): readonly Gap[] {
  if (foreign === undefined) return []
  const found = new Map<string, { readonly repository: Foreign; readonly names: Set<string> }>()
  for (const [name, packagesOf] of byRepository(packages)) {
    const repository = foreign(name, coverage)
    if (repository === undefined) continue
    const where = found.size < limits.thirdParties ? name : 'other repositories'
    const known = found.get(where)?.names ?? []
    found.set(where, { repository, names: new Set([...known, ...packagesOf]) })
  }
  return [...found].map(
    ([
      where,
      {
        repository: { code, because },
        names,
      },
    ]) => {
      const detail = `The image names this repository, which may have brought ${listOf([...names])}. ${because}`
      return { code, where, detail }
    },
  )
}

/** The names of the packages that may have come from each repository. */
function byRepository(packages: readonly IndexedPackage[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const { name, repositories = [] } of packages) {
    for (const repository of repositories) {
      const names = found.get(repository)
      if (names === undefined) found.set(repository, [name])
      else names.push(name)
    }
  }
  return found
}

function listOf(names: readonly string[]): string {
  const more = names.length - limits.thirdPartyPackages
  const named = names.slice(0, limits.thirdPartyPackages).join(', ')
  return more > 0 ? `${named} and ${more} more` : named
}

function count(packages: number): string {
  return packages === 1 ? '1 package was' : `${packages} packages were`
}
