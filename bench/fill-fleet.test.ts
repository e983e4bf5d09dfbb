import { Client } from 'pg'
import { expect, it } from 'vitest'
import { createEngine } from '../src/compose.ts'
import { createPostgres } from '../test/support/postgres.ts'
import { createFill } from './fill-fleet.ts'
import { fleetImages } from './fleet-images.ts'

const corpus = process.env.CHIARO_CORPUS
const { signal } = new AbortController()
/** Layers come again after 6,000 images: there are 2,000 applications of each of three releases. */
const [first, last] = [5998, 6042]

it.skipIf(corpus === undefined)(
  'a fleet that is filled has the rows of one in which each image is put (CHIARO_CORPUS)',
  async () => {
    const images = fleetImages(corpus!, {})
    const numbers = Array.from({ length: last - first }, (_, index) => first + index)
    const dump = async (fill: boolean) => {
      const { address, remove } = await createPostgres()
      const client = new Client(address)
      try {
        await using engine = await createEngine({ database: address, mirror: undefined, offline: true })
        await client.connect()
        await client.query('SET search_path = chiaro')
        const own = createFill(client, images)
        // Some that have the layers of those that follow.
        await own(engine, 0, 40)
        const { put } = fill ? await own(engine, first, last) : { put: numbers.length }
        if (!fill) for (const number of numbers) await engine.fleet.add(images.image(number), [], signal)
        const { rows } = await client.query(
          `SELECT digest, analyzers, content, indexed_at ~ '^\\d{4}-\\d\\d-\\d\\dT[\\d:.]{12}Z$' AS dated, ARRAY(
           SELECT hash FROM fleet_image_set JOIN fleet_set AS own ON own.id = package_set WHERE image = fleet_image.id ORDER BY hash
         ) AS sets, ARRAY(SELECT name FROM fleet_image_name WHERE image = fleet_image.id) AS names
         FROM fleet_image ORDER BY digest`,
        )
        const counts = await client.query(
          `SELECT (SELECT count(*) FROM fleet_set), (SELECT count(*) FROM fleet_set_package), (SELECT count(*) FROM fleet_package
           WHERE rules IS NOT NULL), (SELECT count(*) FROM fleet_package_key)`,
        )
        expect(await engine.store.verify()).toEqual([])
        return { rows, counts: counts.rows, put }
      } finally {
        await client.end()
        await remove()
      }
    }
    const { put, ...filled } = await dump(true)
    const { put: all, ...each } = await dump(false)
    expect(filled).toEqual(each)
    expect(filled.rows.length).toBe(numbers.length + 40)
    expect(put).toBeLessThan(all)
  },
)
