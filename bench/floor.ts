// The floor under indexing an image: worker threads that do nothing but inflate its layers and make both digests, with the
// same number of threads, the same order and the same chunks as the product.
//   node bench/floor.ts LAYOUT     prints milliseconds, processor milliseconds, and the peak memory of the process
import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { createInflater, detectCompression } from '../src/io/inflate.ts'

const chunkBytes = 512 * 1024

if (isMainThread) {
  const started = performance.now()
  await readAll(layerFiles(process.argv[2]!))
  const { user, system } = process.cpuUsage()
  const cpu = Math.round((user + system) / 1000)
  const ms = Math.round(performance.now() - started)
  process.stdout.write(`${JSON.stringify({ ms, cpu, maxRssMiB: process.resourceUsage().maxRSS >> 10 })}\n`)
} else {
  parentPort!.on('message', (file: string) => parentPort!.postMessage(inflateAndHash(file)))
}

function layerFiles(layout: string): readonly string[] {
  const blob = (digest: string) => join(layout, 'blobs', ...digest.split(':'))
  const [{ digest }] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests
  const { layers } = JSON.parse(readFileSync(blob(digest), 'utf8')) as { layers: readonly { digest: string }[] }
  return layers.map((layer) => blob(layer.digest)).sort((left, right) => statSync(right).size - statSync(left).size)
}

async function readAll(files: readonly string[]): Promise<void> {
  const queue = [...files]
  const threads = Array.from({ length: Math.min(availableParallelism(), files.length) }, async () => {
    const worker = new Worker(new URL(import.meta.url))
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      await new Promise((resolve, reject) => {
        worker.once('message', resolve)
        worker.once('error', reject)
        worker.postMessage(file)
      })
    }
    await worker.terminate()
  })
  await Promise.all(threads)
}

function inflateAndHash(path: string): readonly string[] {
  const blob = createHash('sha256')
  const tar = createHash('sha256')
  const sink = (bytes: Buffer) => void tar.update(bytes)
  const file = openSync(path, 'r')
  const buffer = Buffer.allocUnsafeSlow(chunkBytes)
  let inflater: ReturnType<typeof createInflater> | undefined
  for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
    const chunk = buffer.subarray(0, read)
    const compression = inflater === undefined ? detectCompression(chunk) : 'none'
    inflater ??= createInflater(compression === 'gzip' || compression === 'zstd' ? compression : 'none', path)
    blob.update(chunk)
    inflater.push(chunk, sink)
  }
  inflater?.end(sink)
  closeSync(file)
  return [blob.digest('hex'), tar.digest('hex')]
}
