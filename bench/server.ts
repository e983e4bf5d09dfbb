// What the server does in a second, on PostgreSQL, against what it could at most.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine } from '../src/compose.ts'
import { startRegistry } from '../test/support/registry.ts'
import { layoutManifest } from '../test/support/server.ts'
import { type Databases, postgresServer } from './databases.ts'
import { distinctImages } from './distinct-images.ts'
import { type Load, rateOf, requestText } from './load.ts'
import { median } from './measure.ts'
import type { Part, PartOptions } from './part.ts'
import { connections, indexPath, type MeasuredServer, reportPath, startChiaro, startScript } from './serve.ts'

const { signal } = new AbortController()

const milliseconds = 2000
/** Images that are indexed by one process, and by two. */
const imageCount = 12

/** What clients ask of a server that is held to a core, and what two of them index. */
export const server: Part = {
  id: 'server',
  title: 'The server on PostgreSQL',
  async measure(options) {
    await using databases = await postgresServer()
    await answers(databases, options)
    await processes(databases, options)
    options.results.note(`Each server is held to a core (taskset), and has ${connections} connections with one request at a time each,
as many as submissions that it is configured to take at a time.
PostgreSQL, with its default configuration, and the client share the two cores with it: the client writes bytes and counts those that
it gets. The floor of a report is a server with the same layers (node:http, Fastify, limits, metrics, log) that has the same bytes in memory.
${imageCount} images of one layer, each with a digest of its own, are indexed by one process and by two; the two share the cores with
everything else, where the one has a core left.`)
  },
}

async function answers(databases: Databases, { corpus, feeds, folder, times, results }: PartOptions): Promise<void> {
  const database = await databases.create('answers')
  {
    await using engine = await createEngine({ database, mirror: feeds, offline: true })
    await engine.update(['debian'], { force: false, signal, progress: () => {} })
  }
  const layout = join(corpus, 'debian-12-node')
  await using registry = await startRegistry(layout)
  await using chiaro = await startChiaro(folder, 0, database)
  const { digest, layers } = layoutManifest(layout)
  const listed = layers.map((hash) => ({ hash, uri: `http://${registry.host}/v2/test/image/blobs/${hash}` }))
  const manifest = (hash: string) => JSON.stringify({ hash, layers: listed })
  await fetch(`${chiaro.url}${indexPath}`, { method: 'POST', body: manifest(digest) })
  const report = await fetch(`${chiaro.url}${reportPath}/${digest}`, { headers: { 'accept-encoding': 'identity' } })
  if (report.status !== 200) throw new Error(`there is no report of the image: ${report.status}`)
  const file = join(folder, 'report.json')
  const body = Buffer.from(await report.arrayBuffer())
  writeFileSync(file, body)
  await using memory = await startScript(0, [join(import.meta.dirname, 'memory-server.ts'), file])
  const get = (path: string) => () => requestText('GET', path)
  const post = (hash: () => string) => () => requestText('POST', indexPath, manifest(hash()))
  const [own, floor, known, fresh, smallest] = await ratesOf(times, [
    { server: chiaro, request: get(`${reportPath}/${digest}`), status: 200 },
    { server: memory, request: get(`${reportPath}/${digest}`), status: 200 },
    { server: chiaro, request: post(() => digest), status: 201 },
    { server: chiaro, request: post(() => `sha256:${randomBytes(32).toString('hex')}`), status: 201 },
    { server: chiaro, request: get('/robots.txt'), status: 200 },
  ])
  const size = `${(body.length / 1024).toFixed(0)} KiB`
  const small = ['the smallest route, /robots.txt', smallest!] as const
  push(
    results,
    `GET vulnerability_report of a known image (${size})`,
    own!,
    ['the same bytes from memory', floor!],
    '0.5',
  )
  push(results, 'POST index_report of a known manifest', known!, small, '0.25')
  push(results, `POST index_report of a new manifest of ${layers.length} known layers`, fresh!, small, '0.25')
}

/** Answers a second of each kind, in turn. */
async function ratesOf(
  times: number,
  kinds: readonly (Pick<Load, 'request' | 'status'> & { readonly server: MeasuredServer })[],
): Promise<readonly (readonly number[])[]> {
  const rates: number[][] = kinds.map(() => [])
  for (let round = 0; round < times; round++) {
    for (const [
      place,
      {
        server: { url },
        request,
        status,
      },
    ] of kinds.entries()) {
      rates[place]!.push(await rateOf({ url, request, status, connections }, milliseconds))
    }
  }
  return rates
}

function push(
  results: PartOptions['results'],
  what: string,
  own: readonly number[],
  [floorName, floor]: readonly [string, readonly number[]],
  target: string,
): void {
  results.push({
    what,
    ours: `${median(own).toFixed(0)}/s`,
    floor: `${floorName}: ${median(floor).toFixed(0)}/s`,
    ratio: (median(own) / median(floor)).toFixed(2),
    target: `at least ${target}`,
  })
}

/** Images that one process indexes in a second, and two. */
async function processes(databases: Databases, { corpus, folder, times, results }: PartOptions): Promise<void> {
  await using images = await distinctImages(join(corpus, 'debian-12-slim'), folder)
  const manifests: string[] = []
  while (manifests.length < imageCount) manifests.push(await images.next())
  const rates: [number[], number[]] = [[], []]
  for (let round = 0; round < times; round++) {
    for (const [place, own] of rates.entries()) {
      const database = await databases.create(`processes_${round}_${place}`)
      await using one = await startChiaro(folder, 0, database)
      await using two = place === 0 ? undefined : await startChiaro(folder, 1, database)
      own.push(await indexAll(manifests, two === undefined ? [one] : [one, two]))
    }
  }
  const what = 'distinct images indexed by two processes, each on a core'
  const [single, both] = rates.map((list) => list.map((rate) => rate * 60)) as [number[], number[]]
  results.push({
    what,
    ours: `${median(both).toFixed(0)}/min`,
    floor: `one process on a core: ${median(single).toFixed(0)}/min`,
    ratio: (median(both) / median(single)).toFixed(2),
    target: 'at least 1.7',
  })
}

/** Has the servers index images, each two at a time; images a second. */
async function indexAll(manifests: readonly string[], servers: readonly MeasuredServer[]): Promise<number> {
  const left = [...manifests]
  const started = performance.now()
  const work = async ({ url }: MeasuredServer) => {
    for (let body = left.pop(); body !== undefined; body = left.pop()) {
      const response = await fetch(`${url}${indexPath}`, { method: 'POST', body })
      const text = await response.text()
      if (response.status !== 201) throw new Error(text)
    }
  }
  await Promise.all(servers.flatMap((one) => [work(one), work(one)]))
  return manifests.length / ((performance.now() - started) / 1000)
}
