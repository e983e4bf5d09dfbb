import type { VersionRange } from '../core/advisory.ts'
import { detached, type OvalCriteria, type OvalCriterion, type OvalDocument, type OvalProperty } from './oval.ts'

/** What has to be true of the machine for a range of versions to be vulnerable. Empty where nothing is said. */
interface Limits {
  /** The release of the distribution: `9`, `15.2`. */
  readonly release: string
  /** Architectures of the machine; any if there are none. */
  readonly arches: readonly string[]
  /** The module stream that is enabled: `nodejs:18`. */
  readonly module: string
  /** What the release of the package itself has to contain: `ksplice`. */
  readonly build: string
}

/** Versions of a package that a definition calls vulnerable, and where. */
export interface VulnerableRpm extends Limits {
  readonly name: string
  readonly range: VersionRange
}

/** What the criteria of a definition come to, and the ids of tests that could not be understood: what hung on them was left out. */
export interface RpmClaims {
  readonly vulnerable: readonly VulnerableRpm[]
  readonly unread: readonly string[]
}

/** Criteria as they are held until the tests have been read. */
export interface RpmCriteria {
  readonly any: boolean
  readonly criterions: readonly KeptCriterion[]
  readonly inner: readonly RpmCriteria[]
}

interface KeptCriterion {
  readonly test: string
  readonly module: string
  readonly negate: boolean
}

/** What a test means: versions of a package, or a limit. Of the signature that a package must have nothing is kept. */
type Meaning = { readonly limit: Partial<Limits> } | (Pick<VulnerableRpm, 'name' | 'range'> & Partial<Limits>)

const noLimits: Limits = { release: '', arches: [], module: '', build: '' }

/**
 * Turns the criteria of OVAL definitions about rpm packages (OVAL 5, Linux schema: rpminfo_test) into vulnerable versions:
 * `keep` what a definition says while the document is read, and `read` it when the tests are known.
 */
export class RpmCriteriaReader {
  readonly #texts = new Map<string, string>()
  readonly #meanings = new Map<string, Meaning | undefined>()

  /** A copy of `criteria` that does not keep the document in memory. Tests come again and again, and are held once. */
  keep({ operator, negate, criterions, criteria }: OvalCriteria): RpmCriteria {
    return {
      any: operator === 'OR',
      criterions: criterions.map((criterion) => this.#keepCriterion(criterion, negate)),
      inner: criteria.map((inner) => this.keep(inner)),
    }
  }

  /** What is vulnerable by `criteria`: kept ones of a definition in `document`. */
  read(criteria: RpmCriteria, document: OvalDocument<unknown>): RpmClaims {
    const vulnerable: VulnerableRpm[] = []
    const unread: string[] = []
    this.#collect(criteria, noLimits, document, vulnerable, unread)
    return { vulnerable, unread }
  }

  #keepCriterion({ test, comment, negate }: OvalCriterion, outerNegate: boolean): KeptCriterion {
    const [, module = ''] = /^Module (\S+:\S+) is enabled$/.exec(comment) ?? []
    return { test: this.#once(test), module: this.#once(module), negate: negate || outerNegate }
  }

  #once(text: string): string {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    const kept = detached(text)
    this.#texts.set(kept, kept)
    return kept
  }

  /** Limits next to each other under AND hold for all beside and below them. */
  #collect(
    { any, criterions, inner }: RpmCriteria,
    outer: Limits,
    document: OvalDocument<unknown>,
    vulnerable: VulnerableRpm[],
    unread: string[],
  ): void {
    let limits = outer
    const found: Exclude<Meaning, { limit: unknown }>[] = []
    for (const criterion of criterions) {
      const meaning = this.#meaningOf(criterion, document)
      if (meaning !== undefined && !('limit' in meaning) && (any || found.length === 0)) {
        found.push(meaning)
      } else if (meaning !== undefined && 'limit' in meaning && !any) {
        limits = { ...limits, ...meaning.limit }
      } else {
        unread.push(criterion.test)
        if (!any) return
      }
    }
    for (const versions of found) vulnerable.push({ ...limits, ...versions })
    for (const criteria of inner) this.#collect(criteria, limits, document, vulnerable, unread)
  }

  #meaningOf({ test, module, negate }: KeptCriterion, document: OvalDocument<unknown>): Meaning | undefined {
    if (negate) return undefined
    if (module !== '') return { limit: { module } }
    if (!this.#meanings.has(test)) this.#meanings.set(test, meaningOf(test, document))
    return this.#meanings.get(test)
  }
}

function meaningOf(id: string, document: OvalDocument<unknown>): Meaning | undefined {
  const test = document.tests.get(id)
  if (test?.kind !== 'rpminfo_test' || test.states.length === 0) return undefined
  const name = document.objects.get(test.object)?.find((property) => property.name === 'name')?.value
  if (!name) return undefined
  const properties = new Map<string, OvalProperty>()
  for (const state of test.states) {
    for (const property of document.states.get(state) ?? []) properties.set(property.name, property)
  }
  const evr = properties.get('evr')
  if (evr !== undefined) return versionsOf(name, evr, properties)
  const [only] = properties.values()
  return only === undefined || properties.size !== 1 ? undefined : limitOf(only)
}

/** A test with one property only: about the key of a signature, about the build, or through a release package about the machine. */
function limitOf({ name, operation, value }: OvalProperty): Meaning | undefined {
  switch (name) {
    case 'signature_keyid':
      return { limit: {} }
    case 'release':
      return operation === 'pattern match' && /^\w+$/.test(value) ? { limit: { build: value } } : undefined
    case 'version': {
      // `^9` and `^3[^\d]`, or the version itself
      const release = /^\^?(\d+(?:\.\d+)*)(?:\[\^\\d\]|\\b|\$)?$/.exec(value)?.[1]
      return release === undefined ? undefined : { limit: { release } }
    }
    case 'arch': {
      const arches = archesOf(value)
      return arches === undefined ? undefined : { limit: { arches } }
    }
    default:
      return undefined
  }
}

/** `x86_64`, `(i586|x86_64)`. */
function archesOf(pattern: string): readonly string[] | undefined {
  return /^\(?\w+(?:\|\w+)*\)?$/.test(pattern) ? pattern.replace(/[()]/g, '').split('|') : undefined
}

/** The versions below the one that a test names; of one branch, if it names that too (`version` matches `5.4.17`). */
function versionsOf(
  name: string,
  { operation, value }: OvalProperty,
  properties: ReadonlyMap<string, OvalProperty>,
): Meaning | undefined {
  const version = value.replace(/^0:/, '').trim()
  const bound = boundOf(operation, version)
  if (bound === undefined || version === '') return undefined
  let introduced: string | undefined
  let arches: readonly string[] | undefined
  for (const property of properties.values()) {
    if (property.name === 'version') {
      // Of builds of exactly this version: the fixed one is one of them, the first one is the version without a release.
      introduced = version.replace(/-[^-]*$/, '')
      if (property.value !== introduced.replace(/^\d+:/, '')) return undefined
    } else if (property.name === 'arch') {
      arches = archesOf(property.value)
      if (arches === undefined) return undefined
    } else if (property.name !== 'evr' && property.name !== 'signature_keyid') {
      return undefined
    }
  }
  const range = { ...(introduced === undefined ? {} : { introduced }), ...bound }
  return { name, range, ...(arches === undefined ? {} : { arches }) }
}

function boundOf(operation: string, version: string): VersionRange | undefined {
  if (operation === 'less than') return { fixed: version }
  if (operation === 'less than or equal') return { lastAffected: version }
  return undefined
}
