import type { Statement } from './advisory.ts'
import type { Package } from './package.ts'
import type { Verdict } from './verdict.ts'
import type { VersionScheme } from './versions.ts'

/**
 * The rule that distributions share: a package is affected if the vendor says so and its version is older than the fixed
 * one, or if there is no fixed version. `version` is the one that the statement is about: the source package's for
 * statements about source packages, else the package's own.
 */
export function judge(version: string, statement: Statement, versions: VersionScheme): Verdict {
  const { fix, fixedIn } = statement
  if (fix === 'not-affected') return { state: 'clear', because: 'the vendor states that it is not affected' }
  if (fix !== 'fixed' || fixedIn === undefined) {
    const open = fix === 'fixed' ? 'open' : fix
    return { state: 'affected', fix: open, because: `every version is affected: ${openReasons[open]}` }
  }
  const order = versions.compare(version, fixedIn)
  if (order === undefined) {
    return { state: 'unknown', because: `${version} and ${fixedIn} cannot be compared as ${versions.id} versions` }
  }
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

/** The version of `pkg` that a statement about `name` is about. */
export function comparedVersion(pkg: Package, name: string): string {
  return name === pkg.source.name ? pkg.source.version : pkg.version
}
