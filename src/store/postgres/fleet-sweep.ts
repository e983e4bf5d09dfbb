import type { Swept } from '../../core/fleet.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { forgetImages } from './fleet-images.ts'
import { lockFleet } from './fleet-lock.ts'

/** Rows of each kind that are removed in one transaction. */
const atOnce = 1000

/**
 * Each part looks for what is to be removed anew, so that what was left off is carried on with. Nobody refers to what nothing
 * refers to meanwhile.
 */
export async function sweep(database: Database, before: string): Promise<Swept> {
  return database.write(async (connection) => {
    await lockFleet(connection)
    const images = await removeLostImages(connection, before)
    const sets = await removeSets(connection)
    const packages = await removePackages(connection)
    const findings = await connection.run(
      `DELETE FROM fleet_finding WHERE id IN (
         SELECT id FROM fleet_finding WHERE closed_by IS NOT NULL AND closed_at < $1 LIMIT $2)`,
      [before, atOnce],
    )
    const more = images + sets + packages + findings > 0
    // Whether nothing refers to a text takes all rows that could: once, at the end.
    if (!more) await removeUnreferenced(connection, before)
    return { images, packages, findings, more }
  })
}

/** Those whose index report is gone: nobody asked for them for long, or they were removed while they were put. */
async function removeLostImages(connection: Connection, before: string): Promise<number> {
  const rows = await connection.arrays<[number]>(
    `DELETE FROM fleet_image WHERE id IN (
       SELECT id FROM fleet_image
       WHERE indexed_at < $1 AND NOT EXISTS (SELECT FROM image WHERE image.digest = fleet_image.digest) LIMIT $2
     ) RETURNING id`,
    [before, atOnce],
  )
  await forgetImages(connection, rows.flat())
  return rows.length
}

async function removeSets(connection: Connection): Promise<number> {
  const rows = await connection.arrays<[number]>(
    `DELETE FROM fleet_set WHERE id IN (
       SELECT id FROM fleet_set WHERE NOT EXISTS (SELECT FROM fleet_image_set WHERE package_set = fleet_set.id) LIMIT $1
     ) RETURNING id`,
    [atOnce],
  )
  await connection.run('DELETE FROM fleet_set_package WHERE package_set = ANY ($1::integer[])', [
    rows.map(([id]) => id),
  ])
  return rows.length
}

async function removePackages(connection: Connection): Promise<number> {
  const rows = await connection.arrays<[number]>(
    `DELETE FROM fleet_package WHERE id IN (
       SELECT id FROM fleet_package WHERE NOT EXISTS (SELECT FROM fleet_set_package WHERE package = fleet_package.id) LIMIT $1
     ) RETURNING id`,
    [atOnce],
  )
  if (rows.length === 0) return 0
  const numbers = [rows.map(([id]) => id)]
  const findings = await connection.arrays<[number]>(
    `DELETE FROM fleet_finding WHERE id IN (
       SELECT id FROM fleet_finding WHERE package = ANY ($1::integer[]) AND closed_by IS NULL
       UNION ALL SELECT id FROM fleet_finding WHERE package = ANY ($1::integer[]) AND closed_by IS NOT NULL
     ) RETURNING id`,
    numbers,
  )
  await connection.run('DELETE FROM fleet_finding_name WHERE finding = ANY ($1::bigint[])', [
    findings.map(([id]) => id),
  ])
  await connection.run('DELETE FROM fleet_package_key WHERE package = ANY ($1::integer[])', numbers)
  return rows.length
}

async function removeUnreferenced(connection: Connection, before: string): Promise<void> {
  await connection.run(
    `DELETE FROM fleet_operation WHERE ended_at < $1
       AND NOT EXISTS (SELECT FROM fleet_finding WHERE opened_by = fleet_operation.id AND opened_by > 1)
       AND NOT EXISTS (SELECT FROM fleet_finding WHERE closed_by = fleet_operation.id)`,
    [before],
  )
  await connection.exec(`DELETE FROM fleet_text USING (
      SELECT id FROM fleet_text EXCEPT (
        SELECT release FROM fleet_package UNION ALL SELECT rules FROM fleet_package
        UNION ALL SELECT vulnerability FROM fleet_finding UNION ALL SELECT body FROM fleet_finding
        UNION ALL SELECT about FROM fleet_finding UNION ALL SELECT name FROM fleet_finding_name
        UNION ALL SELECT name FROM fleet_image_name)
    ) AS unused WHERE fleet_text.id = unused.id`)
}
