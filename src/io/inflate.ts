import { crc32, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { ChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { gzipHeaderLength } from './gzip-framing.ts'
import { isZero } from './zeros.ts'
import { handlesWork, ZlibHandle } from './zlib-handle.ts'

/** How bytes are compressed, as far as their first bytes tell. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz'

/** The most bytes that `detectCompression` looks at. */
export const detectionBytes = 6

/** Tells the compression by the first bytes; `none` where they are of no known kind. */
export function detectCompression(head: Uint8Array): Compression {
  const starts = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte)
  if (starts(0x1f, 0x8b)) return 'gzip'
  if (isZstdMagic(head, 0)) return 'zstd'
  if (starts(0x42, 0x5a, 0x68)) return 'bzip2'
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz'
  return 'none'
}

/** A zstd frame or a skippable one (RFC 8878, 3.1). */
function isZstdMagic(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!
  if (first === 0x28) return bytes[at + 1] === 0xb5 && bytes[at + 2] === 0x2f && bytes[at + 3] === 0xfd
  return first >= 0x50 && first <= 0x5f && bytes[at + 1] === 0x2a && bytes[at + 2] === 0x4d && bytes[at + 3] === 0x18
}

/** Receives decompressed bytes. They are only valid during the call. */
type Sink = (chunk: Buffer) => void

/** Decompresses what is pushed, in the calling thread. */
export interface Inflater {
  /** Decompresses a chunk of any size. */
  push(chunk: Buffer, sink: Sink): void
  /** Says that there is no more. */
  end(sink: Sink): void
  /** Whether there was something behind the compressed data that was not read. */
  readonly trailing: boolean
}

/**
 * A decompressor for gzip (all members), zstd (all frames) or bytes that are not compressed. Zeros behind the end are padding;
 * anything else there is left unread and shows in `trailing`. Both methods throw `LAYER_INVALID` naming `where` for
 * damaged or truncated data, and `LIMIT_EXCEEDED` beyond `limits.layerBytes` (or `maxBytes`) and `limits.layerRatio`.
 */
export function createInflater(
  kind: 'none' | 'gzip' | 'zstd',
  where: string,
  maxBytes: number = limits.layerBytes,
): Inflater {
  const meter = new Meter(where, maxBytes)
  if (kind === 'none') return new PlainReader(meter)
  if (!handlesWork()) return createWholeInflater(kind, where, maxBytes)
  return kind === 'gzip' ? new GzipInflater(meter) : new ZstdInflater(meter)
}

/** Counts what goes in and out, and stops what grows beyond the limits. */
class Meter {
  readonly where: string
  readonly maxBytes: number
  #in = 0
  #out = 0

  constructor(where: string, maxBytes: number) {
    this.where = where
    this.maxBytes = maxBytes
  }

  consumed(bytes: number): void {
    this.#in += bytes
  }

  produced(bytes: number): void {
    this.#out += bytes
    if (this.#out > this.maxBytes) this.#exceed(`more than ${this.maxBytes} bytes`)
    if (this.#out > limits.layerRatioFrom && this.#out > this.#in * limits.layerRatio) {
      this.#exceed(`more than ${limits.layerRatio} times its size`)
    }
  }

  fail(what: string, cause?: unknown): never {
    throw new ChiaroError('LAYER_INVALID', `the compressed data ${what}`, {
      where: this.where,
      advice: 'Pull or build the image again.',
      ...(cause === undefined ? {} : { cause }),
    })
  }

  #exceed(what: string): never {
    throw new ChiaroError('LIMIT_EXCEEDED', `decompresses to ${what}`, { where: this.where })
  }
}

class PlainReader implements Inflater {
  readonly trailing = false
  readonly #meter: Meter

  constructor(meter: Meter) {
    this.#meter = meter
  }

  push(chunk: Buffer, sink: Sink): void {
    this.#meter.consumed(chunk.length)
    this.#meter.produced(chunk.length)
    sink(chunk)
  }

  end(): void {}
}

const outputBytes = 256 * 1024
const nothing = Buffer.alloc(0)
const truncated = 'ends in the middle: it is truncated'

/**
 * gzip, member by member. The framing is read here and only the deflate data in it by zlib, since zlib's own reader of gzip
 * cannot tell a damaged member from something behind the last one.
 */
class GzipInflater implements Inflater {
  readonly #meter: Meter
  readonly #handle = new ZlibHandle('deflate', outputBytes)
  #phase: 'header' | 'deflate' | 'trailer' | 'between' | 'behind' = 'header'
  /** The start of a header or trailer whose rest is in the next chunk. */
  #pending: Buffer = nothing
  #crc = 0
  #size = 0

  constructor(meter: Meter) {
    this.#meter = meter
  }

  get trailing(): boolean {
    return this.#phase === 'behind'
  }

  push(chunk: Buffer, sink: Sink): void {
    this.#meter.consumed(chunk.length)
    const input = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    this.#pending = nothing
    let at = 0
    while (at < input.length && this.#phase !== 'behind') {
      const next = this.#phase === 'deflate' ? this.#inflate(input, at, sink) : this.#readFraming(input, at)
      if (next === undefined) {
        this.#pending = Buffer.from(input.subarray(at))
        return
      }
      at = next
    }
  }

  end(): void {
    this.#handle.close()
    if (this.#phase === 'between' && this.#pending.length > 0) this.#phase = 'behind'
    if (this.#phase !== 'between' && this.#phase !== 'behind') this.#meter.fail(truncated)
  }

  /** Reads a header, trailer or what is between members. Returns where it ends, `undefined` if that is in the next chunk. */
  #readFraming(input: Buffer, at: number): number | undefined {
    if (this.#phase === 'header') return this.#readHeader(input, at)
    if (this.#phase === 'trailer') return this.#readTrailer(input, at)
    let next = at
    while (input[next] === 0) next++
    if (next === input.length) return next
    if (input[next] === 0x1f && next + 1 === input.length) return next === at ? undefined : next
    this.#phase = input[next] === 0x1f && input[next + 1] === 0x8b ? 'header' : 'behind'
    return next
  }

  #readHeader(input: Buffer, at: number): number | undefined {
    const length = gzipHeaderLength(input, at)
    if (length === 0) this.#meter.fail('has a malformed gzip header')
    if (length === undefined) {
      if (input.length - at > limits.gzipHeaderBytes) this.#meter.fail('has a gzip header without an end')
      return undefined
    }
    this.#phase = 'deflate'
    this.#crc = 0
    this.#size = 0
    this.#handle.reset()
    return at + length
  }

  #readTrailer(input: Buffer, at: number): number | undefined {
    if (input.length - at < 8) return undefined
    if (input.readUInt32LE(at) !== this.#crc) this.#meter.fail('does not have the checksum that it states')
    if (input.readUInt32LE(at + 4) !== this.#size % 2 ** 32) this.#meter.fail('does not have the size that it states')
    this.#phase = 'between'
    return at + 8
  }

  #inflate(input: Buffer, start: number, sink: Sink): number {
    const handle = this.#handle
    for (let at = start; ; at = input.length - handle.inputLeft) {
      runHandle(handle, input, at, this.#meter)
      const { produced } = handle
      if (produced > 0) {
        const chunk = handle.output.subarray(0, produced)
        this.#crc = crc32(chunk, this.#crc)
        this.#size += produced
        this.#meter.produced(produced)
        sink(chunk)
      }
      if (produced === handle.output.length) continue
      // Room in the output and input left over: only the end of the deflate data stops zlib there.
      if (handle.inputLeft > 0) this.#phase = 'trailer'
      return input.length - handle.inputLeft
    }
  }
}

/** zstd, frame by frame; skippable frames are skipped. */
class ZstdInflater implements Inflater {
  readonly #meter: Meter
  readonly #handle = new ZlibHandle('zstd', outputBytes)
  #pending: Buffer = nothing
  #phase: 'frames' | 'padding' | 'behind' = 'frames'
  #started = false

  constructor(meter: Meter) {
    this.#meter = meter
  }

  get trailing(): boolean {
    return this.#phase === 'behind'
  }

  push(chunk: Buffer, sink: Sink): void {
    this.#meter.consumed(chunk.length)
    const input = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    this.#pending = nothing
    const at = this.#phase === 'frames' ? this.#decode(input, sink) : 0
    if (this.#phase === 'padding' && !isZero(input.subarray(at))) this.#phase = 'behind'
  }

  end(): void {
    if (this.#pending.length > 0 && this.#started) this.#phase = 'behind'
    try {
      if (this.#phase === 'frames') this.#handle.finish()
    } catch (error) {
      this.#meter.fail(truncated, error)
    } finally {
      this.#handle.close()
    }
  }

  /** Decodes frames. Returns where the input is used up, or is something else than a frame. */
  #decode(input: Buffer, sink: Sink): number {
    const handle = this.#handle
    for (let at = 0; ; at = input.length - handle.inputLeft) {
      runHandle(handle, input, at, this.#meter)
      const { produced } = handle
      if (produced > 0) {
        this.#meter.produced(produced)
        sink(handle.output.subarray(0, produced))
      }
      if (produced === handle.output.length) continue
      const next = input.length - handle.inputLeft
      this.#started ||= next > 0
      if (next === input.length) return next
      // Room in the output and input left over: a frame has ended, and it is for us to see whether another one follows.
      if (input.length - next < 4) {
        this.#pending = Buffer.from(input.subarray(next))
        return input.length
      }
      if (isZstdMagic(input, next) && (next > at || produced > 0)) continue
      if (!this.#started) this.#meter.fail('is not zstd')
      this.#phase = 'padding'
      return next
    }
  }
}

function runHandle(handle: ZlibHandle, input: Buffer, at: number, meter: Meter): void {
  try {
    handle.run(input, at)
  } catch (error) {
    handle.close()
    meter.fail(`is damaged: ${messageOf(error)}`, error)
  }
}

/**
 * The same for a Node whose zlib handles are not as they were: decompresses all at once, through node:zlib's public functions,
 * which needs memory for the whole; so `limits.wholeLayerBytes` is a limit too. What is behind the end is damage here.
 */
export function createWholeInflater(
  kind: 'gzip' | 'zstd',
  where: string,
  maxBytes: number = limits.layerBytes,
): Inflater {
  return new WholeInflater(kind, new Meter(where, Math.min(maxBytes, limits.wholeLayerBytes)))
}

class WholeInflater implements Inflater {
  readonly trailing = false
  readonly #kind: 'gzip' | 'zstd'
  readonly #meter: Meter
  readonly #chunks: Buffer[] = []

  constructor(kind: 'gzip' | 'zstd', meter: Meter) {
    this.#kind = kind
    this.#meter = meter
  }

  push(chunk: Buffer): void {
    this.#meter.consumed(chunk.length)
    this.#chunks.push(Buffer.from(chunk))
  }

  end(sink: Sink): void {
    const decompress = this.#kind === 'gzip' ? gunzipSync : zstdDecompressSync
    let bytes: Buffer
    try {
      bytes = decompress(Buffer.concat(this.#chunks.splice(0)), { maxOutputLength: this.#meter.maxBytes })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        this.#meter.produced(Number.POSITIVE_INFINITY)
      this.#meter.fail(`is damaged: ${messageOf(error)}`, error)
    }
    this.#meter.produced(bytes.length)
    for (let at = 0; at < bytes.length; at += outputBytes) sink(bytes.subarray(at, at + outputBytes))
  }
}
