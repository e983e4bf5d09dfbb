import { qualifiedName, type Statement } from '../core/advisory.ts'
import type { Package } from '../core/package.ts'
import type { Verdict } from '../core/verdict.ts'

/** Builds of the same source that are fixed each on its own: of a module, of a special interest group, and plain ones. */
type Flavour = 'plain' | 'module' | 'cloud'

const names: Readonly<Record<Flavour, string>> = {
  plain: 'plain builds',
  module: 'builds of a module',
  cloud: "the cloud group's builds",
}

/** Whether a version is of a module: `18.20.4-1.module_el8.10.0+3876+20afd1bb`, `0.23-19.module+el8.5.0+706+735ec4b3`. */
export function isModular(version: string): boolean {
  return /\.module[_+]/.test(version)
}

function flavourOf(version: string): Flavour {
  if (isModular(version)) return 'module'
  return /\.cloud(?:\.|$)/.test(version) ? 'cloud' : 'plain'
}

/** That a statement is about builds of another flavour than the package, and so not about it; else `undefined`. */
export function otherFlavour(pkg: Package, { fixedIn }: Statement): Verdict | undefined {
  if (fixedIn === undefined) return undefined
  const flavour = pkg.module === undefined ? flavourOf(pkg.version) : 'module'
  const fixed = flavourOf(fixedIn)
  return fixed === flavour ? undefined : { state: 'clear', because: `${fixedIn} is a fix of ${names[fixed]}` }
}

/** The names under which something may be said of a package: its own, and with the module stream that it is of. */
export function moduleNames(name: string, module: string | undefined): readonly string[] {
  return module === undefined ? [name] : [name, qualifiedName(name, { module })]
}

/** Whether a package has nothing but symbols or sources for debuggers. Nothing in it runs. */
export function isDebugPackage(name: string): boolean {
  return /-debug(?:info|source)(?:-common)?(?:-[\w.]+)?$/.test(name)
}
