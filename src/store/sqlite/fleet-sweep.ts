import type { Swept } from '../../core/fleet.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { forgetImage } from './fleet-images.ts'

/** Rows of each kind that are removed in one transaction. */
const atOnce = 1000

/** Each part looks for what is to be removed anew, so that what was left off is carried on with. */
export async function sweep(database: Database, before: string): Promise<Swept> {
  return database.write((connection) => {
    const images = removeLostImages(connection, before)
    const sets = removeSets(connection)
    const packages = removePackages(connection)
    const findings = Number(
      connection
        .prepare(
          `DELETE FROM fleet_finding WHERE id IN (
             SELECT id FROM fleet_finding WHERE closed_by IS NOT NULL AND closed_at < ? LIMIT ?)`,
        )
        .run(before, atOnce).changes,
    )
    const more = images + sets + packages + findings > 0
    // Whether nothing refers to a text takes all rows that could: once, at the end.
    if (!more) removeUnreferenced(connection, before)
    return { images, packages, findings, more }
  })
}

/** Those whose index report is gone: nobody asked for them for long, or they were removed while they were put. */
function removeLostImages(connection: Connection, before: string): number {
  const ids = connection
    .prepareArrays(
      `SELECT id FROM fleet_image
       WHERE indexed_at < ? AND NOT EXISTS (SELECT 1 FROM image WHERE image.digest = fleet_image.digest) LIMIT ?`,
    )
    .all(before, atOnce) as unknown as [number][]
  for (const [id] of ids) forgetImage(connection, id)
  return ids.length
}

function removeSets(connection: Connection): number {
  const ids = connection
    .prepareArrays(
      `SELECT id FROM fleet_set WHERE NOT EXISTS (SELECT 1 FROM fleet_image_set WHERE package_set = fleet_set.id) LIMIT ?`,
    )
    .all(atOnce) as unknown as [number][]
  const forget = connection.prepare('DELETE FROM fleet_set_package WHERE package_set = ?')
  const remove = connection.prepare('DELETE FROM fleet_set WHERE id = ?')
  for (const [id] of ids) {
    forget.run(id)
    remove.run(id)
  }
  return ids.length
}

function removePackages(connection: Connection): number {
  const ids = connection
    .prepareArrays(
      `SELECT id FROM fleet_package
       WHERE NOT EXISTS (SELECT 1 FROM fleet_set_package WHERE package = fleet_package.id) LIMIT ?`,
    )
    .all(atOnce) as unknown as [number][]
  const steps = [
    'DELETE FROM fleet_finding_name WHERE finding IN (SELECT id FROM fleet_finding WHERE package = ? AND closed_by IS NULL)',
    'DELETE FROM fleet_finding WHERE package = ? AND closed_by IS NULL',
    'DELETE FROM fleet_finding WHERE package = ? AND closed_by IS NOT NULL',
    'DELETE FROM fleet_package_key WHERE package = ?',
    'DELETE FROM fleet_package WHERE id = ?',
  ].map((sql) => connection.prepare(sql))
  for (const [id] of ids) for (const step of steps) step.run(id)
  return ids.length
}

function removeUnreferenced(connection: Connection, before: string): void {
  connection
    .prepare(
      `DELETE FROM fleet_operation WHERE ended_at < ?
         AND NOT EXISTS (SELECT 1 FROM fleet_finding WHERE opened_by = fleet_operation.id AND opened_by > 1)
         AND NOT EXISTS (SELECT 1 FROM fleet_finding WHERE closed_by = fleet_operation.id)`,
    )
    .run(before)
  connection.exec(`DELETE FROM fleet_text WHERE id NOT IN (
    SELECT release FROM fleet_package UNION SELECT rules FROM fleet_package WHERE rules IS NOT NULL
    UNION SELECT vulnerability FROM fleet_finding UNION SELECT body FROM fleet_finding
    UNION SELECT about FROM fleet_finding UNION SELECT name FROM fleet_finding_name
    UNION SELECT name FROM fleet_image_name)`)
}
