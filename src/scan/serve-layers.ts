import type { MessagePort } from 'node:worker_threads'
import type { Analyzer } from '../core/analyzer.ts'
import type { LayerIndex } from '../core/layer-index.ts'
import { type LayerIdentity, LayerReader, readLayerFile } from './analyze-layer.ts'
import { type FromWorker, type LayerTask, sendError, sendIndex, type ToWorker } from './layer-messages.ts'
import { readDirectory } from './read-directory.ts'

const progressInterval = 100

/** A worker thread's side: reads one layer after the other, as it is told through `port`. */
export function serveLayers(port: MessagePort, analyzers: readonly Analyzer[]): void {
  let stream: StreamTask | undefined
  port.on('message', (message: ToWorker) => {
    try {
      if (message.kind === 'task') stream = start(message.task)
      else if (message.kind === 'chunk') {
        stream?.push(message.bytes)
        say({ kind: 'used', buffer: message.bytes.buffer }, [message.bytes.buffer])
      } else stream?.end()
    } catch (error) {
      stream = undefined
      say({ kind: 'failed', error: sendError(error) })
    }
  })

  function start(task: LayerTask): StreamTask | undefined {
    if (task.kind === 'stream') return new StreamTask(task.layer, analyzers, say, done)
    if (task.kind === 'directory') done(readDirectory(task.path, analyzers))
    else done(readLayerFile(task.layer, task, analyzers, progressOf(say)))
    return undefined
  }

  function done(index: LayerIndex): void {
    const sent = sendIndex(index)
    say({ kind: 'done', index: sent }, [sent.hashes.buffer as ArrayBuffer])
  }

  function say(message: FromWorker, transfer: ArrayBuffer[] = []): void {
    port.postMessage(message, transfer)
  }
}

/** A layer whose bytes come in messages. */
class StreamTask {
  readonly #layer: LayerIdentity
  readonly #analyzers: readonly Analyzer[]
  readonly #say: (message: FromWorker) => void
  readonly #done: (index: LayerIndex) => void
  readonly #progress: (bytes: number) => void
  #reader: LayerReader
  #bytes = 0
  #again = false

  constructor(
    layer: LayerIdentity,
    analyzers: readonly Analyzer[],
    say: (message: FromWorker) => void,
    done: (index: LayerIndex) => void,
  ) {
    this.#layer = layer
    this.#analyzers = analyzers
    this.#say = say
    this.#done = done
    this.#progress = progressOf(say)
    this.#reader = new LayerReader(layer, analyzers)
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    this.#bytes += bytes.byteLength
    this.#progress(this.#bytes)
  }

  end(): void {
    const { index, linkSources } = this.#reader.finish()
    if (linkSources.size === 0 || this.#again) {
      this.#done(index)
      return
    }
    this.#again = true
    this.#bytes = 0
    this.#reader = new LayerReader(this.#layer, this.#analyzers, linkSources)
    this.#say({ kind: 'again' })
  }
}

/** Tells the bytes read, but not more often than anybody could look. */
function progressOf(say: (message: FromWorker) => void): (bytes: number) => void {
  let last = performance.now()
  return (bytes) => {
    const now = performance.now()
    if (now - last < progressInterval) return
    last = now
    say({ kind: 'progress', bytes })
  }
}
