import type { Digest } from '../../core/digest.ts'
import type { FleetImage, ImagesRequest, NumberedPackage, PackageSet, Page } from '../../core/fleet.ts'
import { numbersBetween } from '../fleet-page.ts'
import { encodePackage, type HashedPackage, type HashedSet, hashOf, hashSets } from '../fleet-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { readPackages } from './fleet-packages.ts'
import { internTexts } from './fleet-texts.ts'

export async function putImage(
  database: Database,
  image: FleetImage,
  sets: readonly PackageSet[],
): Promise<readonly NumberedPackage[]> {
  const hashed = hashSets(sets)
  return database.write((connection) => {
    const id = putRow(connection, image, hashOf(hashed))
    const put = connection.prepare(
      'INSERT INTO fleet_image_set (image, package_set) VALUES (?, ?) ON CONFLICT DO NOTHING',
    )
    const ids = hashed.map((set) => putSet(connection, set))
    for (const packageSet of ids) put.run(id, packageSet)
    connection
      .prepare('DELETE FROM fleet_image_set WHERE image = ? AND package_set NOT IN (SELECT value FROM json_each(?))')
      .run(id, JSON.stringify(ids))
    putNames(connection, id, image.names)
    const unjudged = connection.prepareArrays(unjudgedSql).all(id) as unknown as [number][]
    return [
      ...readPackages(
        connection,
        unjudged.map(([number]) => number),
      ),
    ].map(([number, pkg]) => ({
      number,
      package: pkg,
    }))
  })
}

const unjudgedSql = `SELECT DISTINCT fleet_package.id FROM fleet_image_set JOIN fleet_set_package USING (package_set)
    JOIN fleet_package ON fleet_package.id = package
  WHERE image = ? AND rules IS NULL ORDER BY fleet_package.id`

/** The id of the image. What is put again with the same content was not indexed anew. */
function putRow(connection: Connection, { digest, analyzers, indexedAt }: FleetImage, content: string): number {
  const [id] = connection
    .prepareArrays(
      `INSERT INTO fleet_image (digest, analyzers, indexed_at, content) VALUES (?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET analyzers = excluded.analyzers, content = excluded.content,
         indexed_at = iif(content = excluded.content, indexed_at, excluded.indexed_at)
       RETURNING id`,
    )
    .get(digest, analyzers, indexedAt, content) as unknown as [number]
  return id
}

function putSet(connection: Connection, { hash, packages }: HashedSet): number {
  const known = connection.prepareArrays('SELECT id FROM fleet_set WHERE hash = ?').get(hash)
  if (known !== undefined) return (known as unknown as [number])[0]
  const id = Number(connection.prepare('INSERT INTO fleet_set (hash, changed) VALUES (?, 0)').run(hash).lastInsertRowid)
  const put = connection.prepare('INSERT INTO fleet_set_package (package_set, package) VALUES (?, ?)')
  for (const pkg of packages) put.run(id, putPackage(connection, pkg))
  return id
}

function putPackage(connection: Connection, { hash, package: pkg }: HashedPackage): number {
  const known = connection.prepareArrays('SELECT id FROM fleet_package WHERE hash = ?').get(hash)
  if (known !== undefined) return (known as unknown as [number])[0]
  const { release, facts } = encodePackage(pkg)
  const { name, version } = pkg.package
  const releaseId = internTexts(connection, [release]).get(release)!
  const { lastInsertRowid } = connection
    .prepare('INSERT INTO fleet_package (hash, name, version, release, facts) VALUES (?, ?, ?, ?, ?)')
    .run(hash, name, version, releaseId, facts)
  return Number(lastInsertRowid)
}

function putNames(connection: Connection, image: number, names: readonly string[]): void {
  const put = connection.prepare(
    'INSERT INTO fleet_image_name (name, image) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET image = excluded.image',
  )
  for (const name of internTexts(connection, names).values()) put.run(name, image)
}

export async function readImage(database: Database, digest: Digest): Promise<FleetImage | undefined> {
  return database.read((connection) => {
    const id = imageId(connection, digest)
    return id === undefined ? undefined : readImages(connection, [id])[0]
  })
}

/** The number of an image, if it is there. */
export function imageId(connection: Connection, digest: Digest): number | undefined {
  const row = connection.prepareArrays('SELECT id FROM fleet_image WHERE digest = ?').get(digest)
  return row === undefined ? undefined : (row as unknown as [number])[0]
}

export async function listImages(database: Database, request: ImagesRequest): Promise<Page<FleetImage>> {
  const [above, below] = numbersBetween(request)
  const named = `AND EXISTS (SELECT 1 FROM fleet_image_name JOIN fleet_text ON fleet_text.id = name
    WHERE image = fleet_image.id AND instr(body, ?) > 0)`
  const sql = `SELECT id FROM fleet_image WHERE id > ? AND id < ? ${request.name === undefined ? '' : named}
    ORDER BY id ${request.newestFirst ? 'DESC' : ''} LIMIT ?`
  return database.read((connection) => {
    const rows = connection
      .prepareArrays(sql)
      .all(above, below, ...(request.name === undefined ? [] : [request.name]), request.limit + 1) as unknown as [
      number,
    ][]
    const ids = rows.map(([id]) => id)
    return { items: readImages(connection, ids.slice(0, request.limit)), next: nextOf(ids, request.limit) }
  })
}

/** The cursor after `limit` images, where there are more. */
export function nextOf(ids: readonly number[], limit: number): string | undefined {
  return ids.length > limit ? String(ids[limit - 1]) : undefined
}

/** The images of these ids, in this order. */
export function readImages(connection: Connection, ids: readonly number[]): readonly FleetImage[] {
  const find = connection.prepare('SELECT digest, analyzers, indexed_at AS indexedAt FROM fleet_image WHERE id = ?')
  const names = connection.prepareArrays(
    'SELECT body FROM fleet_image_name JOIN fleet_text ON fleet_text.id = name WHERE image = ?',
  )
  return ids.map((id) => {
    const { digest, analyzers, indexedAt } = find.get(id) as unknown as Omit<FleetImage, 'names'>
    const own = (names.all(id) as unknown as [string][]).map(([name]) => name).sort()
    return { digest, names: own, analyzers, indexedAt }
  })
}

export async function removeImages(database: Database, digests: readonly Digest[]): Promise<readonly Digest[]> {
  return database.write((connection) =>
    [...new Set(digests)].filter((digest) => {
      const id = imageId(connection, digest)
      if (id === undefined) return false
      forgetImage(connection, id)
      return true
    }),
  )
}

export function forgetImage(connection: Connection, id: number): void {
  connection.prepare('DELETE FROM fleet_image_name WHERE image = ?').run(id)
  connection.prepare('DELETE FROM fleet_image_set WHERE image = ?').run(id)
  connection.prepare('DELETE FROM fleet_image WHERE id = ?').run(id)
}
