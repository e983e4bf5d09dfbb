import type { AdvisoryKey } from '../../core/advisory.ts'
import type { FleetPackage, NumberedPackage } from '../../core/fleet.ts'
import { decodePackage, keyHash, type PackageRow } from '../fleet-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { textId } from './fleet-texts.ts'

type NumberedRow = PackageRow & { readonly id: number }

const numberedSql = `SELECT fleet_package.id, text.body AS release, facts
  FROM fleet_package JOIN fleet_text AS text ON text.id = release`

export async function packagesByKeys(
  database: Database,
  keys: readonly AdvisoryKey[],
  after: number,
  limit: number,
): Promise<readonly NumberedPackage[]> {
  return database.read((connection) => {
    const find = connection.prepareArrays(
      'SELECT package FROM fleet_package_key WHERE key = ? AND package > ? ORDER BY 1 LIMIT ?',
    )
    const numbers = new Set<number>()
    for (const key of new Set(keys.map(keyHash))) {
      for (const [number] of find.all(key, after, limit) as unknown as [number][]) numbers.add(number)
    }
    const first = [...numbers].sort((left, right) => left - right).slice(0, limit)
    return [...readPackages(connection, first)].map(numbered)
  })
}

export async function packagesOfOtherRules(
  database: Database,
  rules: string | undefined,
  after: number,
  limit: number,
): Promise<readonly NumberedPackage[]> {
  return database.read((connection) => {
    // Of no package it is known that it was judged by what is not there.
    const own = rules === undefined ? -1 : (textId(connection, rules) ?? -1)
    const sql = `${numberedSql} WHERE fleet_package.id > ? AND rules IS NOT ? ORDER BY fleet_package.id LIMIT ?`
    return (connection.prepare(sql).all(after, own, limit) as unknown as NumberedRow[]).map(numberedRow)
  })
}

export async function unjudgedPackages(
  database: Database,
  after: number,
  limit: number,
): Promise<readonly NumberedPackage[]> {
  return database.read((connection) => {
    const sql = `${numberedSql} WHERE fleet_package.id > ? AND rules IS NULL ORDER BY fleet_package.id LIMIT ?`
    return (connection.prepare(sql).all(after, limit) as unknown as NumberedRow[]).map(numberedRow)
  })
}

/** The packages of these numbers that are there, in this order. */
export function readPackages(connection: Connection, numbers: Iterable<number>): ReadonlyMap<number, FleetPackage> {
  const find = connection.prepare(`${numberedSql} WHERE fleet_package.id = ?`)
  const found = new Map<number, FleetPackage>()
  for (const number of numbers) {
    const row = find.get(number) as PackageRow | undefined
    if (row !== undefined) found.set(number, decodePackage(row))
  }
  return found
}

function numberedRow(row: NumberedRow): NumberedPackage {
  return numbered([row.id, decodePackage(row)])
}

function numbered([number, pkg]: readonly [number, FleetPackage]): NumberedPackage {
  return { number, package: pkg }
}
