import type { Digest } from '../../core/digest.ts'
import type { FindingEvent, FleetCause, FleetOperation, FleetStore, Page, PageRequest } from '../../core/fleet.ts'
import { type OperationRow, operationColumns, operationOf } from '../fleet-operation.ts'
import { eventAfter, eventCursor, numberAfter } from '../fleet-page.ts'
import { type FindingRow, findingDecoder } from '../fleet-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { imagesOfPackages, packagesOfImages } from './fleet-findings.ts'
import { imageId, nextOf, readImages } from './fleet-images.ts'
import { readPackages } from './fleet-packages.ts'

interface EventRow extends FindingRow {
  readonly finding: number
  readonly package: number
  readonly closed: number
  readonly at: string
  readonly operation: number
}

const textsSql = `JOIN fleet_text AS id ON id.id = vulnerability JOIN fleet_text AS body ON body.id = finding.body
  JOIN fleet_text AS about ON about.id = about`

const eventColumns = `finding.id AS finding, package, id.body AS vulnerability, body.body, about.body AS about`

const timelineSql = `WITH own AS (
    SELECT DISTINCT package FROM fleet_image_set JOIN fleet_set_package USING (package_set) WHERE image = ?1
  ), event AS (
    SELECT fleet_finding.id, 0 AS closed, opened_at AS at, opened_by AS operation FROM own JOIN fleet_finding USING (package)
    UNION ALL
    SELECT fleet_finding.id, 1, closed_at, closed_by FROM own JOIN fleet_finding USING (package) WHERE closed_by IS NOT NULL
  ), page AS (
    SELECT * FROM event WHERE (at, operation, id, closed) < (?2, ?3, ?4, ?5)
    ORDER BY at DESC, operation DESC, id DESC, closed DESC LIMIT ?6
  )
  SELECT closed, at, operation, ${eventColumns} FROM page JOIN fleet_finding AS finding ON finding.id = page.id ${textsSql}
  ORDER BY at DESC, operation DESC, finding.id DESC, closed DESC`

export async function readTimeline(
  database: Database,
  digest: Digest,
  request: PageRequest,
): Promise<Page<FindingEvent>> {
  const { at, operation, finding, closed } = eventAfter(request)
  return database.read((connection) => {
    const id = imageId(connection, digest) ?? 0
    const rows = connection
      .prepare(timelineSql)
      .all(id, at, operation, finding, closed, request.limit + 1) as unknown as EventRow[]
    const page = rows.slice(0, request.limit)
    return {
      items: eventsOf(connection, page),
      next: rows.length > request.limit ? eventCursor(page.at(-1)!) : undefined,
    }
  })
}

function eventsOf(connection: Connection, rows: readonly EventRow[]): readonly FindingEvent[] {
  const packages = readPackages(connection, new Set(rows.map((row) => row.package)))
  const findOperation = connection.prepare(`SELECT ${operationColumns} FROM fleet_operation WHERE id = ?`)
  const causes = new Map<number, FleetCause>()
  const decode = findingDecoder()
  return rows.map((row) => {
    const pkg = packages.get(row.package)!
    const cause =
      causes.get(row.operation) ?? operationOf(findOperation.get(row.operation) as unknown as OperationRow).cause
    causes.set(row.operation, cause)
    return {
      change: row.closed === 1 ? 'closed' : 'opened',
      at: row.at,
      operation: row.operation,
      cause,
      package: pkg,
      finding: decode(row, pkg),
    }
  })
}

export async function readOperations(
  database: Database,
  after: number,
  limit: number,
): Promise<readonly FleetOperation[]> {
  return database.read((connection) =>
    (
      connection
        .prepare(`SELECT ${operationColumns} FROM fleet_operation WHERE id > ? ORDER BY id LIMIT ?`)
        .all(after, limit) as unknown as OperationRow[]
    ).map(operationOf),
  )
}

const changedSql = `SELECT package FROM fleet_finding WHERE opened_by = ?1 AND opened_by > 1
  UNION SELECT package FROM fleet_finding WHERE closed_by = ?1 AND ?1 > 1`

const affectedSql = `SELECT 0 AS closed, opened_at AS at, opened_by AS operation, ${eventColumns}
  FROM fleet_finding AS finding ${textsSql}
  WHERE opened_by = ?1 AND opened_by > 1 AND package IN (SELECT value FROM json_each(?2))
  UNION ALL
  SELECT 1, closed_at, closed_by, ${eventColumns} FROM fleet_finding AS finding ${textsSql}
  WHERE closed_by = ?1 AND package IN (SELECT value FROM json_each(?2))
  ORDER BY finding, closed`

export async function readAffected(
  database: Database,
  operation: number,
  request: PageRequest,
): ReturnType<FleetStore['affected']> {
  const after = numberAfter(request)
  return database.read((connection) => {
    const changed = (connection.prepareArrays(changedSql).all(operation) as unknown as [number][]).flat()
    const ids = imagesOfPackages(connection, changed, after, request.limit + 1)
    const page = ids.slice(0, request.limit)
    const own = packagesOfImages(connection, page, changed)
    const needed = JSON.stringify([...new Set([...own.values()].flat())])
    const rows = connection.prepare(affectedSql).all(operation, needed) as unknown as EventRow[]
    const events = Map.groupBy(eventsOf(connection, rows), (_, place) => rows[place]!.package)
    const items = readImages(connection, page).map(({ digest }, place) => ({
      digest,
      events: own.get(page[place]!)!.flatMap((number) => events.get(number) ?? []),
    }))
    return { items, next: nextOf(ids, request.limit) }
  })
}
