import type { Digest } from '../../core/digest.ts'
import type { FleetImage, ImagesRequest, NumberedPackage, PackageSet, Page } from '../../core/fleet.ts'
import { numbersBetween } from '../fleet-page.ts'
import { byHash, encodePackage, type HashedPackage, type HashedSet, hashOf, hashSets } from '../fleet-row.ts'
import type { Connection, Value } from './connection.ts'
import type { Database } from './database.ts'
import { shareFleet } from './fleet-lock.ts'
import { readPackages } from './fleet-packages.ts'
import { internTexts } from './fleet-texts.ts'
import { decodeText } from './text.ts'

export async function putImage(
  database: Database,
  image: FleetImage,
  sets: readonly PackageSet[],
): Promise<readonly NumberedPackage[]> {
  const hashed = hashSets(sets)
  return database.write(async (connection) => {
    await shareFleet(connection)
    const ids = await putSets(connection, hashed)
    const names = await internTexts(connection, image.names)
    const id = await putRow(connection, image, hashOf(hashed))
    await connection.run('DELETE FROM fleet_image_set WHERE image = $1 AND package_set <> ALL ($2::integer[])', [
      id,
      ids,
    ])
    await connection.run('INSERT INTO fleet_image_set SELECT $1, * FROM unnest($2::integer[]) ON CONFLICT DO NOTHING', [
      id,
      ids,
    ])
    if (names.size > 0) await connection.run(putNamesSql, [id, [...names.values()].sort((left, right) => left - right)])
    const unjudged = await connection.arrays<[number]>(unjudgedSql, [id])
    const packages = await readPackages(
      connection,
      unjudged.map(([number]) => number),
    )
    return [...packages].map(([number, pkg]) => ({ number, package: pkg }))
  })
}

const putNamesSql = `INSERT INTO fleet_image_name (image, name) SELECT $1, * FROM unnest($2::integer[])
  ON CONFLICT (name) DO UPDATE SET image = excluded.image`

const unjudgedSql = `SELECT DISTINCT own.id FROM fleet_image_set JOIN fleet_set_package USING (package_set)
    JOIN fleet_package AS own ON own.id = package
  WHERE image = $1 AND rules IS NULL`

/** The id of the image. What is put again with the same content was not indexed anew. */
async function putRow(
  connection: Connection,
  { digest, analyzers, indexedAt }: FleetImage,
  content: string,
): Promise<number> {
  const row = await connection.row<{ readonly id: number }>(
    `INSERT INTO fleet_image AS known (digest, analyzers, indexed_at, content) VALUES ($1, $2, $3, $4)
     ON CONFLICT (digest) DO UPDATE SET analyzers = excluded.analyzers, content = excluded.content,
       indexed_at = CASE WHEN known.content = excluded.content THEN known.indexed_at ELSE excluded.indexed_at END
     RETURNING id`,
    [digest, analyzers, indexedAt, content],
  )
  return row!.id
}

/** The ids of sets, which are written where they are not there. */
async function putSets(connection: Connection, sets: readonly HashedSet[]): Promise<readonly number[]> {
  const known = await setIds(connection, sets)
  const missing = sets.filter(({ hash }) => !known.has(hash))
  if (missing.length === 0) return [...known.values()]
  const packages = await putPackages(connection, missing)
  const made = await connection.arrays<[string, number]>(
    `INSERT INTO fleet_set (hash, changed) SELECT hash, 0 FROM unnest($1::text[]) AS hash
     ON CONFLICT DO NOTHING RETURNING hash, id`,
    [missing.map(({ hash }) => hash)],
  )
  const own = new Map(made)
  const members = missing.flatMap(({ hash, packages: list }) => {
    const id = own.get(hash)
    return id === undefined ? [] : list.map((pkg) => [id, packages.get(pkg.hash)!] as const)
  })
  await connection.run('INSERT INTO fleet_set_package SELECT * FROM unnest($1::integer[], $2::integer[])', [
    members.map(([id]) => id),
    members.map(([, number]) => number),
  ])
  return [...(await setIds(connection, sets)).values()]
}

async function setIds(connection: Connection, sets: readonly HashedSet[]): Promise<ReadonlyMap<string, number>> {
  return new Map(
    await connection.arrays<[string, number]>('SELECT hash, id FROM fleet_set WHERE hash = ANY ($1::text[])', [
      sets.map(({ hash }) => hash),
    ]),
  )
}

/** The numbers of packages, which are written where they are not there. */
async function putPackages(connection: Connection, sets: readonly HashedSet[]): Promise<ReadonlyMap<string, number>> {
  const all = new Map(sets.flatMap(({ packages }) => packages.map((pkg) => [pkg.hash, pkg])))
  const numbers = await packageNumbers(connection, [...all.keys()])
  const missing = [...all.values()].filter(({ hash }) => !numbers.has(hash)).sort(byHash)
  if (missing.length === 0) return numbers
  await insertPackages(connection, missing)
  return packageNumbers(connection, [...all.keys()])
}

