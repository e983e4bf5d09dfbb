import type { Digest } from '../../core/digest.ts'
import type { FindingEvent, FleetOperation, FleetStore, Page, PageRequest } from '../../core/fleet.ts'
import { type OperationRow, operationColumns, operationOf } from '../fleet-operation.ts'
import { eventAfter, eventCursor, numberAfter } from '../fleet-page.ts'
import { type FindingRow, findingDecoder } from '../fleet-row.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { imageId, nextOf, readImages } from './fleet-images.ts'
import { readPackages } from './fleet-packages.ts'
import { imagesOfPackages, packagesOfImages } from './fleet-pages.ts'

interface EventRow extends FindingRow {
  readonly finding: number
  readonly package: number
  readonly closed: number
  readonly at: string
  readonly operation: number
}

const textsSql = `JOIN fleet_text AS id ON id.id = vulnerability JOIN fleet_text AS body ON body.id = finding.body
  JOIN fleet_text AS about ON about.id = about`

const eventColumns = 'finding.id AS finding, package, id.body AS vulnerability, body.body, about.body AS about'

const timelineSql = `WITH own AS (
    SELECT * FROM fleet_finding WHERE package IN (
      SELECT package FROM fleet_image_set JOIN fleet_set_package USING (package_set) WHERE image = $1)
  ), event AS (
    SELECT id AS finding, 0 AS closed, opened_at AS at, opened_by AS operation FROM own
    UNION ALL SELECT id, 1, closed_at, closed_by FROM own WHERE closed_by IS NOT NULL
  ), page AS (
    SELECT * FROM event WHERE (at, operation, finding, closed) < ($2, $3::integer, $4::bigint, $5::integer)
    ORDER BY at DESC, operation DESC, finding DESC, closed DESC LIMIT $6
  )
  SELECT closed, at, operation, ${eventColumns} FROM page JOIN fleet_finding AS finding ON finding.id = page.finding ${textsSql}
  ORDER BY at DESC, operation DESC, finding.id DESC, closed DESC`

export async function readTimeline(
  database: Database,
  digest: Digest,
  request: PageRequest,
): Promise<Page<FindingEvent>> {
  const { at, operation, finding, closed } = eventAfter(request)
  return database.read(async (connection) => {
    const id = await imageId(connection, digest)
    if (id === undefined) return { items: [], next: undefined }
    const rows = await connection.rows<EventRow>(timelineSql, [id, at, operation, finding, closed, request.limit + 1])
    const page = rows.slice(0, request.limit)
    const next = rows.length > request.limit ? eventCursor(page.at(-1)!) : undefined
    return { items: await eventsOf(connection, page), next }
  })
}

async function eventsOf(connection: Connection, rows: readonly EventRow[]): Promise<readonly FindingEvent[]> {
  const packages = await readPackages(connection, new Set(rows.map((row) => row.package)))
  const operations = await connection.rows<OperationRow>(
    `SELECT ${operationColumns} FROM fleet_operation WHERE id = ANY ($1::integer[])`,
    [[...new Set(rows.map(({ operation }) => operation))]],
  )
  const causes = new Map(operations.map((row) => [row.id, operationOf(row).cause]))
  const decode = findingDecoder()
  return rows.map((row) => {
    const pkg = packages.get(row.package)!
    return {
      change: row.closed === 1 ? 'closed' : 'opened',
      at: row.at,
      operation: row.operation,
      cause: causes.get(row.operation)!,
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
  const sql = `SELECT ${operationColumns} FROM fleet_operation WHERE id > $1 ORDER BY id LIMIT $2`
  return (await database.single((connection) => connection.rows<OperationRow>(sql, [after, limit]))).map(operationOf)
}

const changedSql = `SELECT package FROM fleet_finding WHERE opened_by = $1 AND opened_by > 1
  UNION SELECT package FROM fleet_finding WHERE closed_by = $1 AND closed_by > 1`

const affectedSql = `SELECT 0 AS closed, opened_at AS at, opened_by AS operation, ${eventColumns}
  FROM fleet_finding AS finding ${textsSql}
  WHERE opened_by = $1 AND opened_by > 1 AND package = ANY ($2::integer[])
  UNION ALL
  SELECT 1, closed_at, closed_by, ${eventColumns} FROM fleet_finding AS finding ${textsSql}
  WHERE closed_by = $1 AND package = ANY ($2::integer[])
  ORDER BY finding, closed`

export async function readAffected(
  database: Database,
  operation: number,
  request: PageRequest,
): ReturnType<FleetStore['affected']> {
  const after = numberAfter(request)
  return database.read(async (connection) => {
    const changed = (await connection.arrays<[number]>(changedSql, [operation])).flat()
    const ids = await imagesOfPackages(connection, changed, after, request.limit + 1)
    const page = ids.slice(0, request.limit)
    const own = await packagesOfImages(connection, page, changed)
    const rows = await connection.rows<EventRow>(affectedSql, [operation, [...new Set([...own.values()].flat())]])
    const events = Map.groupBy(await eventsOf(connection, rows), (_, place) => rows[place]!.package)
    const items = (await readImages(connection, page)).map(([id, { digest }]) => ({
      digest,
      events: (own.get(id) ?? []).flatMap((number) => events.get(number) ?? []),
    }))
    return { items, next: nextOf(ids, request.limit) }
  })
}
