import type { Statement } from '../../core/advisory.ts'
import { limits } from '../../core/limits.ts'
import { claimKey, encodeClaim } from '../codec.ts'

/** A number that stands for a name within one import, and whether it is new: what it stands for is then still to be sent. */
export interface LocalName {
  readonly number: number
  readonly isNew: boolean
}

/**
 * Numbers for packages, claims and vulnerabilities within one import, so that statements are sent as numbers and joined by them.
 * It remembers `limits.importNames` of each; what was forgotten gets another number, which stands for the same.
 */
export class LocalNames {
  readonly #packages = new Map<string, Map<string, number>>()
  readonly #claims = new Map<string, number>()
  readonly #vulnerabilities = new Map<string, number>()
  #packageCount = 0
  #next = 0

  package(scope: string, name: string): LocalName {
    const names = this.#packages.get(scope)
    const number = names?.get(name)
    if (number !== undefined) return { number, isNew: false }
    if (++this.#packageCount > limits.importNames) {
      this.#packages.clear()
      this.#packageCount = 1
    }
    const added = this.#packages.get(scope) ?? new Map<string, number>()
    this.#packages.set(scope, added)
    added.set(name, ++this.#next)
    return { number: this.#next, isNew: true }
  }

  claim(statement: Statement): LocalName & { readonly body: () => string } {
    return { ...this.#find(this.#claims, claimKey(statement)), body: () => encodeClaim(statement) }
  }

  vulnerability(id: string): LocalName {
    return this.#find(this.#vulnerabilities, id)
  }

  #find(numbers: Map<string, number>, key: string): LocalName {
    const number = numbers.get(key)
    if (number !== undefined) return { number, isNew: false }
    if (numbers.size >= limits.importNames) numbers.clear()
    numbers.set(key, ++this.#next)
    return { number: this.#next, isNew: true }
  }
}
