// Whether the memory of a server that is asked all the time grows.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEngine } from '../src/compose.ts'
import { startRegistry } from '../test/support/registry.ts'
import { layoutManifest } from '../test/support/server.ts'
import { postgresServer } from './databases.ts'
import { distinctImages } from './distinct-images.ts'
import { askUntil, requestText } from './load.ts'
import { median } from './measure.ts'
import type { Part, PartOptions } from './part.ts'
import { indexPath, reportPath, startChiaro } from './serve.ts'

const { signal } = new AbortController()
const images = ['debian-11-slim', 'debian-12-slim', 'debian-12-node', 'debian-12-python', 'debian-13-slim']
/** Milliseconds from one new manifest of known layers to the next, and from one image that nobody has seen. */
const pauses = { manifest: 200, image: 5000 }

/** Memory of one process under a load of everything that clients do. */
export const serverMemory: Part = { id: 'server-memory', title: 'The memory of a server', once: true, measure }

async function measure(options: PartOptions): Promise<void> {
  const { corpus, feeds, folder, minutes, results } = options
  await using databases = await postgresServer()
  const database = await databases.create('memory')
  {
    await using engine = await createEngine({ database, mirror: feeds, offline: true })
    await engine.update(['debian'], { force: false, signal, progress: () => {} })
  }
  await using resources = new AsyncDisposableStack()
  const { url, pid } = resources.use(await startChiaro(folder, 0, database))
  const known = images.filter((name) => existsSync(join(corpus, name))).map((name) => join(corpus, name))
  const digests: string[] = []
  const manifests: ((hash: string) => string)[] = []
  for (const layout of known) {
    const registry = resources.use(await startRegistry(layout))
    const { digest, layers } = layoutManifest(layout)
    const listed = layers.map((hash) => ({ hash, uri: `http://${registry.host}/v2/test/image/blobs/${hash}` }))
    digests.push(digest)
    manifests.push((hash) => JSON.stringify({ hash, layers: listed }))
    await submit(url, manifests.at(-1)!(digest))
  }
  const distinct = resources.use(await distinctImages(join(corpus, 'debian-12-slim'), folder))
  const until = performance.now() + minutes * 60_000
  const isOver = () => performance.now() >= until
  let turn = 0
  const next = <Item>(list: readonly Item[]) => list[turn++ % list.length]!
  const reports = () => requestText('GET', `${reportPath}/${next(digests)}`)
  const again = () => {
    const place = turn++ % digests.length
    return requestText('POST', indexPath, manifests[place]!(digests[place]!))
  }
  const [samples, asked, posted] = await Promise.all([
    memoryOf(pid, isOver),
    askUntil({ url, request: reports, status: 200 }, isOver),
    askUntil({ url, request: again, status: 201 }, isOver),
    repeat(isOver, pauses.manifest, () => submit(url, next(manifests)(`sha256:${randomBytes(32).toString('hex')}`))),
    repeat(isOver, pauses.image, async () => submit(url, await distinct.next())),
  ])
  tell(options, samples)
  results.note(`One process, held to a core, on PostgreSQL, for ${minutes} minutes: on one connection each reports of known images (${asked})
and known manifests submitted again (${posted}), all the time; a new manifest of known layers each ${pauses.manifest / 1000} s; an image that nobody
has seen each ${pauses.image / 1000} s. Nothing is updated meanwhile. Resident memory of the process, worker threads included, is read each second;
its growth is the slope of a line through the second half.`)
}

function tell({ results }: PartOptions, samples: readonly number[]): void {
  const late = samples.slice(samples.length >> 1)
  const parts = [
    ['memory at the start', samples[0]!, ''],
    ['median', median(samples), ''],
    ['peak', Math.max(...samples), '400 MiB'],
  ] as const
  for (const [what, mib, target] of parts) {
    results.push({ what, ours: `${mib.toFixed(0)} MiB`, floor: '', ratio: '', target })
  }
  const first = median(samples.slice(samples.length >> 2, samples.length >> 1))
  results.push({
    what: 'growth in the second half',
    ours: `${(slopeOf(late) * 60).toFixed(1)} MiB a minute`,
    floor: `median of the second quarter: ${first.toFixed(0)} MiB, of the second half: ${median(late).toFixed(0)} MiB`,
    ratio: '',
    target: 'none',
  })
}

/** The slope of the line with the least squares through values at 0, 1, 2 and so on. */
function slopeOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const middle = (values.length - 1) / 2
  const products = values.reduce((sum, value, place) => sum + (place - middle) * (value - mean), 0)
  return products / values.reduce((sum, _, place) => sum + (place - middle) ** 2, 0)
}

/** Resident memory of a process, in MiB, each second. */
async function memoryOf(pid: number, isOver: () => boolean): Promise<readonly number[]> {
  const samples: number[] = []
  await repeat(isOver, 1000, async () => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    samples.push(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1024)
  })
  return samples
}

async function repeat(isOver: () => boolean, pause: number, work: () => Promise<void>): Promise<void> {
  while (!isOver()) {
    await work()
    await sleep(pause)
  }
}

async function submit(url: string, body: string): Promise<void> {
  const response = await fetch(`${url}${indexPath}`, { method: 'POST', body })
  const text = await response.text()
  if (response.status !== 201) throw new Error(text)
}
