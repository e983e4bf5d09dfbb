import type { Digest } from '../../core/digest.ts'
import type { AffectedImage, JudgedPackage, Page, PageRequest } from '../../core/fleet.ts'
import { type ImageOfSet, imagesOfEach, mergeImages, numberAfter } from '../fleet-page.ts'
import { decodeGaps, decodePackage, findingDecoder, type PackageRow, textHash } from '../fleet-row.ts'
import type { Connection, Value } from './connection.ts'
import type { Database } from './database.ts'
import { imageId, nextOf, readImages } from './fleet-images.ts'
import { readPackages } from './fleet-packages.ts'
import { sameName } from './schema.ts'

export async function readFindings(database: Database, digest: Digest): Promise<readonly JudgedPackage[] | undefined> {
  const found = await database.read(async (connection) => {
    const id = await imageId(connection, digest)
    if (id === undefined) return undefined
    const packages = await connection.rows<ImagePackageRow>(packagesSql, [id])
    const findings = await connection.arrays<OpenRow>(findingsSql, [packages.map((row) => row.id)])
    // Packages of one source have most texts in common: each is sent once.
    const ids = new Set(findings.flatMap(([, ...texts]) => texts))
    const sql = 'SELECT id, body FROM fleet_text WHERE id = ANY ($1::integer[])'
    return { packages, findings, texts: new Map(await connection.arrays<[number, string]>(sql, [[...ids]])) }
  })
  if (found === undefined) return undefined
  const byPackage = Map.groupBy(found.findings, ([number]) => number)
  const decode = findingDecoder()
  return found.packages.map((row) => {
    const pkg = decodePackage(row)
    const findings = (byPackage.get(row.id) ?? []).map(([, ...ids]) => {
      const [vulnerability, body, about] = ids.map((id) => found.texts.get(id)!) as [string, string, string]
      return decode({ vulnerability, body, about }, pkg)
    })
    return { number: row.id, package: pkg, judged: row.rules !== null, findings, gaps: decodeGaps(row.gaps) }
  })
}

type OpenRow = readonly [number: number, vulnerability: number, body: number, about: number]

type ImagePackageRow = PackageRow & {
  readonly id: number
  readonly rules: number | null
  readonly gaps: string | null
}

const packagesSql = `SELECT own.id, text.body AS release, facts, rules, gaps
  FROM fleet_package AS own JOIN fleet_text AS text ON text.id = release
  WHERE own.id IN (
    SELECT package FROM fleet_image_set JOIN fleet_set_package USING (package_set) WHERE image = $1
  ) ORDER BY own.id`

const findingsSql = `SELECT package, vulnerability, body, about FROM fleet_finding
  WHERE package = ANY ($1::integer[]) AND closed_by IS NULL ORDER BY id`

export async function imagesWithVulnerability(
  database: Database,
  id: string,
  request: PageRequest & { readonly package?: string },
): Promise<Page<AffectedImage>> {
  const sql = `SELECT DISTINCT package FROM fleet_finding_name
    WHERE name = (SELECT id FROM fleet_text WHERE hash = $1)`
  const { package: name } = request
  if (name === undefined) return affectedImages(database, { sql, values: [textHash(id)] }, request)
  const named = `SELECT package FROM (${sql}) AS own JOIN fleet_package ON id = package WHERE ${sameName('name', '$2')}`
  return affectedImages(database, { sql: named, values: [textHash(id), name] }, request)
}

export async function imagesWithPackage(
  database: Database,
  name: string,
  request: PageRequest & { readonly version?: string },
): Promise<Page<AffectedImage>> {
  const sql = `SELECT id AS package FROM fleet_package WHERE ${sameName('name', '$1')} AND version = coalesce($2, version)`
  return affectedImages(database, { sql, values: [name, request.version ?? null] }, request)
}

/** A query for numbers of packages. */
interface PackageQuery {
  readonly sql: string
  readonly values: readonly Value[]
}

