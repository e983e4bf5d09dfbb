// Fills a fleet: images with new layers as a server puts them, and the rows of all others at once.
import type { Client } from 'pg'
import type { Engine } from '../src/compose.ts'
import { packageSetsOf } from '../src/fleet/index-packages.ts'
import { byHash, hashOf, hashSets } from '../src/store/fleet-row.ts'
import { digestOf, type FleetImages } from './fleet-images.ts'

/** Images that are written at once. */
const atOnce = 1000

/** What a fill did: the images that were put, each with a layer that was not there before, and how long that took. */
interface Filled {
  readonly put: number
  readonly ms: number
}

/** Puts the images of the numbers from `from` up to `to`. */
export type Fill = (engine: Engine, from: number, to: number) => Promise<Filled>

/**
 * A fill of the fleet that `client` is connected to. It remembers the sets of layers, by which all that is written of an image is
 * known: its row, and those of its sets.
 */
export function createFill(client: Client, images: FleetImages): Fill {
  const sets = new Map<string, string>()
  return async (engine, from, to) => {
    let put = 0
    let ms = 0
    for (let start = from; start < to; start += atOnce) {
      const numbers = Array.from({ length: Math.min(atOnce, to - start) }, (_, index) => start + index)
      const fresh: number[] = []
      for (const number of numbers) {
        if (images.layers(number).every((layer) => sets.has(layer))) continue
        fresh.push(number)
        for (const [layer, hash] of setsOf(images, number)) sets.set(layer, hash)
      }
      const started = performance.now()
      await putAll(engine, images, fresh)
      ms += performance.now() - started
      put += fresh.length
      const own = new Set(fresh)
      const known = numbers.filter((number) => !own.has(number))
      await writeAll(
        client,
        known.map((number) => ({ number, sets: images.layers(number).map((layer) => sets.get(layer)!) })),
      )
    }
    return { put, ms }
  }
}

/** The hashes of the sets of an image, by its layers. */
function setsOf(images: FleetImages, number: number): readonly (readonly [layer: string, hash: string])[] {
  const hashes = packageSetsOf(images.image(number)).map((set) => hashSets([set])[0]!.hash)
  return images.layers(number).map((layer, place) => [layer, hashes[place]!])
}

/** A few at a time, as a server does. */
async function putAll(engine: Engine, images: FleetImages, numbers: readonly number[]): Promise<void> {
  const { signal } = new AbortController()
  let next = 0
  const worker = async () => {
    while (next < numbers.length) await engine.fleet.add(images.image(numbers[next++]!), [], signal)
  }
  await Promise.all(Array.from({ length: 3 }, worker))
}

async function writeAll(
  client: Client,
  images: readonly { readonly number: number; readonly sets: readonly string[] }[],
): Promise<void> {
  const rows = images.map(({ number, sets }) => {
    const own = [...new Set(sets)].map((hash) => ({ hash })).sort(byHash)
    return { digest: digestOf(number), content: hashOf(own), sets: own.map(({ hash }) => hash) }
  })
  const members = rows.flatMap(({ digest, sets }) => sets.map((set) => [digest, set] as const))
  await client.query(
    `WITH made AS (
       INSERT INTO fleet_image (digest, analyzers, indexed_at, content)
       SELECT digest, (SELECT analyzers FROM fleet_image LIMIT 1), $3::text, content
       FROM unnest($1::text[], $2::text[]) AS own (digest, content) RETURNING id, digest
     )
     INSERT INTO fleet_image_set (image, package_set)
     SELECT made.id, fleet_set.id FROM unnest($4::text[], $5::text[]) AS member (digest, hash)
       JOIN made USING (digest) JOIN fleet_set USING (hash)`,
    [
      rows.map(({ digest }) => digest),
      rows.map(({ content }) => content),
      new Date().toISOString(),
      members.map(([digest]) => digest),
      members.map(([, hash]) => hash),
    ],
  )
}
