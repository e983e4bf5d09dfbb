import { constants, createInflateRaw, createZstdDecompress, deflateRawSync, zstdCompressSync } from 'node:zlib'

/** The decoders inside node:zlib, driven synchronously. */
export type HandleKind = 'deflate' | 'zstd'

/** What Node keeps inside its zlib streams, undocumented but the same for many years. */
interface Engine {
  readonly _handle: {
    writeSync(flush: number, input: Buffer, at: number, length: number, output: Buffer, to: number, room: number): void
    reset(): void
    onerror: (message: string, errno: number, code: string) => void
  }
  /** After a write: room left in the output, bytes left of the input. */
  readonly _writeState: Uint32Array
  close(): void
}

/**
 * A decoder that works in the calling thread, into one buffer that is used again: about 1.5 times as fast as a stream, in
 * half the memory. There is no public way to it; `handlesWork` tells whether Node still has it.
 */
export class ZlibHandle {
  readonly output: Buffer
  readonly #engine: Engine
  #error: string | undefined

  constructor(kind: HandleKind, outputBytes: number) {
    this.output = Buffer.allocUnsafeSlow(outputBytes)
    this.#engine = (kind === 'deflate' ? createInflateRaw() : createZstdDecompress()) as unknown as Engine
    this.#engine._handle.onerror = (message) => {
      this.#error = message
    }
  }

  /** Bytes of the input not consumed by the last `run`. */
  get inputLeft(): number {
    return this.#engine._writeState[1]!
  }

  /** Bytes of `output` filled by the last `run`. */
  get produced(): number {
    return this.output.length - this.#engine._writeState[0]!
  }

  /** Decodes `input` from `at` until it is used up, `output` is full, or the data ends. Throws an `Error` for damaged data. */
  run(input: Buffer, at: number): void {
    this.#write(0, input, at)
  }

  /** Throws an `Error` if the data so far ends in the middle. Of zstd only: raw deflate data says itself that it ends. */
  finish(): void {
    this.#write(constants.ZSTD_e_end, Buffer.alloc(0), 0)
  }

  #write(flush: number, input: Buffer, at: number): void {
    this.#engine._handle.writeSync(flush, input, at, input.length - at, this.output, 0, this.output.length)
    if (this.#error !== undefined) throw new Error(this.#error)
  }

  /** Makes the decoder ready for other data, also after it threw. */
  reset(): void {
    this.#error = undefined
    this.#engine._handle.reset()
  }

  close(): void {
    this.#engine.close()
  }
}

let working: boolean | undefined

/** Whether the handles of this Node do what this module takes them to do. Tried once. */
export function handlesWork(): boolean {
  working ??= works('deflate', deflateRawSync) && works('zstd', zstdCompressSync)
  return working
}

function works(kind: HandleKind, compress: (data: Buffer) => Buffer): boolean {
  try {
    const data = Buffer.from('the quick brown fox jumps over the lazy dog '.repeat(20))
    const compressed = compress(data)
    const handle = new ZlibHandle(kind, 512)
    const decoded: Buffer[] = []
    const input = Buffer.concat([compressed, Buffer.from([1, 2, 3, 4, 5])])
    for (let at = 0, rounds = 0; rounds < 10; rounds++) {
      handle.run(input, at)
      at = input.length - handle.inputLeft
      decoded.push(Buffer.from(handle.output.subarray(0, handle.produced)))
    }
    const stopped = handle.inputLeft === 5 && handle.produced === 0
    handle.reset()
    return stopped && data.equals(Buffer.concat(decoded)) && refusesDamage(handle, kind, compressed)
  } catch {
    return false
  }
}

function refusesDamage(handle: ZlibHandle, kind: HandleKind, compressed: Buffer): boolean {
  try {
    handle.run(kind === 'zstd' ? compressed.subarray(0, -2) : Buffer.from([0xff, 0xff, 0xff, 0xff]), 0)
    handle.finish()
    return false
  } catch {
    return true
  } finally {
    handle.close()
  }
}
