import type { Digest } from '../../core/digest.ts'
import type { AffectedImage, JudgedPackage, Page, PageRequest } from '../../core/fleet.ts'
import { type ImageOfSet, imagesOfEach, mergeImages, numberAfter } from '../fleet-page.ts'
import { decodeGaps, decodePackage, type FindingRow, findingDecoder, type PackageRow } from '../fleet-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { imageId, nextOf, readImages } from './fleet-images.ts'
import { readPackages } from './fleet-packages.ts'
import { textId } from './fleet-texts.ts'

export async function readFindings(database: Database, digest: Digest): Promise<readonly JudgedPackage[] | undefined> {
  return database.read((connection) => {
    const id = imageId(connection, digest)
    if (id === undefined) return undefined
    const findings = connection.prepare(findingsSql)
    const decode = findingDecoder()
    return (connection.prepare(packagesSql).all(id) as unknown as ImagePackageRow[]).map((row) => {
      const pkg = decodePackage(row)
      const open = (findings.all(row.id) as unknown as FindingRow[]).map((own) => decode(own, pkg))
      return { number: row.id, package: pkg, judged: row.rules !== null, findings: open, gaps: decodeGaps(row.gaps) }
    })
  })
}

type ImagePackageRow = PackageRow & {
  readonly id: number
  readonly rules: number | null
  readonly gaps: string | null
}

const packagesSql = `SELECT DISTINCT own.id, text.body AS release, facts, rules, gaps
  FROM fleet_image_set JOIN fleet_set_package USING (package_set) JOIN fleet_package AS own ON own.id = package
    JOIN fleet_text AS text ON text.id = release
  WHERE image = ? ORDER BY own.id`

const findingsSql = `SELECT id.body AS vulnerability, body.body, about.body AS about
  FROM fleet_finding AS finding JOIN fleet_text AS id ON id.id = vulnerability
    JOIN fleet_text AS body ON body.id = finding.body JOIN fleet_text AS about ON about.id = about
  WHERE package = ? AND closed_by IS NULL ORDER BY finding.id`

export async function readState(database: Database, digest: Digest): Promise<string | undefined> {
  return database.read((connection) => {
    const row = connection.prepareArrays(stateSql).get(digest) as (string | null)[] | undefined
    return row === undefined ? undefined : row.join(' ')
  })
}

const stateSql = `SELECT id || ' ' || indexed_at || ' ' || analyzers, (
    SELECT group_concat(fleet_set.id || ':' || changed) FROM fleet_image_set JOIN fleet_set ON fleet_set.id = package_set
    WHERE image = fleet_image.id
  ), (
    SELECT group_concat(id || ':' || generation || ':' || coalesce(checked_at, '') || coalesce(error_at, '')) FROM feed
  ) FROM fleet_image WHERE digest = ?`

export async function imagesWithVulnerability(
  database: Database,
  id: string,
  request: PageRequest & { readonly package?: string },
): Promise<Page<AffectedImage>> {
  const after = numberAfter(request)
  return database.read((connection) => {
    const rows = connection
      .prepareArrays(
        `SELECT DISTINCT package FROM fleet_finding_name JOIN fleet_package ON fleet_package.id = package
         WHERE fleet_finding_name.name = ? AND (? IS NULL OR fleet_package.name = ?)`,
      )
      .all(textId(connection, id) ?? -1, request.package ?? null, request.package ?? null)
    return affectedImages(connection, rows as unknown as [number][], after, request.limit)
  })
}

export async function imagesWithPackage(
  database: Database,
  name: string,
  request: PageRequest & { readonly version?: string },
): Promise<Page<AffectedImage>> {
  const after = numberAfter(request)
  return database.read((connection) => {
    const rows = connection
      .prepareArrays('SELECT id FROM fleet_package WHERE name = ? AND version = coalesce(?, version)')
      .all(name, request.version ?? null)
    return affectedImages(connection, rows as unknown as [number][], after, request.limit)
  })
}

/** The images that have one of these packages. */
function affectedImages(
  connection: Connection,
  rows: readonly (readonly [number])[],
  after: number,
  limit: number,
): Page<AffectedImage> {
  const packages = rows.map(([number]) => number)
  const ids = imagesOfPackages(connection, packages, after, limit + 1)
  const page = ids.slice(0, limit)
  const own = packagesOfImages(connection, page, packages)
  const known = readPackages(connection, new Set([...own.values()].flat()))
  const images = readImages(connection, page)
  const items = page.map((id, place) => ({
    ...images[place]!,
    packages: (own.get(id) ?? []).map((number) => known.get(number)!),
  }))
  return { items, next: nextOf(ids, limit) }
}

/** The first images after `after` that have one of these packages, in order. */
export function imagesOfPackages(
  connection: Connection,
  packages: readonly number[],
  after: number,
  count: number,
): readonly number[] {
  const findSets = connection.prepareArrays('SELECT package_set FROM fleet_set_package WHERE package = ?')
  const sets = [...new Set(packages.flatMap((number) => (findSets.all(number) as unknown as [number][]).flat()))]
  const find = connection.prepareArrays(
    'SELECT package_set, image FROM fleet_image_set WHERE package_set = ? AND image > ? ORDER BY image LIMIT ?',
  )
  for (let each = imagesOfEach(sets, count); ; each *= 4) {
    const rows = sets.flatMap((set) => find.all(set, after, each) as unknown as ImageOfSet[])
    const images = mergeImages(rows, each, count)
    if (images !== undefined) return images
  }
}

/** Which of the packages each image has. */
export function packagesOfImages(
  connection: Connection,
  images: readonly number[],
  packages: readonly number[],
): ReadonlyMap<number, readonly number[]> {
  const wanted = new Set(packages)
  const find = connection.prepareArrays(
    `SELECT DISTINCT package FROM fleet_image_set JOIN fleet_set_package USING (package_set)
     WHERE image = ? ORDER BY package`,
  )
  return new Map(
    images.map((image) => [
      image,
      (find.all(image) as unknown as [number][]).map(([number]) => number).filter((number) => wanted.has(number)),
    ]),
  )
}
