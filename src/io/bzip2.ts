import { ChiaroError } from '../core/errors.ts'
import { codesOf, fastBits, type HuffmanCode, maxCodeBits, maxSymbols } from './bzip2-huffman.ts'

/**
 * A decompressor of bzip2 data. Both methods yield what was decompressed, in chunks that are valid until the next one is
 * asked for, and have to be read to their end. A few bytes can become gigabytes: counting is the reader's job.
 */
export interface Bunzip {
  /** Takes the next bytes. Throws `FEED_FAILED`, with the byte offset, for damaged data. */
  push(chunk: Buffer): Iterable<Buffer>
  /** Says that there are no more. Throws `FEED_FAILED` for damaged, missing and trailing data. */
  end(): Iterable<Buffer>
}

/**
 * A decompressor of bzip2, also of several streams behind each other. The CRC of each block and stream is checked, so that
 * no damage goes unnoticed, though chunks of the block in work have been handed out by then. There is no specification but
 * the reference implementation (bzip2 1.0.8, decompress.c); blocks randomised by versions before 0.9.5 are refused.
 * Takes 10 MB of memory, whatever the input. `where` is the input, for messages.
 */
export function createBunzip(where: string): Bunzip {
  return new BlockReader(where)
}

const blockMagic = 0x314159265359
const endMagic = 0x177245385090
/** More than any block takes: 900,000 symbols of 20 bits, and its tables. */
const maxBlockBytes = 2.5 * 1024 * 1024
/** Zeros behind the input, as far as a group of symbols may be read beyond its end. */
const padding = 256
const groupSymbols = 50
const maxSelectors = 32_768
const outputBytes = 256 * 1024

/** How far the output of a block is. */
interface Unlinking {
  link: number
  left: number
  previous: number
  equal: number
}

class BlockReader implements Bunzip {
  readonly #where: string
  /** Compressed bytes from `#at` to `#end`, with `#bits` of them already taken into `#word`. */
  #input = new Uint8Array(64 * 1024)
  #at = 0
  #end = 0
  #word = 0
  #bits = 0
  /** Where in the whole input `#input` starts. */
  #base = 0
  #inStream = false
  #streams = 0
  #blockSize = 0
  #streamCrc = 0
  #links = new Int32Array(0)
  readonly #counts = new Uint32Array(256)
  readonly #selectors = new Uint8Array(maxSelectors)
  readonly #front = new Uint8Array(256)
  readonly #output = Buffer.allocUnsafe(outputBytes + 255)

  constructor(where: string) {
    this.#where = where
  }