async function insertPackages(connection: Connection, packages: readonly HashedPackage[]): Promise<void> {
  const rows = packages.map(({ package: pkg }) => encodePackage(pkg))
  const releases = await internTexts(
    connection,
    rows.map(({ release }) => release),
  )
  await connection.run(
    `INSERT INTO fleet_package (hash, name, version, release, facts)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[]) ON CONFLICT DO NOTHING`,
    [
      packages.map(({ hash }) => hash),
      packages.map(({ package: pkg }) => pkg.package.name),
      packages.map(({ package: pkg }) => pkg.package.version),
      rows.map(({ release }) => releases.get(release)!),
      rows.map(({ facts }) => facts),
    ],
  )
}

async function packageNumbers(connection: Connection, hashes: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return new Map(
    await connection.arrays<[string, number]>('SELECT hash, id FROM fleet_package WHERE hash = ANY ($1::text[])', [
      hashes,
    ]),
  )
}

export const imageSql = `SELECT id, digest, analyzers, indexed_at AS "indexedAt", ARRAY(
    SELECT body FROM fleet_image_name JOIN fleet_text AS text ON text.id = name WHERE image = own.id
  ) AS names FROM fleet_image AS own`

export type ImageRow = Omit<FleetImage, 'names'> & { readonly id: number; readonly names: readonly string[] }

export async function readImage(database: Database, digest: Digest): Promise<FleetImage | undefined> {
  const images = await database.single((connection) => rowsOf(connection, `${imageSql} WHERE digest = $1`, [digest]))
  return images[0]?.[1]
}

export async function listImages(database: Database, request: ImagesRequest): Promise<Page<FleetImage>> {
  const [above, below] = numbersBetween(request)
  const named = `AND EXISTS (SELECT FROM fleet_image_name JOIN fleet_text ON fleet_text.id = name
    WHERE image = own.id AND strpos(body, $4) > 0)`
  const sql = `${imageSql} WHERE id > $1 AND id < $2 ${request.name === undefined ? '' : named}
    ORDER BY id ${request.newestFirst ? 'DESC' : ''} LIMIT $3`
  const values = [above, below, request.limit + 1, ...(request.name === undefined ? [] : [request.name])]
  const rows = await database.single((connection) => rowsOf(connection, sql, values))
  const page = rows.slice(0, request.limit)
  return {
    items: page.map(([, image]) => image),
    next: nextOf(
      rows.map(([id]) => id),
      request.limit,
    ),
  }
}

/** The cursor after `limit` images, where there are more. */
export function nextOf(ids: readonly number[], limit: number): string | undefined {
  return ids.length > limit ? String(ids[limit - 1]) : undefined
}

/** The images of these ids, in the order of these. */
export async function readImages(
  connection: Connection,
  ids: readonly number[],
): Promise<readonly (readonly [number, FleetImage])[]> {
  return rowsOf(connection, `${imageSql} WHERE id = ANY ($1::integer[]) ORDER BY id`, [ids])
}

async function rowsOf(
  connection: Connection,
  sql: string,
  values: readonly Value[],
): Promise<readonly (readonly [number, FleetImage])[]> {
  const rows = await connection.rows<ImageRow>(sql, values)
  return rows.map((row) => [row.id, imageOf(row)])
}

export function imageOf({ digest, names, analyzers, indexedAt }: ImageRow): FleetImage {
  // Only what is a text by itself is decoded when it is read.
  return { digest, names: names.map(decodeText).sort(), analyzers, indexedAt }
}

export async function removeImages(database: Database, digests: readonly Digest[]): Promise<readonly Digest[]> {
  return database.write(async (connection) => {
    await shareFleet(connection)
    const rows = await connection.rows<{ readonly id: number; readonly digest: Digest }>(
      `DELETE FROM fleet_image WHERE id IN (
         SELECT id FROM fleet_image WHERE digest = ANY ($1::text[]) ORDER BY id FOR UPDATE
       ) RETURNING id, digest`,
      [digests],
    )
    await forgetImages(
      connection,
      rows.map(({ id }) => id),
    )
    const removed = new Set(rows.map(({ digest }) => digest))
    return [...new Set(digests)].filter((digest) => removed.has(digest))
  })
}

/** Forgets what belongs to images that are gone. */
export async function forgetImages(connection: Connection, ids: readonly number[]): Promise<void> {
  await connection.run('DELETE FROM fleet_image_name WHERE image = ANY ($1::integer[])', [ids])
  await connection.run('DELETE FROM fleet_image_set WHERE image = ANY ($1::integer[])', [ids])
}

/** The number of an image, if it is there. */
export async function imageId(connection: Connection, digest: Digest): Promise<number | undefined> {
  const row = await connection.row<{ readonly id: number }>('SELECT id FROM fleet_image WHERE digest = $1', [digest])
  return row?.id
}
