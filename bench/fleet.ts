// What a fleet costs as it grows, on PostgreSQL: questions, reports, updates, space.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { createEngine, type Engine } from '../src/compose.ts'
import { startCluster } from '../test/support/postgres-cluster.ts'
import { type FleetImages, fleetImages } from './fleet-images.ts'
import { changeHundredth, readTracker, type Tracker, writeTracker } from './generate-feed.ts'
import { median } from './measure.ts'
import type { Part, PartOptions } from './part.ts'

const { signal } = new AbortController()
const run = { force: false, signal, progress: () => {} }
const report = { maxDataAge: Number.POSITIVE_INFINITY, enrich: [] }
const times = 41
const mebibyte = 2 ** 20

/** The numbers of images to ask the same questions at. */
const sizes = [1000, 10_000, 100_000]
/** Updates of one hundredth of the statements, at the last size. */
const updateCount = 20

/** A fleet of images that share layers as those of a registry do. */
export const fleet: Part = { id: 'fleet', title: 'A fleet on PostgreSQL', measure }

async function measure(options: PartOptions): Promise<void> {
  const cluster = await startCluster()
  await createDatabase(cluster.address('postgres'))
  const database = cluster.address('fleet')
  const client = new Client(database)
  try {
    await client.connect()
    const tracker = await readTracker(options.feeds)
    await using engine = await createEngine({ database, mirror: options.feeds, offline: true })
    await engine.update(['debian'], run)
    await engine.fleet.rejudge(signal)
    const images = fleetImages(options.corpus, tracker)
    let there = 0
    for (const size of sizes) {
      const ms = await put(engine, images, there, size)
      push(options, size, 'put and judge an image', ms / (size - there), undefined, '')
      there = size
      await client.query('ANALYZE')
      await questions(engine, client, images, size, options)
    }
    await updates(engine, { client, database }, tracker, there, options)
  } finally {
    await client.end()
    await cluster.stop()
  }
}

/** Puts images, a few at a time as a server does; how long that takes. */
async function put(engine: Engine, images: FleetImages, from: number, to: number): Promise<number> {
  const started = performance.now()
  let next = from
  const worker = async () => {
    while (next < to) await engine.fleet.add(images(next++), [], signal)
  }
  await Promise.all(Array.from({ length: 3 }, worker))
  return performance.now() - started
}

async function questions(
  engine: Engine,
  client: Client,
  images: FleetImages,
  size: number,
  options: PartOptions,
): Promise<void> {
  const { fleet: store } = engine.store
  await client.query('SET search_path = chiaro')
  const { rows } = await client.query<{ body: string; count: string }>(
    `SELECT text.body, count(DISTINCT image) FROM fleet_finding_name AS own JOIN fleet_text AS text ON text.id = own.name
       JOIN fleet_set_package USING (package) JOIN fleet_image_set USING (package_set)
     WHERE own.name IN (SELECT DISTINCT vulnerability FROM fleet_finding ORDER BY 1 LIMIT 400)
     GROUP BY text.body ORDER BY 2 DESC`,
  )
  const [most, rare] = [rows[0]!, rows.at(-1)!]
  const middle = images(Math.floor(size / 2))
  const page = { after: undefined, limit: 50 }
  let turn = 0
  const key = () => client.query('SELECT * FROM fleet_image WHERE id = $1', [1 + ((turn++ * 7919) % size)])
  const asked = {
    [`first page of images with ${most.body} (${most.count} have it)`]: () =>
      store.imagesWithVulnerability(most.body, page),
    [`first page of images with ${rare.body} (${rare.count} have it)`]: () =>
      store.imagesWithVulnerability(rare.body, page),
    'first page of images with a package (bash)': () => store.imagesWithPackage('bash', page),
    'state of an image': () => store.state(middle.image.digest!),
    'report of an image, with what is found in it': () => engine.fleet.report(middle, report),
  }
  for (const [what, ask] of Object.entries(asked)) {
    const [own, floor] = await inTurn(ask, key)
    push(options, size, what, own, floor, what.startsWith('first page of images with CVE') ? '10' : '')
  }
  const bytes = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
  const mib = Number(bytes.rows[0]!.bytes) / mebibyte
  options.results.push({
    what: `database with ${size} images`,
    ours: `${mib.toFixed(0)} MiB`,
    floor: '',
    ratio: '',
    target: '',
  })
}

/** Updates of one hundredth of what Debian says: the import, and then whatever has to be judged again. */
async function updates(
  engine: Engine,
  { client, database }: { readonly client: Client; readonly database: string },
  tracker: Tracker,
  size: number,
  options: PartOptions,
): Promise<void> {
  const { folder } = options
  const before = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
  const [imports, judgings]: [number[], number[]] = [[], []]
  let last = ''
  for (let round = 1; round <= updateCount; round++) {
    changeHundredth(tracker, round)
    const changed = join(folder, `round-${round}`)
    await writeTracker(changed, tracker)
    await using other = await createEngine({ database, mirror: changed, offline: true })
    let started = performance.now()
    await other.update(['debian'], { ...run, force: true })
    imports.push(performance.now() - started)
    started = performance.now()
    const [done] = await engine.fleet.rejudge(signal)
    judgings.push(performance.now() - started)
    last = `${done?.packages ?? 0} packages, ${done?.opened ?? 0} findings opened`
    rmSync(changed, { recursive: true })
  }
  const what = `judge again after an update of 1 % (${last}; against its import)`
  push(options, size, what, median(judgings), median(imports), '3')
  const after = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
  const growth = (Number(after.rows[0]!.bytes) - Number(before.rows[0]!.bytes)) / mebibyte
  options.results.push({
    what: `growth over ${updateCount} such updates`,
    ours: `${growth.toFixed(0)} MiB`,
    floor: '',
    ratio: '',
    target: '',
  })
}

async function createDatabase(address: string): Promise<void> {
  const client = new Client(address)
  await client.connect()
  await client.query('CREATE DATABASE fleet')
  await client.end()
}

/** Medians of two things done in turn, in milliseconds. */
async function inTurn(own: () => Promise<unknown>, floor: () => Promise<unknown>): Promise<readonly [number, number]> {
  const ms: [number[], number[]] = [[], []]
  for (let round = 0; round < times; round++) {
    for (const [index, work] of [own, floor].entries()) {
      const started = performance.now()
      await work()
      ms[index]!.push(performance.now() - started)
    }
  }
  return [median(ms[0]), median(ms[1])]
}

function push(
  options: Pick<PartOptions, 'results'>,
  size: number,
  what: string,
  ms: number,
  floor: number | undefined,
  target: string,
): void {
  options.results.push({
    what: `${size} images: ${what}`,
    ours: `${ms.toFixed(2)} ms`,
    floor: floor === undefined ? '' : `${floor.toFixed(2)} ms`,
    ratio: floor === undefined ? '' : (ms / floor).toFixed(2),
    target,
  })
}