  *push(chunk: Buffer): Iterable<Buffer> {
    this.#append(chunk)
    while (this.#end - this.#at > maxBlockBytes) yield* this.#step()
  }

  *end(): Iterable<Buffer> {
    while (this.#inStream || this.#end > this.#at) yield* this.#step()
    if (this.#streams === 0) throw this.#damaged('there is nothing in it')
  }

  #append(chunk: Buffer): void {
    const length = this.#end - this.#at
    if (this.#end + chunk.length + padding > this.#input.length) {
      const size = Math.max(this.#input.length, 2 * (length + chunk.length + padding))
      const input = size > this.#input.length ? new Uint8Array(size) : this.#input
      // The bits in #word were read from before #at, and are not needed again.
      input.set(this.#input.subarray(this.#at, this.#end))
      this.#input = input
      this.#base += this.#at
      this.#at = 0
      this.#end = length
    }
    this.#input.set(chunk, this.#end)
    this.#end += chunk.length
    this.#input.fill(0, this.#end, this.#end + padding)
  }

  /** Reads a stream's header, a block, or a stream's end. */
  *#step(): Iterable<Buffer> {
    if (!this.#inStream) {
      this.#readHeader()
      return
    }
    const magic = this.#take(24) * 0x1000000 + this.#take(24)
    if (magic === blockMagic) yield* this.#readBlock()
    else if (magic === endMagic) this.#readEnd()
    else throw this.#damaged('neither a block nor the end follows')
  }

  #readHeader(): void {
    const magic = this.#take(24)
    const level = this.#take(8) - 0x30
    this.#checkInput()
    if (magic !== 0x425a68 || level < 1 || level > 9) throw this.#damaged('there is no bzip2 header')
    this.#inStream = true
    this.#streams++
    this.#streamCrc = 0
    this.#blockSize = level * 100_000
    if (this.#links.length < this.#blockSize) this.#links = new Int32Array(this.#blockSize)
  }

  #readEnd(): void {
    const crc = this.#take32()
    this.#checkInput()
    if (crc !== this.#streamCrc) throw this.#damaged('the checksum of the stream is wrong')
    this.#inStream = false
    // A stream ends with its last byte; whole bytes that were read ahead go back.
    this.#at -= this.#bits >> 3
    this.#bits = 0
  }

  *#readBlock(): Iterable<Buffer> {
    const crc = this.#take32()
    if (this.#take(1) === 1) throw this.#damaged('it was made by a version of bzip2 before 0.9.5')
    const start = this.#take(24)
    const symbols = this.#readSymbolMap()
    const codeCount = this.#take(3)
    if (codeCount < 2 || codeCount > 6) throw this.#damaged('a block has no code tables')
    const selectorCount = this.#readSelectors(codeCount)
    const codes: HuffmanCode[] = []
    for (let code = 0; code < codeCount; code++) codes.push(this.#readCode(symbols + 2))
    const length = this.#readSymbols(codes, selectorCount, symbols + 1)
    this.#checkInput()
    if (start >= length) throw this.#damaged('a block starts outside of itself')
    this.#link(length)
    const run: Unlinking = { link: this.#links[this.#links[start]! >>> 8]!, left: length, previous: -1, equal: 0 }
    let actual = 0xffffffff | 0
    while (run.left > 0) {
      const size = this.#unlink(run)
      actual = updateCrc(actual, this.#output, size)
      yield this.#output.subarray(0, size)
    }
    if (~actual !== crc) throw this.#damaged('the checksum of a block is wrong')
    this.#streamCrc = ((this.#streamCrc << 1) | (this.#streamCrc >>> 31)) ^ crc
  }

  /** Reads which bytes occur into `#front`; gives their number. */
  #readSymbolMap(): number {
    const groups = this.#take(16)
    let count = 0
    for (let group = 0; group < 16; group++) {
      if ((groups & (0x8000 >> group)) === 0) continue
      const members = this.#take(16)
      for (let member = 0; member < 16; member++) {
        if ((members & (0x8000 >> member)) !== 0) this.#front[count++] = group * 16 + member
      }
    }
    if (count === 0) throw this.#damaged('a block has no symbols')
    return count
  }

  /** Reads which code each group of symbols is in; gives the number of groups. */
  #readSelectors(codeCount: number): number {
    const count = this.#take(15)
    const order = [0, 1, 2, 3, 4, 5]
    for (let index = 0; index < count; index++) {
      let place = 0
      while (this.#take(1) === 1) {
        if (++place >= codeCount) throw this.#damaged('a code table is named that does not exist')
      }
      const [code] = order.splice(place, 1)
      order.unshift(code!)
      this.#selectors[index] = code!
      if (this.#at > this.#end + 8) this.#checkInput()
    }
    if (count === 0) throw this.#damaged('a block has no data')
    return count
  }

  #readCode(symbols: number): HuffmanCode {
    const lengths = new Uint8Array(maxSymbols)
    let length = this.#take(5)
    for (let symbol = 0; symbol < symbols; symbol++) {
      while (this.#take(1) === 1) {
        length += this.#take(1) === 0 ? 1 : -1
        if (length < 1 || length > maxCodeBits) throw this.#damaged('a code is too long')
        if (this.#at > this.#end + 8) this.#checkInput()
      }
      if (length < 1 || length > maxCodeBits) throw this.#damaged('a code is too long')
      lengths[symbol] = length
    }
    const code = codesOf(lengths, symbols)
    if (code === undefined) throw this.#damaged('a code is ambiguous')
    return code
  }

  /** Undoes Huffman coding, run lengths and move-to-front: the bytes of the block into `#links`. Gives their number. */
  // Longer than functions here should be: it is the hot loop, and works on local variables for speed.
  #readSymbols(codes: readonly HuffmanCode[], selectorCount: number, endSymbol: number): number {
    const links = this.#links
    const front = this.#front
    const counts = this.#counts.fill(0)
    const input = this.#input
    const limit = this.#blockSize
    let [at, word, bits] = [this.#at, this.#word, this.#bits]
    let length = 0
    let run = 0
    let runUnit = 1
    for (let selector = 0; selector < selectorCount; selector++) {
      const { fast, last, offset, symbols } = codes[this.#selectors[selector]!]!
      if (at > this.#end + 8) throw this.#truncated()
      for (let member = 0; member < groupSymbols; member++) {
        while (bits < maxCodeBits) {
          word = (word << 8) | input[at++]!
          bits += 8
        }
        const entry = fast[(word >>> (bits - fastBits)) & ((1 << fastBits) - 1)]!
        let symbol = entry & 0x1ff
        if (entry !== 0) {
          bits -= entry >>> 9
        } else {
          let size = fastBits + 1
          while (size <= maxCodeBits && ((word >>> (bits - size)) & ((1 << size) - 1)) > last[size]!) size++
          if (size > maxCodeBits) throw this.#damaged('a code does not exist', at - (bits >> 3))
          symbol = symbols[((word >>> (bits - size)) & ((1 << size) - 1)) - offset[size]!]!
          bits -= size
        }
        if (symbol <= 1) {
          run += runUnit << symbol
          runUnit <<= 1
          if (length + run > limit) throw this.#damaged('a block is too long', at - (bits >> 3))
          continue
        }
        if (run > 0) {
          const byte = front[0]!
          counts[byte]! += run
          for (const end = length + run; length < end; length++) links[length] = byte
          run = 0
          runUnit = 1
        }
        if (symbol === endSymbol) {
          this.#at = at
          this.#word = word
          this.#bits = bits
          return length
        }
        if (length >= limit) throw this.#damaged('a block is too long', at - (bits >> 3))
        const byte = front[symbol - 1]!
        for (let place = symbol - 1; place > 0; place--) front[place] = front[place - 1]!
        front[0] = byte
        counts[byte]!++
        links[length++] = byte
      }
    }
    throw this.#damaged('a block does not end', at - (bits >> 3))
  }

  /** Prepares the inverse Burrows-Wheeler transform: in the upper bits of each byte, where the next one is. */
  #link(length: number): void {
    const links = this.#links
    const next = this.#counts
    let sum = 0
    for (let byte = 0; byte < 256; byte++) {
      const count = next[byte]!
      next[byte] = sum
      sum += count
    }
    for (let index = 0; index < length; index++) links[next[links[index]! & 0xff]!++]! |= index << 8
  }

  /** Follows the links and undoes the first run lengths, until the output is full; gives the number of bytes in it. */
  #unlink(state: Unlinking): number {
    const links = this.#links
    const output = this.#output
    let { link, left, previous, equal } = state
    let size = 0
    for (; left > 0 && size < outputBytes; left--) {
      const byte = link & 0xff
      link = links[link >>> 8]!
      if (equal === 4) {
        output.fill(previous, size, size + byte)
        size += byte
        equal = 0
        previous = -1
      } else {
        equal = byte === previous ? equal + 1 : 1
        previous = byte
        output[size++] = byte
      }
    }
    Object.assign(state, { link, left, previous, equal })
    return size
  }

  /** The next `count` bits, 24 at most. */
  #take(count: number): number {
    while (this.#bits < count) {
      this.#word = (this.#word << 8) | (this.#input[this.#at++] ?? 0)
      this.#bits += 8
    }
    this.#bits -= count
    return (this.#word >>> this.#bits) & ((1 << count) - 1)
  }

  #take32(): number {
    const high = this.#take(16)
    return (high << 16) | this.#take(16)
  }

  #checkInput(): void {
    if (this.#at - (this.#bits >> 3) > this.#end) throw this.#truncated()
  }

  #truncated(): ChiaroError {
    return this.#failure('it ends too early')
  }

  /** What is read behind the end of the input is nonsense: then the end is what is wrong. */
  #damaged(what: string, at = this.#at - (this.#bits >> 3)): ChiaroError {
    return at > this.#end ? this.#truncated() : this.#failure(what)
  }

  #failure(what: string): ChiaroError {
    const offset = this.#base + Math.min(this.#at, this.#end)
    return new ChiaroError('FEED_FAILED', `The bzip2 data is damaged: ${what}, at byte ${offset}`, {
      where: this.#where,
      advice: 'Fetch it again.',
    })
  }
}

/** CRC-32 with the most significant bit first, eight bytes at a time. */
const crcTables = makeCrcTables()

function makeCrcTables(): readonly Int32Array[] {
  const first = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
    first[byte] = crc
  }
  const tables = [first]
  for (let table = 1; table < 8; table++) {
    tables.push(tables[table - 1]!.map((crc) => (crc << 8) ^ first[crc >>> 24]!))
  }
  return tables
}

function updateCrc(start: number, bytes: Uint8Array, length: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = crcTables as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ]
  let crc = start
  let at = 0
  for (const end = length - 7; at < end; at += 8) {
    crc =
      t7[(crc >>> 24) ^ bytes[at]!]! ^
      t6[((crc >>> 16) & 0xff) ^ bytes[at + 1]!]! ^
      t5[((crc >>> 8) & 0xff) ^ bytes[at + 2]!]! ^
      t4[(crc & 0xff) ^ bytes[at + 3]!]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
  }
  for (; at < length; at++) crc = (crc << 8) ^ t0[(crc >>> 24) ^ bytes[at]!]!
  return crc
}
