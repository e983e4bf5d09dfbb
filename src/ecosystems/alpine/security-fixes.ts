import type { Advisory, Statement } from '../../core/advisory.ts'
import { ChiaroError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { apk } from '../../versions/apk.ts'
import { issuesOf } from './ids.ts'

/** What is held of one vulnerability, beside its texts, in bytes: about. */
const heldBytes = 200

/**
 * The fixes of a repository by vulnerability. They have to be held until the end of the document: packages are in it one
 * after the other, and the same vulnerability is in several of them, each knowing other aliases.
 */
export class SecurityFixes {
  readonly #where: string
  readonly #maxBytes: number
  readonly #issues = new Map<string, { readonly aliases: Set<string>; readonly versions: Map<string, string> }>()
  #held = 0

  /** `where` is the document, for messages. */
  constructor(where: string, maxBytes: number = limits.feedHeldBytes) {
    this.#where = where
    this.#maxBytes = maxBytes
  }

  /** Adds one entry of `secfixes`. False if it names no vulnerability. Throws `LIMIT_EXCEEDED` beyond `maxBytes`. */
  add(name: string, version: string, entry: string): boolean {
    const issues = issuesOf(entry)
    for (const { id, aliases } of issues) {
      const issue = this.#issues.get(id) ?? { aliases: new Set(), versions: new Map() }
      this.#issues.set(id, issue)
      for (const alias of aliases) issue.aliases.add(alias)
      const known = issue.versions.get(name)
      if (known === undefined || isHigher(version, known)) issue.versions.set(name, version)
      this.#hold(entry.length + version.length)
    }
    return issues.length > 0
  }

  *advisories(scope: string): Generator<Advisory> {
    for (const [id, { aliases, versions }] of this.#issues) {
      yield {
        vulnerability: {
          id,
          aliases: [...aliases],
          description: '',
          ratings: [],
          links: [`https://security.alpinelinux.org/vuln/${encodeURIComponent(id)}`],
        },
        statements: [...versions].map(([name, version]) => statementOf(scope, name, version)),
      }
    }
  }

  #hold(bytes: number): void {
    this.#held += heldBytes + bytes
    if (this.#held <= this.#maxBytes) return
    throw new ChiaroError('LIMIT_EXCEEDED', `More than ${this.#maxBytes} bytes of it have to be held in memory`, {
      where: this.#where,
    })
  }
}

/** A vulnerability under two versions was not wholly fixed by the first: the higher one counts. `0` is lower than any. */
function isHigher(version: string, known: string): boolean {
  if (version === '0' || known === '0') return known === '0'
  const order = apk.compare(version, known)
  // One of them is no version. What cannot be compared is reported as such for every package: that is the safe one.
  if (order === undefined) return apk.compare(version, version) === undefined
  return order > 0
}

/** Version `0` says that the branch never had it. */
function statementOf(scope: string, name: string, version: string): Statement {
  const key = { scope, name }
  return version === '0' ? { key, fix: 'not-affected' } : { key, fix: 'fixed', fixedIn: version }
}
