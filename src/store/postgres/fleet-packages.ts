import type { AdvisoryKey } from '../../core/advisory.ts'
import type { FleetPackage, NumberedPackage } from '../../core/fleet.ts'
import { decodePackage, keyHash, type PackageRow, textHash } from '../fleet-row.ts'
import type { Connection, Value } from './connection.ts'
import type { Database } from './database.ts'

type NumberedRow = PackageRow & { readonly id: number }

export const numberedSql = `SELECT own.id, text.body AS release, facts
  FROM fleet_package AS own JOIN fleet_text AS text ON text.id = release`

/** Of each key no more than `limit` are read. */
const byKeysSql = `${numberedSql} WHERE own.id IN (
    SELECT package FROM unnest($1::bigint[]) AS wanted (key) CROSS JOIN LATERAL (
      SELECT package FROM fleet_package_key WHERE fleet_package_key.key = wanted.key AND package > $2
      ORDER BY package LIMIT $3
    ) AS found ORDER BY package LIMIT $3 * cardinality($1::bigint[])
  ) ORDER BY own.id LIMIT $3`

export async function packagesByKeys(
  database: Database,
  keys: readonly AdvisoryKey[],
  after: number,
  limit: number,
): Promise<readonly NumberedPackage[]> {
  return list(database, byKeysSql, [[...new Set(keys.map(keyHash))], after, limit])
}

export async function packagesOfOtherRules(
  database: Database,
  rules: string | undefined,
  after: number,
  limit: number,
): Promise<readonly NumberedPackage[]> {
  const sql = `${numberedSql}
    WHERE own.id > $1 AND rules IS DISTINCT FROM coalesce((SELECT id FROM fleet_text WHERE hash = $3), -1)
    ORDER BY own.id LIMIT $2`
  return list(database, sql, [after, limit, rules === undefined ? '' : textHash(rules)])
}

export async function unjudgedPackages(
  database: Database,
  after: number,
  limit: number,
): Promise<readonly NumberedPackage[]> {
  return list(database, `${numberedSql} WHERE own.id > $1 AND rules IS NULL ORDER BY own.id LIMIT $2`, [after, limit])
}

async function list(database: Database, sql: string, values: readonly Value[]): Promise<readonly NumberedPackage[]> {
  const rows = await database.single((connection) => connection.rows<NumberedRow>(sql, values))
  return rows.map((row) => ({ number: row.id, package: decodePackage(row) }))
}

/** The packages of these numbers that are there. */
export async function readPackages(
  connection: Connection,
  numbers: Iterable<number>,
): Promise<ReadonlyMap<number, FleetPackage>> {
  const sql = `${numberedSql} WHERE own.id = ANY ($1::integer[]) ORDER BY own.id`
  const rows = await connection.rows<NumberedRow>(sql, [[...numbers]])
  return new Map(rows.map((row) => [row.id, decodePackage(row)]))
}
