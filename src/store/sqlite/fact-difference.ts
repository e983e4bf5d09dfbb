import type { Fact } from '../../core/advisory.ts'
import { encodeFact, sameText } from '../codec.ts'
import type { Tally } from '../tally.ts'
import { BitSet } from './bit-set.ts'
import type { Connection } from './connection.ts'

/** Of which feed and generation facts are written, and how. */
export interface FactOptions {
  readonly feed: number
  readonly generation: number
  /** Facts of the generation before. */
  readonly before: number
  readonly partial: boolean
  readonly keepsHistory: boolean
  /** Gives out a slot of the feed. */
  nextSlot(): number
}

/** Writes the facts of a feed's next generation as the difference to the current one. */
export class FactDifference {
  readonly #connection: Connection
  readonly #options: FactOptions
  readonly #seen = new BitSet()
  readonly #removed = new Set<string>()
  #added = 0
  #changed = 0
  #closed = 0

  constructor(connection: Connection, options: FactOptions) {
    this.#connection = connection
    this.#options = options
  }

  fact({ fact: name, value }: Fact): void {
    const { feed, generation, nextSlot } = this.#options
    const text = encodeFact(value)
    const row = this.#connection
      .prepareArrays('SELECT slot, value FROM fact WHERE feed = ? AND name = ?')
      .get(feed, name) as unknown as [slot: number, value: string] | undefined
    if (row === undefined) {
      const slot = nextSlot()
      this.#connection
        .prepare('INSERT INTO fact (feed, name, slot, from_gen, value) VALUES (?, ?, ?, ?, ?)')
        .run(feed, name, slot, generation, text)
      this.#seen.add(slot)
      this.#added++
    } else if (this.#seen.add(row[0]) && !sameText(row[1], text)) {
      this.#keep(name)
      this.#connection
        .prepare('UPDATE fact SET from_gen = ?, value = ? WHERE feed = ? AND name = ?')
        .run(generation, text, feed, name)
      this.#changed++
    }
  }

  remove(name: string): void {
    this.#removed.add(name)
  }

  finish(): Tally {
    const { before, partial } = this.#options
    if (partial) this.#closeRemoved()
    else if (this.#seen.size < before + this.#added) this.#closeUnseen()
    return {
      valid: before + this.#added - this.#closed,
      added: this.#added,
      changed: this.#changed,
      closed: this.#closed,
    }
  }

  #closeRemoved(): void {
    const find = this.#connection.prepareArrays('SELECT slot FROM fact WHERE feed = ? AND name = ?')
    for (const name of this.#removed) {
      const row = find.get(this.#options.feed, name) as unknown as [slot: number] | undefined
      if (row !== undefined && !this.#seen.has(row[0])) this.#close(name)
    }
  }

  #closeUnseen(): void {
    const rows = this.#connection
      .prepareArrays('SELECT name, slot FROM fact WHERE feed = ?')
      .all(this.#options.feed) as unknown as [name: string, slot: number][]
    for (const [name, slot] of rows) if (!this.#seen.has(slot)) this.#close(name)
  }

  #close(name: string): void {
    this.#keep(name)
    this.#connection.prepare('DELETE FROM fact WHERE feed = ? AND name = ?').run(this.#options.feed, name)
    this.#closed++
  }

  #keep(name: string): void {
    const { feed, generation, keepsHistory } = this.#options
    if (!keepsHistory) return
    this.#connection
      .prepare(
        `INSERT INTO fact_history (feed, name, from_gen, to_gen, value)
         SELECT feed, name, from_gen, ?, value FROM fact WHERE feed = ? AND name = ? AND from_gen < ?`,
      )
      .run(generation, feed, name, generation)
  }
}
