/** The longest code, in bits, and the most symbols a code of bzip2 can have. */
export const maxCodeBits = 20
export const maxSymbols = 258
/** Codes up to this length are found in one step. */
export const fastBits = 11

/** A canonical Huffman code, most significant bit first, ready for decoding. */
export interface HuffmanCode {
  /** By the next `fastBits` bits: the length of the code times 512 and its symbol; 0 for longer codes. */
  readonly fast: Uint16Array
  /** By length: the last code of that length, -1 if none is as short. */
  readonly last: Int32Array
  /** By length: what to take from a code to have its place in `symbols`. */
  readonly offset: Int32Array
  /** The symbols in the order of their codes. */
  readonly symbols: Uint16Array
}

/** The code in which symbol `i` has `lengths[i]` bits, 1 to 20; `undefined` if there is no such code. */
export function codesOf(lengths: Uint8Array, symbolCount: number): HuffmanCode | undefined {
  const fast = new Uint16Array(1 << fastBits)
  const last = new Int32Array(maxCodeBits + 1).fill(-1)
  const offset = new Int32Array(maxCodeBits + 1)
  const symbols = new Uint16Array(symbolCount)
  let code = 0
  let place = 0
  for (let length = 1; length <= maxCodeBits; length++) {
    code <<= 1
    offset[length] = code - place
    for (let symbol = 0; symbol < symbolCount; symbol++) {
      if (lengths[symbol] !== length) continue
      if (code >= 1 << length) return undefined
      if (length <= fastBits) {
        const shift = fastBits - length
        fast.fill((length << 9) | symbol, code << shift, (code + 1) << shift)
      }
      symbols[place++] = symbol
      code++
    }
    last[length] = code - 1
  }
  return { fast, last, offset, symbols }
}
