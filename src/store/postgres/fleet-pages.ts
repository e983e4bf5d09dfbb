import type { AffectedImage, Page, PageRequest } from '../../core/fleet.ts'
import { type ImageOfSet, imagesOfEach, mergeImages, numberAfter } from '../fleet-page.ts'
import { decodePackage, type PackageRow, textHash } from '../fleet-row.ts'
import type { Connection, Value } from './connection.ts'
import type { Database } from './database.ts'
import { type ImageRow, imageOf, imageSql, nextOf, readImages } from './fleet-images.ts'
import { numberedSql, readPackages } from './fleet-packages.ts'
import { sameName } from './schema.ts'

/** A query for the numbers of packages, each once. It is prepared under its name. */
interface PackageQuery {
  readonly name: string
  readonly sql: string
  readonly values: readonly Value[]
}

const withVulnerability = `SELECT DISTINCT package FROM fleet_finding_name
  WHERE name = (SELECT id FROM fleet_text WHERE hash = $1)`

export async function imagesWithVulnerability(
  database: Database,
  id: string,
  request: PageRequest & { readonly package?: string },
): Promise<Page<AffectedImage>> {
  const { package: name } = request
  const values = [textHash(id)]
  if (name === undefined)
    return affectedImages(database, { name: 'vulnerability', sql: withVulnerability, values }, request)
  const sql = `SELECT package FROM (${withVulnerability}) AS own JOIN fleet_package ON id = package WHERE ${sameName('name', '$2')}`
  return affectedImages(database, { name: 'vulnerability_package', sql, values: [...values, name] }, request)
}

export async function imagesWithPackage(
  database: Database,
  name: string,
  request: PageRequest & { readonly version?: string },
): Promise<Page<AffectedImage>> {
  const sql = `SELECT id AS package FROM fleet_package WHERE ${sameName('name', '$1')} AND version = coalesce($2, version)`
  return affectedImages(database, { name: 'package', sql, values: [name, request.version ?? null] }, request)
}

/** How many rows of the next images of all are looked at first, as many times as many as are wanted. */
const near = 8

/** An image with the numbers of its packages, a package, or that more has to be read to know the page. */
type PageRow =
  | (ImageRow & { readonly kind: 'image'; readonly packages: readonly number[] })
  | (PackageRow & { readonly kind: 'package'; readonly id: number })
  | { readonly kind: 'more' }

/** A page of the images that have one of these packages: most are known by one question. */
async function affectedImages(
  database: Database,
  query: PackageQuery,
  request: PageRequest,
): Promise<Page<AffectedImage>> {
  const after = numberAfter(request)
  const count = request.limit + 1
  const values = [...query.values, after, near * count, count]
  const name = `images_with_${query.name}`
  const rows = await database.single((connection) => connection.prepared<PageRow>(name, pageSql(query), values))
  if (rows.some(({ kind }) => kind === 'more')) return readFurther(database, query, request)
  const images = rows.filter((row) => row.kind === 'image').sort((left, right) => left.id - right.id)
  const packages = new Map(rows.filter((row) => row.kind === 'package').map((row) => [row.id, decodePackage(row)]))
  return {
    items: images.slice(0, request.limit).map((row) => ({
      ...imageOf(row),
      packages: row.packages.toSorted((left, right) => left - right).map((number) => packages.get(number)!),
    })),
    next: nextOf(
      images.map(({ id }) => id),
      request.limit,
    ),
  }
}

/**
 * `near`: those among the next images of all, which are enough where most images have one of the packages. `far`, where they are
 * not: the next images of each set of packages, as many of each as are needed about; of one of which there may be more, images
 * after the last are not known. Each thing is looked up by itself (`OFFSET 0`), and limits are not known to who plans: the plan
 * is made once, and has to be good however many packages, sets and images there are.
 */
function pageSql({ sql, values: { length } }: PackageQuery): string {
  const [after, most, count] = [1, 2, 3].map((place) => `(SELECT $${length + place}::integer)`)
  return `WITH wanted AS (${sql}),
  member AS MATERIALIZED (
    SELECT package_set, package FROM wanted CROSS JOIN LATERAL (
      SELECT package_set FROM fleet_set_package AS own WHERE own.package = wanted.package OFFSET 0) AS one
  ), near AS MATERIALIZED (
    SELECT DISTINCT image FROM (
      SELECT image, package_set FROM fleet_image_set WHERE image > ${after} ORDER BY image LIMIT ${most}
    ) AS next WHERE package_set IN (SELECT package_set FROM member) ORDER BY image LIMIT ${count}
  ), sets AS MATERIALIZED (
    SELECT DISTINCT package_set FROM member WHERE (SELECT count(*) FROM near) < ${count}
  ), size AS MATERIALIZED (
    SELECT least(${count}, 3 * ${count} / greatest(count(*), 1) + 3) AS each FROM sets
  ), far AS MATERIALIZED (
    SELECT package_set, image FROM sets CROSS JOIN LATERAL (
      SELECT image FROM fleet_image_set AS own WHERE own.package_set = sets.package_set AND image > ${after}
      ORDER BY image LIMIT (SELECT each FROM size)) AS first
  ), cut AS MATERIALIZED (
    SELECT min(image) AS last FROM (
      SELECT max(image) AS image FROM far GROUP BY package_set HAVING count(*) >= (SELECT each FROM size)) AS own
  ), page AS MATERIALIZED (
    SELECT image FROM near WHERE NOT EXISTS (SELECT FROM sets)
    UNION ALL (SELECT DISTINCT image FROM far WHERE image <= coalesce((SELECT last FROM cut), image)
      ORDER BY image LIMIT ${count})
  ), own AS MATERIALIZED (
    SELECT image, array_agg(DISTINCT package) AS packages FROM page CROSS JOIN LATERAL (
      SELECT package_set FROM fleet_image_set WHERE fleet_image_set.image = page.image OFFSET 0) AS one
      JOIN member USING (package_set) GROUP BY image
  )
  SELECT 'image' AS kind, known.*, packages, NULL AS release, NULL AS facts FROM own CROSS JOIN LATERAL (
    ${imageSql} WHERE own.id = image OFFSET 0) AS known
  UNION ALL
  SELECT 'package', one.id, NULL, NULL, NULL, NULL, NULL, one.release, facts
  FROM (SELECT DISTINCT unnest(packages) AS package FROM own) AS wanted CROSS JOIN LATERAL (
    ${numberedSql} WHERE own.id = package OFFSET 0) AS one
  UNION ALL
  SELECT 'more', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM cut
  WHERE last IS NOT NULL AND (SELECT count(*) FROM page) < ${count}`
}

/** The page, by as many questions as it takes. */
async function readFurther(
  database: Database,
  query: PackageQuery,
  request: PageRequest,
): Promise<Page<AffectedImage>> {
  const { limit } = request
  return database.read(async (connection) => {
    const packages = (await connection.arrays<[number]>(query.sql, query.values)).map(([number]) => number)
    const ids = await imagesOfPackages(connection, packages, numberAfter(request), limit + 1)
    const page = ids.slice(0, limit)
    const own = await packagesOfImages(connection, page, packages)
    const known = await readPackages(connection, new Set([...own.values()].flat()))
    const items = (await readImages(connection, page)).map(([id, image]) => ({
      ...image,
      packages: own.get(id)!.map((number) => known.get(number)!),
    }))
    return { items, next: nextOf(ids, limit) }
  })
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
