import type { Statement } from '../../core/advisory.ts'
import type { Rating } from '../../core/severity.ts'
import { advisorySeparator } from './judge.ts'
import { highestOfLines, isModular, lineOf, majorOf, tagLine, withoutBuild } from './lines.ts'
import { binaryName } from './names.ts'
import { sameRating } from './severity.ts'

/** One version in which something is fixed. */
export interface Fix {
  readonly version: string
  /** Empty where it is not stated, as of containers. */
  readonly arch: string
  readonly advisory: string | undefined
  readonly rating: Rating | undefined
}

/** What a name is the name of. */
interface Kind {
  readonly module: string | undefined
  readonly isContainer: boolean
}

/** All versions in which one name of one scope is fixed, gathered product by product, and the statements that they make. */
export class Fixes {
  readonly #scope: string
  readonly #name: string
  readonly #kind: Kind
  readonly #byVersion = new Map<string, Fix>()
  readonly #byArch = new Map<string, Set<string>>()

  constructor(scope: string, name: string, kind: Kind) {
    this.#scope = scope
    this.#name = name
    this.#kind = kind
  }

  add(fix: Fix): void {
    if (!this.#byVersion.has(fix.version)) this.#byVersion.set(fix.version, fix)
    const versions = this.#byArch.get(fix.arch)
    if (versions === undefined) this.#byArch.set(fix.arch, new Set([fix.version]))
    else versions.add(fix.version)
  }

  /**
   * One statement for all architectures, if the same versions fix it on all. One for each if they do not, or if it was fixed
   * on rare ones only, as the others then do not have it. `common` is the rating that need not be said.
   */
  statements(common: Rating | undefined): readonly Statement[] {
    const all = this.#reduce(this.#byVersion.keys())
    const arches = [...this.#byArch]
    if (arches.some(([arch]) => usual.has(arch)) && arches.every(([, versions]) => this.#agree(versions, all))) {
      return [this.#statement(undefined, all, common)]
    }
    return arches.map(([arch, versions]) => this.#statement(arch, this.#reduce(versions), common))
  }

  #statement(arch: string | undefined, versions: readonly string[], common: Rating | undefined): Statement {
    const fixes = versions.map((version) => this.#byVersion.get(version)!)
    const advisory = advisoriesOf(fixes)
    const { rating, version } = fixes.at(-1)!
    return {
      key: { scope: this.#scope, name: binaryName(this.#name, this.#kind.module, arch) },
      fix: 'fixed',
      ...(versions.length === 1 ? { fixedIn: version } : { ranges: versions.map((fixed) => ({ fixed })) }),
      ...(rating === undefined || sameRating(rating, common) ? {} : { rating }),
      ...(advisory === undefined ? {} : { advisory }),
    }
  }

  /** Whether an architecture has no other version in any line than all have. */
  #agree(versions: Iterable<string>, all: readonly string[]): boolean {
    const line = this.#line()
    return this.#reduce(versions).every((version) =>
      all.some((other) => line(other) === line(version) && withoutBuild(other) === withoutBuild(version)),
    )
  }

  #reduce(versions: Iterable<string>): readonly string[] {
    return highestOfLines(versions, this.#line())
  }

  #line(): (version: string) => string | undefined {
    if (this.#kind.isContainer) return tagLine
    if (this.#kind.module !== undefined) return lineOf
    return (version) => (isModular(version) ? `module ${majorOf(version)}` : lineOf(version))
  }
}

/** The advisory of all fixes, or of each, in their order; where some have none, those that there are, each once. */
function advisoriesOf(fixes: readonly Fix[]): string | undefined {
  const all = fixes.map(({ advisory }) => advisory).filter((advisory) => advisory !== undefined)
  const distinct = [...new Set(all)]
  if (distinct.length === 0) return undefined
  const isOfEach = distinct.length > 1 && all.length === fixes.length
  return (isOfEach ? all : distinct).join(advisorySeparator)
}

/** Every package that is not made for one kind of machine is made for one of these. Containers do not say. */
const usual: ReadonlySet<string> = new Set(['x86_64', 'noarch', ''])
