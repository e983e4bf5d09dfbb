import type { Digest } from '../../core/digest.ts'
import type { JudgedPackage } from '../../core/fleet.ts'
import { decodeGaps, decodePackage, type PackageRow, textDecoder } from '../fleet-row.ts'
import type { Database } from './database.ts'
import { imageId } from './fleet-images.ts'

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
  const decode = textDecoder((id: number) => found.texts.get(id)!)
  return found.packages.map((row) => {
    const pkg = decodePackage(row)
    const findings = (byPackage.get(row.id) ?? []).map(([, vulnerability, body, about]) =>
      decode({ vulnerability, body, about }, pkg),
    )
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
