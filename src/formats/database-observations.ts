import { printable } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Observation, Package } from '../core/package.ts'

/** Gathers what is read out of one package database, within the limits on its number of packages and gaps. */
export class DatabaseObservations {
  readonly list: Observation[] = []
  #packages = 0
  #gaps = 0

  /** Adds a package. `false` if there are too many, so that reading should end. The gap for it is there already. */
  add(found: Package): boolean {
    if (this.#packages === limits.packages) {
      this.list.push(gapOf(`It lists more than ${limits.packages} packages: the rest was not read.`))
      return false
    }
    this.#packages += 1
    this.list.push({ kind: 'package', package: found })
    return true
  }

  /**
   * Notes that a part of the database could not be read: `detail` is a sentence, control characters in it are escaped. `false`
   * if there are so many of them that reading should end. The gap for it is there already.
   */
  gap(detail: string): boolean {
    if (this.#gaps === limits.databaseGaps) {
      this.list.push(gapOf(`More than ${limits.databaseGaps} of its parts cannot be read: the rest was not read.`))
      return false
    }
    this.#gaps += 1
    this.list.push(gapOf(detail))
    return true
  }
}

function gapOf(detail: string): Observation {
  return { kind: 'gap', code: 'database-unreadable', detail: printable(detail) }
}
