import type { Advisory, Statement } from '../../core/advisory.ts'
import { ChiaroError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { VersionScheme } from '../../core/versions.ts'
import { issuesOf } from './ids.ts'

/** What a security database needs to be read. */
export interface SecurityFixesOptions {
  /** The document, for messages. */
  readonly where: string
  readonly versions: VersionScheme
  /** Where a vulnerability of this id can be read, if anywhere. */
  readonly link: (id: string) => string | undefined
  /** The most bytes to hold; `limits.feedHeldBytes` if not given. */
  readonly maxBytes?: number
}

/** What is held of one vulnerability, beside its texts, in bytes: about. */
const heldBytes = 200

/**
 * The fixes of a repository by vulnerability. They have to be held until the end of the document: packages are in it one
 * after the other, and the same vulnerability is in several of them, each knowing other aliases.
 */
export class SecurityFixes {
  readonly #options: SecurityFixesOptions
  readonly #maxBytes: number
  readonly #issues = new Map<string, { readonly aliases: Set<string>; readonly versions: Map<string, string> }>()
  #held = 0

  constructor(options: SecurityFixesOptions) {
    this.#options = options
    this.#maxBytes = options.maxBytes ?? limits.feedHeldBytes
  }

  /** Adds one entry of `secfixes`. False if it names no vulnerability. Throws `LIMIT_EXCEEDED` beyond `maxBytes`. */
  add(name: string, version: string, entry: string): boolean {
    const issues = issuesOf(entry)
    for (const { id, aliases } of issues) {
      const issue = this.#issues.get(id) ?? { aliases: new Set(), versions: new Map() }
      this.#issues.set(id, issue)
      for (const alias of aliases) issue.aliases.add(alias)
      const known = issue.versions.get(name)
      if (known === undefined || isHigher(version, known, this.#options.versions)) issue.versions.set(name, version)
      this.#hold(entry.length + version.length)
    }
    return issues.length > 0
  }

  *advisories(scope: string): Generator<Advisory> {
    for (const [id, { aliases, versions }] of this.#issues) {
      const link = this.#options.link(id)
      yield {
        vulnerability: {
          id,
          aliases: [...aliases],
          description: '',
          ratings: [],
          links: link === undefined ? [] : [link],
        },
        statements: [...versions].map(([name, version]) => statementOf(scope, name, version)),
      }
    }
  }

  #hold(bytes: number): void {
    this.#held += heldBytes + bytes
    if (this.#held <= this.#maxBytes) return
    throw new ChiaroError('LIMIT_EXCEEDED', `More than ${this.#maxBytes} bytes of it have to be held in memory`, {
      where: this.#options.where,
    })
  }
}

/** A vulnerability under two versions was not wholly fixed by the first: the higher one counts. `0` is lower than any. */
function isHigher(version: string, known: string, { compare }: VersionScheme): boolean {
  if (version === '0' || known === '0') return known === '0'
  const order = compare(version, known)
  // One of them is no version. What cannot be compared is reported as such for every package: that is the safe one.
  if (order === undefined) return compare(version, version) === undefined
  return order > 0
}

/** Version `0` says that the branch never had it. */
function statementOf(scope: string, name: string, version: string): Statement {
  const key = { scope, name }
  return version === '0' ? { key, fix: 'not-affected' } : { key, fix: 'fixed', fixedIn: version }
}