/** The images that have one of these packages. */
async function affectedImages(
  database: Database,
  query: PackageQuery,
  request: PageRequest,
): Promise<Page<AffectedImage>> {
  const after = numberAfter(request)
  const { limit } = request
  const near = await database.single((connection) => nearImages(connection, query, after, limit + 1))
  if (near.size > limit) return database.single((connection) => describe(connection, near, limit))
  return database.read(async (connection) => {
    const rows = await connection.arrays<[number]>(query.sql, query.values)
    const packages = rows.map(([number]) => number)
    const ids = await imagesOfPackages(connection, packages, after, limit + 1)
    const own = await packagesOfImages(connection, ids, packages)
    return describe(connection, own, limit)
  })
}

/**
 * The first images after `after` with their packages, as far as they are among the next images of all: where most images have
 * one, what one has to do with is no more than a page.
 */
async function nearImages(
  connection: Connection,
  { sql, values }: PackageQuery,
  after: number,
  count: number,
): Promise<ReadonlyMap<number, readonly number[]>> {
  const [from, most, each] = [1, 2, 3].map((place) => `$${values.length + place}`)
  const rows = await connection.arrays<[number, number]>(
    `WITH wanted AS MATERIALIZED (${sql}), page AS MATERIALIZED (
       SELECT DISTINCT image FROM (
         SELECT image, package_set FROM fleet_image_set WHERE image > ${from} ORDER BY image LIMIT ${most}
       ) AS near WHERE package_set IN (SELECT package_set FROM wanted JOIN fleet_set_package USING (package))
       ORDER BY image LIMIT ${each}
     )
     SELECT DISTINCT image, package FROM page JOIN fleet_image_set USING (image)
       JOIN fleet_set_package USING (package_set) JOIN wanted USING (package) ORDER BY image, package`,
    [...values, after, 8 * count, count],
  )
  return byImage(rows)
}

/** A page of images with their packages, out of one more than it has. */
async function describe(
  connection: Connection,
  own: ReadonlyMap<number, readonly number[]>,
  limit: number,
): Promise<Page<AffectedImage>> {
  const ids = [...own.keys()]
  const page = ids.slice(0, limit)
  if (page.length === 0) return { items: [], next: undefined }
  const known = await readPackages(connection, new Set(page.flatMap((id) => own.get(id)!)))
  const images = await readImages(connection, page)
  const items = images.map(([id, image]) => ({
    ...image,
    // One that was removed since its number was read has been in no image any more.
    packages: own.get(id)!.flatMap((number) => known.get(number) ?? []),
  }))
  return { items, next: nextOf(ids, limit) }
}

/** The first images after `after` that have one of these packages, in order. */
export async function imagesOfPackages(
  connection: Connection,
  packages: readonly number[],
  after: number,
  count: number,
): Promise<readonly number[]> {
  if (packages.length === 0) return []
  const rows = await connection.arrays<[number]>(
    'SELECT DISTINCT package_set FROM fleet_set_package WHERE package = ANY ($1::integer[])',
    [packages],
  )
  const sets = rows.map(([set]) => set)
  for (let each = imagesOfEach(sets, count); ; each *= 4) {
    const found = await connection.arrays<ImageOfSet>(imagesOfSetsSql, [sets, after, each])
    const images = mergeImages(found, each, count)
    if (images !== undefined) return images
  }
}

const imagesOfSetsSql = `SELECT own.package_set, image FROM unnest($1::integer[]) AS own (package_set) CROSS JOIN LATERAL (
    SELECT image FROM fleet_image_set WHERE fleet_image_set.package_set = own.package_set AND image > $2
    ORDER BY image LIMIT $3
  ) AS first`

/** Which of the packages each image has. */
export async function packagesOfImages(
  connection: Connection,
  images: readonly number[],
  packages: readonly number[],
): Promise<ReadonlyMap<number, readonly number[]>> {
  const rows = await connection.arrays<[number, number]>(
    `SELECT DISTINCT image, package FROM fleet_image_set JOIN fleet_set_package USING (package_set)
     WHERE image = ANY ($1::integer[]) AND package = ANY ($2::integer[]) ORDER BY image, package`,
    [images, packages],
  )
  return byImage(rows)
}

function byImage(rows: readonly (readonly [image: number, number: number])[]): ReadonlyMap<number, readonly number[]> {
  const images = Map.groupBy(rows, ([image]) => image)
  return new Map([...images].map(([image, own]) => [image, own.map(([, number]) => number)]))
}
