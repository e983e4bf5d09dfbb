import type { FixState, Statement, VersionRange } from './advisory.ts'
import type { Package } from './package.ts'
import type { Verdict } from './verdict.ts'
import type { VersionScheme } from './versions.ts'

/**
 * The rule that distributions share: a package is affected if the vendor says so and its version is older than the fixed
 * one, or if there is no fixed version. `version` is the one that the statement is about: the source package's for
 * statements about source packages, else the package's own.
 */
export function judge(version: string, statement: Statement, versions: VersionScheme): Verdict {
  const { fix, fixedIn, ranges } = statement
  if (fix === 'not-affected') return { state: 'clear', because: 'the vendor states that it is not affected' }
  if (ranges !== undefined) return judgeRanges(version, fix, ranges, versions)
  if (fix !== 'fixed' || fixedIn === undefined) {
    const open = fix === 'fixed' ? 'open' : fix
    return { state: 'affected', fix: open, because: `every version is affected: ${openReasons[open]}` }
  }
  const order = versions.compare(version, fixedIn)
  if (order === undefined) return incomparable(version, fixedIn, versions)
  if (order < 0) return { state: 'affected', fix, fixedIn, because: `${version} is older than ${fixedIn}` }
  return { state: 'clear', because: `${version} is ${order === 0 ? 'the fixed version' : `newer than ${fixedIn}`}` }
}

const openReasons = {
  open: 'there is no fix yet',
  deferred: 'the vendor has put the fix off',
  'will-not-fix': 'the vendor will not fix it',
  'end-of-life': 'the package is no longer supported',
  undetermined: 'the vendor has not determined whether it is affected',
} as const

function judgeRanges(
  version: string,
  fix: Exclude<FixState, 'not-affected'>,
  ranges: readonly VersionRange[],
  versions: VersionScheme,
): Verdict {
  let unknown: Verdict | undefined
  for (const range of ranges) {
    const { introduced, fixed, lastAffected } = range
    const bounds = [introduced, fixed, lastAffected].filter((bound) => bound !== undefined)
    const strange = bounds.find((bound) => versions.compare(version, bound) === undefined)
    if (strange !== undefined) {
      unknown = incomparable(version, strange, versions)
      continue
    }
    if (introduced !== undefined && versions.compare(version, introduced) === -1) continue
    if (fixed !== undefined && versions.compare(version, fixed) !== -1) continue
    if (lastAffected !== undefined && versions.compare(version, lastAffected) === 1) continue
    const because = `${version} is in the affected range ${rangeText(range)}`
    if (fixed !== undefined) return { state: 'affected', fix: 'fixed', fixedIn: fixed, because }
    return { state: 'affected', fix: fix === 'fixed' ? 'open' : fix, because }
  }
  return unknown ?? { state: 'clear', because: `${version} is in none of the affected ranges` }
}

/** The range in the notation of intervals: `[1.0, 2.3)`. */
function rangeText({ introduced, fixed, lastAffected }: VersionRange): string {
  const start = introduced === undefined ? '(' : `[${introduced}`
  return `${start}, ${lastAffected === undefined ? `${fixed ?? ''})` : `${lastAffected}]`}`
}

function incomparable(version: string, other: string, versions: VersionScheme): Verdict {
  return { state: 'unknown', because: `${version} and ${other} cannot be compared as ${versions.id} versions` }
}

/**
 * The version of `pkg` that a statement about `name` is about. A source rpm's own version has no epoch, and is that of its
 * packages, so that theirs is compared always.
 */
export function comparedVersion(pkg: Package, name: string): string {
  return name === pkg.source.name && pkg.type !== 'rpm' ? pkg.source.version : pkg.version
}
