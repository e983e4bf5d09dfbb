import type { Digest } from '../../core/digest.ts'
import type { AffectedImage, JudgedPackage, Page, PageRequest } from '../../core/fleet.ts'
import { type ImageOfSet, imagesOfEach, mergeImages, numberAfter } from '../fleet-page.ts'
import { decodeGaps, decodePackage, findingDecoder, type PackageRow, textHash } from '../fleet-row.ts'
import type { Connection } from './connection.ts'
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

export async function readState(database: Database, digest: Digest): Promise<string | undefined> {
  const row = await database.single((connection) => connection.row<{ readonly state: string }>(stateSql, [digest]))
  return row?.state
}

const stateSql = `SELECT concat_ws(' ', (
    SELECT string_agg(concat(own.id, ':', changed), ',' ORDER BY own.id)
    FROM fleet_image_set JOIN fleet_set AS own ON own.id = package_set WHERE image = fleet_image.id
  ), (
    SELECT md5(string_agg(concat_ws(':', id, generation, checked_at, error_at), ',' ORDER BY id)) FROM feed
  )) AS state FROM fleet_image WHERE digest = $1`

export async function imagesWithVulnerability(
  database: Database,
  id: string,
  request: PageRequest & { readonly package?: string },
): Promise<Page<AffectedImage>> {
  const after = numberAfter(request)
  const { limit, package: name } = request
  return database.read(async (connection) => {
    const rows = await (name === undefined
      ? connection.arrays<[number]>(ofVulnerabilitySql, [textHash(id)])
      : connection.arrays<[number]>(
          `SELECT package FROM (${ofVulnerabilitySql}) AS own JOIN fleet_package ON id = package
           WHERE ${sameName('name', '$2')}`,
          [textHash(id), name],
        ))
    return affectedImages(connection, rows, after, limit)
  })
}

const ofVulnerabilitySql = `SELECT DISTINCT package FROM fleet_finding_name
  WHERE name = (SELECT id FROM fleet_text WHERE hash = $1)`

export async function imagesWithPackage(
  database: Database,
  name: string,
  request: PageRequest & { readonly version?: string },
): Promise<Page<AffectedImage>> {
  const after = numberAfter(request)
  return database.read(async (connection) => {
    const rows = await connection.arrays<[number]>(
      `SELECT id FROM fleet_package WHERE ${sameName('name', '$1')} AND version = coalesce($2, version)`,
      [name, request.version ?? null],
    )
    return affectedImages(connection, rows, after, request.limit)
  })
}

/** The images that have one of these packages. */
async function affectedImages(
  connection: Connection,
  rows: readonly (readonly [number])[],
  after: number,
  limit: number,
): Promise<Page<AffectedImage>> {
  const packages = rows.map(([number]) => number)
  const ids = await imagesOfPackages(connection, packages, after, limit + 1)
  if (ids.length === 0) return { items: [], next: undefined }
  const page = ids.slice(0, limit)
  const own = await packagesOfImages(connection, page, packages)
  const known = await readPackages(connection, new Set([...own.values()].flat()))
  const images = await readImages(connection, page)
  const items = images.map(([id, image]) => ({
    ...image,
    packages: (own.get(id) ?? []).map((number) => known.get(number)!),
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
  const byImage = Map.groupBy(rows, ([image]) => image)
  return new Map([...byImage].map(([image, own]) => [image, own.map(([, number]) => number)]))
}
