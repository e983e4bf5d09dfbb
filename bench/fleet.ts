// What a fleet costs as it grows, on PostgreSQL: questions, reports, updates, space.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { createEngine, type Engine } from '../src/compose.ts'
import { startCluster } from '../test/support/postgres-cluster.ts'
import { createFill, type Fill } from './fill-fleet.ts'
import { type FleetImages, fleetImages } from './fleet-images.ts'
import { changeSome, readTracker, type Tracker, writeTracker } from './generate-feed.ts'
import { median } from './measure.ts'
import type { Part, PartOptions } from './part.ts'

const { signal } = new AbortController()
const run = { force: false, signal, progress: () => {} }
const report = { maxDataAge: Number.POSITIVE_INFINITY, enrich: [] }
const times = 41
const mebibyte = 2 ** 20

/** The numbers of images to ask the same questions at. */
const sizes = [1000, 10_000, 100_000]
/** The image that is reported, the same at every size. */
const reported = 500
/** Updates of one hundredth of the statements, at the last size and at those before. */
const [lastUpdates, firstUpdates] = [20, 3]
/** Updates of one thousandth, at the last size. */
const smallUpdates = 5

/** A fleet of images that share layers as those of a registry do. */
export const fleet: Part = { id: 'fleet', title: 'A fleet on PostgreSQL', once: true, measure }

/** What is measured: one fleet, which grows. */
interface Fleet extends PartOptions {
  readonly database: string
  /** A connection of its own. */
  readonly client: Client
  readonly engine: Engine
  readonly images: FleetImages
  /** What Debian says, which every update changes. */
  readonly tracker: Tracker
}

async function measure(options: PartOptions): Promise<void> {
  const cluster = await startCluster(true)
  await createDatabase(cluster.address('postgres'))
  const database = cluster.address('fleet')
  const client = new Client(database)
  try {
    await client.connect()
    await client.query('SET search_path = chiaro')
    const tracker = await readTracker(options.feeds)
    await using engine = await createEngine({ database, mirror: options.feeds, offline: true })
    await engine.update(['debian'], run)
    await engine.fleet.rejudge(signal)
    const images = fleetImages(options.corpus, tracker)
    const all = { ...options, database, client, engine, images, tracker }
    const fill = createFill(client, images)
    let there = 0
    let asked: readonly string[] | undefined
    let round = 0
    for (const size of sizes) {
      await grow(all, fill, there, size)
      there = size
      asked ??= await vulnerabilities(client)
      await questions(all, asked, size)
      const count = size === sizes.at(-1) ? lastUpdates : firstUpdates
      await updates(all, { size, every: 100, rounds: Array.from({ length: count }, () => ++round) })
    }
    await updates(all, { size: there, every: 1000, rounds: Array.from({ length: smallUpdates }, () => ++round) })
  } finally {
    await client.end()
    await cluster.stop()
  }
  options.results.note(`PostgreSQL with its default configuration, on the same cores. Images with a layer that was not there were put
three at a time, without waiting for the disk; of the others the same rows were written at once (\`bench/fill-fleet.ts\`, with a
test that they are the same). All else waits for the disk. VACUUM ANALYZE ran after each growth, as autovacuum does in time, and not between updates. The
look-up by a primary key is asked by a connection of its own, in turn with the question.`)
}

/** Puts images, from those that are there up to `size`. */
async function grow(
  { results, client, database, feeds }: Fleet,
  fill: Fill,
  from: number,
  size: number,
): Promise<void> {
  await client.query('ALTER DATABASE fleet SET synchronous_commit = off')
  await using engine = await createEngine({ database, mirror: feeds, offline: true })
  const { put, ms } = await fill(engine, from, size)
  const what = `${size} images: put and judge one with a new layer (${put} of them)`
  results.push({ what, ours: inMs(ms / put), floor: '', ratio: '', target: '' })
  await client.query('ALTER DATABASE fleet RESET synchronous_commit')
  await client.query('VACUUM ANALYZE')
}

/** The vulnerability that is in most packages, versions told apart. */
async function widestVulnerability(client: Client): Promise<{ readonly id: string; readonly packages: string }> {
  const { rows } = await client.query<{ id: string; packages: string }>(
    `SELECT text.body AS id, count(DISTINCT package) AS packages
     FROM fleet_finding_name AS own JOIN fleet_text AS text ON text.id = own.name
     GROUP BY text.body ORDER BY packages DESC, text.body LIMIT 1`,
  )
  return rows[0]!
}

