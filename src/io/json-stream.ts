import { ChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'

/** One element of a container: a member of an object by its name, or an item of an array by its place. */
export type JsonElement =
  | { readonly key: string | number; readonly value: unknown }
  /** Its bounds are known, but it is not JSON, too large or too deep: `bad` says why, `offset` where it starts. */
  | { readonly key: string | number; readonly bad: string; readonly offset: number }

/** What to slice. */
export interface JsonSlice {
  /** The names of the objects around the container: `['packages']`; empty for the document itself. */
  readonly path: readonly string[]
  /** The document, for messages. */
  readonly where: string
}

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openArray = 0x5b
const backslash = 0x5c
const closeArray = 0x5d
const openObject = 0x7b
const closeObject = 0x7d

/**
 * The elements of the object or array at `path` of a JSON text (RFC 8259), one after the other; nothing but one element is
 * held in memory. The text is taken apart at the brackets, and each element goes through `JSON.parse`, which is several
 * times faster than to parse token by token.
 *
 * An element that is not JSON, larger than `limits.feedRecordBytes` or deeper than `limits.feedRecordDepth`, is yielded as
 * bad. Throws `FEED_FAILED`, with the byte offset, if the document ends too early, is followed by anything, has brackets
 * that do not match, or has no container at `path`. What is around the path is checked for its brackets only.
 */
export async function* jsonElements(source: AsyncIterable<Buffer>, slice: JsonSlice): AsyncGenerator<JsonElement> {
  const input = new JsonInput(source, slice.where)
  try {
    for (const name of slice.path) {
      if ((await input.open()) !== closeObject || !(await skipTo(input, name))) {
        throw input.failure(`there is no "${slice.path.join('.')}" in it`)
      }
    }
    yield* elements(input)
    for (let outer = slice.path.length; outer > 0; outer--) {
      while (await input.hasNext(closeObject)) {
        await input.name()
        await input.skip()
      }
    }
    await input.end()
  } finally {
    await input.return()
  }
}

async function skipTo(input: JsonInput, wanted: string): Promise<boolean> {
  if (await input.isEmpty(closeObject)) return false
  do {
    if ((await input.name()) === wanted) return true
    await input.skip()
  } while (await input.hasNext(closeObject))
  return false
}

async function* elements(input: JsonInput): AsyncGenerator<JsonElement> {
  const close = await input.open()
  if (await input.isEmpty(close)) return
  let index = 0
  do {
    const key = close === closeObject ? await input.name() : index++
    const { text, bad, offset } = await input.element()
    yield bad === undefined ? parsed(key, text, offset) : { key, bad, offset }
  } while (await input.hasNext(close))
}

function parsed(key: string | number, text: string, offset: number): JsonElement {
  try {
    return { key, value: JSON.parse(text) }
  } catch (error) {
    return { key, bad: messageOf(error).slice(0, 200), offset }
  }
}

/** The bytes of a document and the place in them. */
class JsonInput {
  readonly #source: AsyncIterator<Buffer>
  readonly #where: string
  readonly #scanner = new ValueScanner()
  #chunk: Buffer = Buffer.alloc(0)
  #at = 0
  /** Where in the document the chunk starts. */
  #base = 0

  constructor(source: AsyncIterable<Buffer>, where: string) {
    this.#source = source[Symbol.asyncIterator]()
    this.#where = where
  }

  get offset(): number {
    return this.#base + this.#at
  }

  failure(what: string): ChiaroError {
    return new ChiaroError('FEED_FAILED', `The JSON document cannot be read: ${what}, at byte ${this.offset}`, {
      where: this.#where,
    })
  }

  /** Reads an opening bracket; gives the closing one that belongs to it. */
  async open(): Promise<number> {
    const byte = await this.#take('an object or an array')
    if (byte === openObject) return closeObject
    if (byte === openArray) return closeArray
    this.#at--
    throw this.failure('an object or an array was expected')
  }

  /** Whether a container ends right behind its opening bracket; the closing one is read then. */
  async isEmpty(close: number): Promise<boolean> {
    if ((await this.#take('an element')) === close) return true
    this.#at--
    return false
  }

  /** Reads the comma behind an element, or the closing bracket. */
  async hasNext(close: number): Promise<boolean> {
    const byte = await this.#take('"," or a closing bracket')
    if (byte === comma) return true
    if (byte === close) return false
    this.#at--
    throw this.failure('"," or the closing bracket was expected')
  }

  /** Reads the name of a member and the colon. */
  async name(): Promise<string> {
    if ((await this.#take('a name')) !== quote) {
      this.#at--
      throw this.failure('a name in quotes was expected')
    }
    this.#at--
    const { text, bad } = await this.element()
    const name = bad === undefined ? parsed('', text, 0) : { bad }
    if ('bad' in name || typeof name.value !== 'string') throw this.failure('a name is not a string')
    if ((await this.#take('":"')) !== colon) {
      this.#at--
      throw this.failure('":" was expected')
    }
    return name.value
  }

  /** Reads a value; `bad` says why there is no text. */
  async element(): Promise<{ text: string; bad: string | undefined; offset: number }> {
    const parts: Buffer[] = []
    let size = 0
    const start = await this.#scan((part) => {
      size += part.length
      // What the source hands out is valid until the next chunk only.
      if (size <= limits.feedRecordBytes) parts.push(Buffer.from(part))
      else parts.length = 0
    })
    const last = this.#chunk.subarray(Math.max(0, start - this.#base), this.#at)
    size += last.length
    return { ...this.#textOf(parts, last, size), offset: start }
  }

  async skip(): Promise<void> {
    await this.#scan(() => {})
  }

  #textOf(parts: readonly Buffer[], last: Buffer, size: number): { text: string; bad: string | undefined } {
    if (size > limits.feedRecordBytes) {
      return { text: '', bad: `it is larger than the limit of ${limits.feedRecordBytes} bytes` }
    }
    if (this.#scanner.tooDeep) {
      return { text: '', bad: `it is deeper than the limit of ${limits.feedRecordDepth} brackets` }
    }
    const bytes = parts.length === 0 ? last : Buffer.concat([...parts, last])
    return { text: bytes.toString('utf8'), bad: undefined }
  }

  /** Goes to the end of a value. `onPart` gets what is in all but the last chunk. Gives the offset of its first byte. */
  async #scan(onPart: (part: Buffer) => void): Promise<number> {
    await this.#take('a value')
    const start = this.offset - 1
    let from = --this.#at
    this.#scanner.begin()
    for (;;) {
      const end = this.#scanner.feed(this.#chunk, from)
      if (end >= 0) {
        this.#at = end
        if (this.#scanner.empty) throw this.failure('a value was expected')
        return start
      }
      onPart(this.#chunk.subarray(from))
      this.#at = this.#chunk.length
      if (this.#scanner.mismatch >= 0) {
        this.#at = this.#scanner.mismatch
        throw this.failure('a closing bracket does not match the opening one')
      }
      if (!(await this.#more())) throw this.failure('it ends within a value')
      from = 0
    }
  }

  /** Checks that nothing follows. */
  async end(): Promise<void> {
    if ((await this.#token()) < 0) return
    this.#at--
    throw this.failure('something follows its end')
  }

  async return(): Promise<void> {
    await this.#source.return?.()
  }

  async #take(what: string): Promise<number> {
    const byte = await this.#token()
    if (byte < 0) throw this.failure(`it ends where ${what} was expected`)
    return byte
  }

  /** The next byte that is not white space; -1 at the end. */
  async #token(): Promise<number> {
    for (;;) {
      while (this.#at < this.#chunk.length) {
        const byte = this.#chunk[this.#at++]!
        if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      }
      if (!(await this.#more())) return -1
    }
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next()
    if (next.done) return false
    this.#base += this.#chunk.length
    this.#chunk = next.value
    this.#at = 0
    return true
  }
}

/** Finds the end of a value, chunk by chunk, by nothing but quotes and brackets. */
class ValueScanner {
  /** Where in the chunk a closing bracket was of the wrong kind; -1: nowhere. */
  mismatch = -1
  tooDeep = false
  /** Whether there was nothing where the value should be. */
  empty = false
  readonly #closing = new Uint8Array(limits.feedRecordDepth)
  #depth = 0
  #inString = false
  #inScalar = false
  #escaped = false

  begin(): void {
    this.mismatch = -1
    this.tooDeep = false
    this.empty = false
    this.#depth = 0
    this.#inString = false
    this.#inScalar = false
    this.#escaped = false
  }

  /** The place behind the value's end, or -1 if it goes on in the next chunk or does not match. */
  feed(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#string(chunk, at)
        if (at < 0 || this.#depth === 0) return at
        continue
      }
      const byte = chunk[at]!
      if (this.#depth === 0 && (this.#inScalar || !opens(byte))) {
        if (ends(byte)) {
          this.empty = !this.#inScalar
          return at
        }
        this.#inScalar = true
      } else if (byte === quote) {
        this.#inString = true
      } else if (byte === openObject || byte === openArray) {
        this.#open(byte)
      } else if (byte === closeObject || byte === closeArray) {
        if (!this.#close(byte)) {
          this.mismatch = at
          return -1
        }
        if (this.#depth === 0) return at + 1
      }
      at++
    }
    return -1
  }

  #open(byte: number): void {
    if (this.#depth < limits.feedRecordDepth) this.#closing[this.#depth] = byte + 2
    else this.tooDeep = true
    this.#depth++
  }

  #close(byte: number): boolean {
    this.#depth--
    return this.#depth >= limits.feedRecordDepth || this.#closing[this.#depth] === byte
  }

  /** The place behind the closing quote, or -1. */
  #string(chunk: Buffer, from: number): number {
    let at = this.#escaped ? from + 1 : from
    this.#escaped = false
    while (at < chunk.length) {
      const byte = chunk[at++]!
      if (byte === quote) {
        this.#inString = false
        return at
      }
      if (byte === backslash) at++
    }
    this.#escaped = at > chunk.length
    return -1
  }
}

function opens(byte: number): boolean {
  return byte === quote || byte === openObject || byte === openArray
}

/** Whether a number or a word ends before this byte. */
function ends(byte: number): boolean {
  return byte <= 0x20 || byte === comma || byte === colon || byte === closeObject || byte === closeArray || opens(byte)
}
