import { type Digest, parseDigest } from '../core/digest.ts'
import { ChiaroError, messageOf, printable } from '../core/errors.ts'

/**
 * A value of a JSON document from outside, with its place in it. Every accessor throws `MANIFEST_INVALID`, naming the
 * document and the place, for a value of another type. `null` counts as absent, as Go writes it for empty lists.
 */
export class JsonValue {
  readonly #value: unknown
  readonly #where: string
  readonly #place: string

  private constructor(value: unknown, where: string, place: string) {
    this.#value = value
    this.#where = where
    this.#place = place
  }

  /** Parses a document. `where` names it in errors. */
  static parse(bytes: Uint8Array, where: string): JsonValue {
    try {
      return new JsonValue(
        JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')),
        where,
        '',
      )
    } catch (cause) {
      throw invalidDocument(where, `it is not JSON: ${messageOf(cause).slice(0, 200)}`)
    }
  }

  get present(): boolean {
    return this.#value !== undefined && this.#value !== null
  }

  /** A member of this object; absent where this is absent. */
  get(name: string): JsonValue {
    const place = this.#place === '' ? name : `${this.#place}.${name}`
    if (!this.present) return new JsonValue(undefined, this.#where, place)
    if (typeof this.#value !== 'object' || Array.isArray(this.#value)) throw this.#wrong('an object')
    const members = this.#value as Readonly<Record<string, unknown>>
    return new JsonValue(Object.hasOwn(members, name) ? members[name] : undefined, this.#where, place)
  }

  /** The entries of this list, none if it is absent. Throws `LIMIT_EXCEEDED` beyond `limit`. */
  list(limit: number): readonly JsonValue[] {
    if (!this.present) return []
    if (!Array.isArray(this.#value)) throw this.#wrong('a list')
    if (this.#value.length > limit) {
      const message = `${this.#place} has ${this.#value.length} entries, more than ${limit}`
      throw new ChiaroError('LIMIT_EXCEEDED', message, { where: this.#where })
    }
    return this.#value.map((entry, index) => new JsonValue(entry, this.#where, `${this.#place}[${index}]`))
  }

  /** The members of this object, none if it is absent. Throws `LIMIT_EXCEEDED` beyond `limit`. */
  entries(limit: number): readonly (readonly [string, JsonValue])[] {
    this.get('')
    const names = this.present ? Object.keys(this.#value as object) : []
    if (names.length > limit) {
      const message = `${this.#place} has ${names.length} members, more than ${limit}`
      throw new ChiaroError('LIMIT_EXCEEDED', message, { where: this.#where })
    }
    return names.map((name) => [name, this.get(name)])
  }

  /** This object itself: throws if it is absent or not an object. */
  object(): JsonValue {
    this.get('')
    if (!this.present) throw this.#wrong('an object')
    return this
  }

  string(): string {
    if (typeof this.#value !== 'string') throw this.#wrong('a string')
    return this.#value
  }

  optionalString(): string | undefined {
    return this.present ? this.string() : undefined
  }

  optionalBoolean(): boolean | undefined {
    if (!this.present) return undefined
    if (typeof this.#value !== 'boolean') throw this.#wrong('true or false')
    return this.#value
  }

  /** A whole number of bytes. */
  size(): number {
    if (!Number.isSafeInteger(this.#value) || (this.#value as number) < 0) throw this.#wrong('a size in bytes')
    return this.#value as number
  }

  /** Throws `DIGEST_INVALID` for what is not one. */
  digest(): Digest {
    return parseDigest(this.string(), `${this.#where}, ${this.#place}`)
  }

  /** Whether this is the number `expected`. */
  is(expected: number): boolean {
    return this.#value === expected
  }

  #wrong(expected: string): ChiaroError {
    const found = this.#value === undefined ? 'missing' : (JSON.stringify(this.#value)?.slice(0, 60) ?? '')
    return invalidDocument(
      this.#where,
      `${this.#place || 'the document'} must be ${expected}; it is ${printable(found)}`,
    )
  }
}

/** The error for a document that is not what it has to be. */
export function invalidDocument(where: string, message: string, advice?: string): ChiaroError {
  return new ChiaroError('MANIFEST_INVALID', message, { where, ...(advice === undefined ? {} : { advice }) })
}
