import { Worker } from 'node:worker_threads'
import { ChiaroError, messageOf } from '../core/errors.ts'
import type { LayerIndex } from '../core/layer-index.ts'
import { limits } from '../core/limits.ts'
import { type FromWorker, type LayerTask, receiveError, receiveIndex, type ToWorker } from './layer-messages.ts'

/** A stream is gathered into buffers of this size, of which this many go to the thread and back again. */
const bufferBytes = 256 * 1024
const bufferCount = 4

/** Opens the bytes of a layer, from their start each time. */
export type OpenStream = (signal: AbortSignal) => AsyncIterable<Uint8Array>

/** A worker thread that reads layers, one at a time. */
export class LayerThread implements AsyncDisposable {
  readonly #worker: Worker
  #answer = Promise.withResolvers<FromWorker & { kind: 'done' | 'again' }>()
  #onProgress: (bytes: number) => void = () => {}
  readonly #free: Buffer<ArrayBuffer>[] = []
  #buffers = 0
  #wake: (() => void) | undefined
  #failed = false

  /** `worker` is the module that calls `serveLayers`. */
  constructor(worker: URL) {
    this.#answer.promise.catch(() => {})
    this.#worker = new Worker(worker, {
      resourceLimits: { maxOldGenerationSizeMb: limits.workerHeapMiB },
    })
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('error', (error) => this.#fail(crashed(error)))
    this.#worker.on('messageerror', (error) => this.#fail(crashed(error)))
    this.#worker.on('exit', (code) => this.#fail(crashed(new Error(`it ended with exit code ${code}`))))
  }

  /**
   * Reads one layer; `open` gives the bytes of a `stream` task. Throws what reading a layer and opening the stream throw, and
   * `INTERNAL` if the thread itself breaks.
   */
  async read(task: LayerTask, open: OpenStream | undefined, onProgress: (bytes: number) => void): Promise<LayerIndex> {
    this.#onProgress = onProgress
    this.#say({ kind: 'task', task })
    for (;;) {
      const answer = open === undefined ? await this.#answer.promise : await this.#feed(open)
      this.#answer = Promise.withResolvers()
      this.#answer.promise.catch(() => {})
      if (answer.kind === 'done') return receiveIndex(answer.index)
    }
  }

  /** Ends the thread at once, whatever it is doing. What it was reading is rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }

  /** Hands the stream over, and waits for the answer; whichever fails first ends the other. */
  async #feed(open: OpenStream) {
    const stop = new AbortController()
    const feeding = this.#send(open(stop.signal), stop.signal)
    feeding.catch(() => {})
    try {
      return await Promise.race([this.#answer.promise, feeding.then(() => this.#answer.promise)])
    } finally {
      stop.abort()
      this.#wake?.()
    }
  }

  async #send(stream: AsyncIterable<Uint8Array>, stopped: AbortSignal): Promise<void> {
    let buffer = await this.#freeBuffer()
    let filled = 0
    for await (const chunk of stream) {
      // A copy: the stream may use its memory again, and what is sent away cannot be.
      for (let at = 0; at < chunk.length; ) {
        if (filled === bufferBytes) {
          this.#sendChunk(buffer, filled)
          buffer = await this.#freeBuffer()
          filled = 0
        }
        if (stopped.aborted || this.#failed) return
        const part = chunk.subarray(at, at + bufferBytes - filled)
        buffer.set(part, filled)
        filled += part.length
        at += part.length
      }
    }
    this.#sendChunk(buffer, filled)
    this.#say({ kind: 'end' })
  }

  #sendChunk(buffer: Buffer<ArrayBuffer>, length: number): void {
    this.#say({ kind: 'chunk', bytes: buffer.subarray(0, length) }, [buffer.buffer])
  }

  /** A buffer that the thread is done with, as soon as there is one. Garbage in the thread would be freed far too late. */
  async #freeBuffer(): Promise<Buffer<ArrayBuffer>> {
    for (;;) {
      const free = this.#free.pop()
      if (free !== undefined) return free
      if (this.#buffers < bufferCount || this.#failed) {
        this.#buffers++
        return Buffer.allocUnsafeSlow(bufferBytes)
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  #say(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'progress') this.#onProgress(message.bytes)
    else if (message.kind === 'failed') this.#fail(receiveError(message.error))
    else if (message.kind === 'used') {
      this.#free.push(Buffer.from(message.buffer))
      this.#wake?.()
    } else this.#answer.resolve(message)
  }

  #fail(error: ChiaroError): void {
    this.#failed = true
    this.#answer.reject(error)
    this.#wake?.()
  }
}

function crashed(error: unknown): ChiaroError {
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new ChiaroError('LIMIT_EXCEEDED', `reading a layer takes more than ${limits.workerHeapMiB} MiB of memory`, {
      cause: error,
    })
  }
  return new ChiaroError('INTERNAL', `a thread that reads layers broke: ${messageOf(error)}`, { cause: error })
}