/** The ids of vulnerabilities that most of the images have, some, and few. */
async function vulnerabilities(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ body: string }>(
    `SELECT text.body FROM fleet_finding_name AS own JOIN fleet_text AS text ON text.id = own.name
       JOIN fleet_set_package USING (package) JOIN fleet_image_set USING (package_set)
     WHERE own.name IN (SELECT DISTINCT vulnerability FROM fleet_finding ORDER BY 1 LIMIT 400)
     GROUP BY text.body ORDER BY count(DISTINCT image) DESC, text.body`,
  )
  return [rows[0]!, rows[rows.length >> 1]!, rows.at(-1)!].map(({ body }) => body)
}

async function questions(all: Fleet, asked: readonly string[], size: number): Promise<void> {
  const { engine, client, images, results } = all
  const { fleet: store } = engine.store
  const page = { after: undefined, limit: 50 }
  const { id: widest, packages } = await widestVulnerability(client)
  for (const id of [...asked, widest]) {
    const inThem = id === widest ? `, in ${packages} packages, more than any other` : ''
    const what = `first page of images with ${id} (${await imagesWith(client, id)} have it${inThem})`
    await against(all, size, what, () => store.imagesWithVulnerability(id, page), '10')
  }
  await against(all, size, 'first page of images with bash', () => store.imagesWithPackage('bash', page), '')
  const index = images.image(reported)
  await against(all, size, 'state of an image', () => store.state(index.image.digest!), '')
  const found = (await engine.fleet.report(index, report))!.findings.length
  await against(all, size, `report of an image with ${found} findings`, () => engine.fleet.report(index, report), '')
  const ours = inMib(await bytesOf(client))
  results.push({ what: `${size} images: the database`, ours, floor: '', ratio: '', target: '' })
}

/** A question in turn with the look-up of an image by its primary key. */
async function against(
  { client, results }: Fleet,
  size: number,
  what: string,
  ask: () => Promise<unknown>,
  target: string,
): Promise<void> {
  const ms: [number[], number[]] = [[], []]
  for (let round = 0; round < times; round++) {
    ms[0].push(await timed(ask))
    const id = 1 + ((round * 7919) % size)
    ms[1].push(await timed(() => client.query('SELECT * FROM fleet_image WHERE id = $1', [id])))
  }
  const [own, key] = [median(ms[0]), median(ms[1])]
  const floor = `a primary key: ${inMs(key)}`
  results.push({ what: `${size} images: ${what}`, ours: inMs(own), floor, ratio: (own / key).toFixed(2), target })
}

async function imagesWith(client: Client, id: string): Promise<string> {
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(DISTINCT image) FROM fleet_finding_name JOIN fleet_set_package USING (package)
       JOIN fleet_image_set USING (package_set) WHERE name = (SELECT id FROM fleet_text WHERE body = $1)`,
    [id],
  )
  return rows[0]!.count
}

/** Updates of what Debian says: the import, and then whatever has to be judged again. */
async function updates(
  all: Fleet,
  { size, every, rounds }: { readonly size: number; readonly every: number; readonly rounds: readonly number[] },
): Promise<void> {
  const { engine, client, database, tracker, folder, results } = all
  const before = await bytesOf(client)
  const [imports, judgings]: [number[], number[]] = [[], []]
  let last = ''
  for (const round of rounds) {
    changeSome(tracker, every, round)
    const mirror = join(folder, `round-${round}`)
    await writeTracker(mirror, tracker)
    await using other = await createEngine({ database, mirror, offline: true })
    imports.push(await timed(() => other.update(['debian'], { ...run, force: true })))
    judgings.push(
      await timed(async () => {
        const [done] = await engine.fleet.rejudge(signal)
        last = `${done?.packages ?? 0} packages, ${done?.opened ?? 0} findings opened`
      }),
    )
    rmSync(mirror, { recursive: true })
  }
  const [judging, importing] = [median(judgings), median(imports)]
  results.push({
    what: `${size} images: judge again after an update of ${100 / every} % (${last})`,
    ours: inMs(judging),
    floor: `its import: ${inMs(importing)}`,
    ratio: (judging / importing).toFixed(2),
    target: every === 100 ? '3' : '',
  })
  const what = `${size} images: growth of the database over ${rounds.length} updates of ${100 / every} %`
  results.push({ what, ours: inMib((await bytesOf(client)) - before), floor: '', ratio: '', target: '' })
}

async function createDatabase(address: string): Promise<void> {
  const client = new Client(address)
  await client.connect()
  await client.query('CREATE DATABASE fleet')
  await client.end()
}

async function bytesOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
  return Number(rows[0]!.bytes)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

function inMs(ms: number): string {
  return `${ms.toFixed(2)} ms`
}

function inMib(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(0)} MiB`
}
